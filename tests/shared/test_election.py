"""Hosts elect one leader, and only one, through every fault."""

from tests.shared.hosts import FAILOVER_MS, HEAL_MS, Hosts, host_id, running

from ptt.base.numbers import (
    HOST_HEARTBEAT_MS,
    HOST_LOST_MS,
)
from ptt.cluster.election_events import ATTEMPT, BECAME_LEADER, LOST_LEADERSHIP
from ptt.cluster.election_rules import LEADER, RESIGNED


def count_told(host, kind):
    return len([event for event in host.told if event[0] == kind])


# --- a cluster forms ---


def test_a_host_alone_leads_at_once():
    hosts = Hosts([1])
    hosts.start()
    assert hosts.run(10, lambda: hosts.leader_marks() == [1]) <= 1
    hosts.run(5000)
    assert hosts[1].told == [(ATTEMPT, 257), (BECAME_LEADER, 257)]


def test_two_hosts_and_three_have_one_leader():
    for numbers in ([1, 2], [1, 2, 3], [1, 2, 3, 4, 5]):
        hosts = Hosts(numbers)
        hosts.start()
        hosts.until_one_leads(FAILOVER_MS)
        assert hosts.leader_marks() == [1]
        hosts.run(5000)
        assert len(hosts.leaders) == 1


def test_the_class_goes_before_the_number():
    hosts = running([1, 2, 3], standings={3: 2, 2: 1})
    assert hosts.leader_marks() == [3]
    hosts.kill(3)
    hosts.until_one_leads(FAILOVER_MS)
    assert hosts.leader_marks() == [2]


def test_a_leader_is_not_replaced_by_a_better_one_that_comes_later():
    hosts = Hosts([1, 2, 3])
    hosts.start(2, 3)
    hosts.until_one_leads(2000)
    hosts.start(1)
    hosts.until_one_leads(2000)
    assert hosts.leader_marks() == [2]


def test_two_of_three_configured_suffice_and_one_does_not():
    hosts = Hosts([1, 2, 3])
    hosts.start(2)
    hosts.run(5000)
    assert hosts.leader_marks() == []
    assert hosts[2].disk[0] == 0  # it asked, and no term went up
    hosts.start(3)
    hosts.until_one_leads(2000)


def test_one_of_two_suffices():
    hosts = Hosts([1, 2])
    hosts.start(2)
    hosts.until_one_leads(FAILOVER_MS)


# --- a leader goes ---


def test_a_killed_leader_is_replaced():
    for numbers in ([1, 2], [1, 2, 3], [1, 2, 3, 4, 5]):
        hosts = running(numbers)
        hosts.run(777)
        hosts.kill(1)
        assert hosts.until_one_leads(FAILOVER_MS) < FAILOVER_MS
        assert hosts.leader_marks() == [2]


def test_it_comes_back_and_follows():
    hosts = running([1, 2, 3])
    hosts.kill(1)
    hosts.until_one_leads(FAILOVER_MS)
    hosts.start(1)
    hosts.until_one_leads(1000)
    assert hosts.leader_marks() == [2]


def test_a_leader_that_restarts_at_once_leads_in_a_higher_term():
    for numbers in ([1], [1, 2], [1, 2, 3]):
        hosts = running(numbers)
        before = hosts[1].engine.term
        hosts.kill(1)
        hosts.start(1)
        hosts.until_one_leads(FAILOVER_MS)
        assert hosts[hosts.leader_marks()[0]].engine.term > before


def test_a_leader_that_stood_still_finds_another_and_follows():
    for numbers in ([1, 2], [1, 2, 3]):
        hosts = running(numbers)
        hosts.stop(1, 5000)
        hosts.run(FAILOVER_MS)
        hosts.until_one_leads(1, followers=numbers[1:])
        hosts.run(5000 - FAILOVER_MS)
        assert hosts.until_one_leads(1000) < 300
        assert hosts.leader_marks() == [2]
        assert hosts[1].told[-2][0] == LOST_LEADERSHIP


def test_a_follower_that_stood_still_disturbs_nobody():
    hosts = running([1, 2, 3])
    hosts.stop(3, 5000)
    hosts.run(8000)
    assert hosts.leader_marks() == [1]
    assert len(hosts.leaders) == 1


def test_resignation_hands_over_at_once():
    for numbers in ([1, 2], [1, 2, 3]):
        hosts = running(numbers)
        hosts[1].engine.resign(hosts.now_ms)
        assert hosts[1].engine.state == RESIGNED
        assert hosts.until_one_leads(1000) < HOST_LOST_MS
        assert hosts.leader_marks() == [2]
        hosts.run(3000)
        assert hosts[1].engine.leader == host_id(2)  # it follows, and votes
        hosts.kill(2)
        hosts.run(3000)
        assert hosts.leader_marks() == ([3] if 3 in numbers else [])  # never the one in maintenance
        hosts[1].engine.return_to_duty(hosts.now_ms)
        hosts.until_one_leads(2000)


# --- hosts come and go by the operator's word ---


def test_a_third_host_joins_two_and_one_of_them_goes():
    hosts = running([1, 2, 3])
    pair = (host_id(1), host_id(2))
    for number in (1, 2):
        hosts[number].engine.configure(pair, hosts.now_ms)
    hosts.kill(3)
    hosts.kill(2)
    hosts.run(2000)
    assert hosts.leader_marks() == [1]  # one of two is enough
    hosts.start(2, 3)
    for number in (1, 2, 3):
        hosts[number].engine.configure(hosts[1].hosts, hosts.now_ms)
    hosts.until_one_leads(2000)
    hosts.kill(2)
    hosts.kill(3)
    hosts.run(1000)
    assert hosts.leader_marks() == []  # one of three is not


# --- networks that are broken ---


def test_a_split_pair_serves_both_sides_and_the_higher_term_wins():
    hosts = running([1, 2])
    hosts.split([1], [2])
    hosts.run(3000)
    assert hosts.leader_marks() == [1, 2]
    hosts.heal()
    assert hosts.until_one_leads(HEAL_MS) <= HOST_HEARTBEAT_MS + 10
    assert hosts.leader_marks() == [2]
    assert count_told(hosts[1], LOST_LEADERSHIP) == 1


def test_two_leaders_that_were_started_apart_have_different_terms():
    for first, second in ((1, 2), (2, 1)):
        hosts = Hosts([1, 2])
        hosts.split([1], [2])
        hosts.start(first)
        hosts.run(1000)
        hosts.start(second)
        hosts.run(1000)
        assert hosts.leader_marks() == [1, 2]
        hosts.heal()
        hosts.until_one_leads(HEAL_MS)
        assert len(hosts.leaders) == 2


def test_without_a_majority_nobody_leads():
    hosts = running([1, 2, 3])
    hosts.split([1], [2, 3])
    term = hosts[1].engine.term
    hosts.run(HOST_LOST_MS + HOST_HEARTBEAT_MS)
    assert hosts[1].engine.state != LEADER
    hosts.run(3000)
    assert hosts.leader_marks() == [2]
    assert hosts[1].engine.term == term  # it asked, and no term went up
    hosts.heal()
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [2]


def test_an_old_leader_has_stopped_before_a_new_one_starts():
    """With three voters or more, where clocks run alike."""
    for delay_ms in (1, 20, 60):
        hosts = running([1, 2, 3])
        hosts.delay_ms = delay_ms
        hosts.run(1000)
        hosts.split([1], [2, 3])
        for _ in range(2000):
            hosts.run(1)
            assert len(hosts.leader_marks()) < 2


def test_a_host_that_is_not_heard_raises_no_term():
    """Either it does not hear, or it is not heard: both ways in which a link can be half broken."""
    for cut in ([(3, 1), (3, 2)], [(1, 3), (2, 3)], [(1, 3)]):
        hosts = running([1, 2, 3])
        hosts.cut = set(cut)
        hosts.run(5000)
        assert hosts.leader_marks() == [1]
        assert len(hosts.leaders) == 1
        assert hosts[3].engine.term == hosts[1].engine.term


def test_a_leader_that_is_not_heard_gives_way():
    for numbers, cut in (([1, 2], [(1, 2)]), ([1, 2, 3], [(1, 2), (1, 3)])):
        hosts = running(numbers)
        hosts.cut = set(cut)
        hosts.run(2000)
        assert hosts.leader_marks() == [2]


def test_lost_datagrams_delay_and_nothing_more():
    for numbers in ([1, 2], [1, 2, 3]):
        for seed in range(1, 9):
            hosts = Hosts(numbers, seed=seed)
            hosts.loss_percent = 25
            hosts.start()
            hosts.until_one_leads(5000)
            hosts.loss_percent = 0
            hosts.until_one_leads(HEAL_MS)


def test_slow_links_elect_too():
    for delay_ms in (20, 40, 70):
        for numbers in ([1, 2], [1, 2, 3], [1, 2, 3, 4, 5]):
            hosts = Hosts(numbers)
            hosts.delay_ms = delay_ms
            hosts.start()
            hosts.until_one_leads(4000)
            hosts.run(3000)
            assert len(hosts.leaders) <= 2
