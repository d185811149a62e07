"""Who leads, of hosts that keep newer or older settings, or a leader's state, or none."""

from tests.shared.alone import A, Alone, C
from tests.shared.hosts import FAILOVER_MS, HEAL_MS, Hosts, running

from ptt.base.numbers import ELECTION_STAGGER_MS
from ptt.cluster import host_messages
from ptt.cluster.ballot import KEEPS_STATE
from ptt.cluster.election_rules import PRE_CANDIDATE


def test_who_keeps_older_settings_does_not_lead_while_another_can():
    for numbers in ([1, 2, 3], [1, 2]):
        hosts = Hosts(numbers)
        hosts.start()
        for number in numbers:
            hosts[number].engine.keep_settings(1 if number == 1 else 2)
        hosts.until_one_leads(HEAL_MS)
        assert hosts.leader_marks() == [2]


def test_who_is_off_duty_keeps_nobody_from_leading():
    hosts = Hosts([1, 2])
    hosts.start()
    hosts[2].engine.keep_settings(2)
    hosts[1].engine.keep_settings(1)
    hosts[2].engine.resign(hosts.now_ms)
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [1]


def test_of_a_host_that_tells_no_version_nothing_is_known():
    """A former version of Pressel."""
    hosts = Hosts([1, 2, 3])
    hosts.start()
    hosts[2].engine.keep_settings(2)
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [1]


def keeping(hosts, *numbers):
    """These keep a leader's state and say so, the others do not."""
    for number in hosts.order:
        voters = hosts.by_id[number].engine.voters
        voters.learn(voters.own, 0, KEEPS_STATE if number[0] in numbers else 0)


def test_who_has_no_state_yet_does_not_lead_while_another_has_it():
    """Two standbys are started anew, one after the other, and then the leader ends: the second one
    has not heard the first, and has no copy of the state."""
    for is_killed in (True, False):
        hosts = running([1, 2, 3])
        keeping(hosts, 1, 3)
        if is_killed:
            hosts.kill(1)
        else:
            hosts[1].engine.resign(hosts.now_ms)
        hosts.until_one_leads(FAILOVER_MS)
        assert hosts.leader_marks() == [3]


def test_a_host_without_state_gets_no_vote_of_one_with_it():
    for keeps, settings, vote in (
        (0, 2, host_messages.VOTE_OLDER),
        (0, 0, host_messages.VOTE_OLDER),  # a former version, which tells none
        (0, 3, host_messages.VOTE_GRANTED),  # newer settings count first
        (KEEPS_STATE, 2, host_messages.VOTE_GRANTED),
        (KEEPS_STATE, 1, host_messages.VOTE_OLDER),
    ):
        alone = Alone()
        alone.keep_state()
        alone.engine.keep_settings(2)
        alone.say(C, host_messages.PRE_VOTE_REQUEST, 257, 0, keeps, 515, settings)
        alone.say(C, host_messages.VOTE_REQUEST, 515, 0, keeps, settings)
        if vote == host_messages.VOTE_GRANTED:
            alone.store()
        assert [each[2][-1] for each in alone.answers()] == [vote] * 2, (keeps, settings)


def test_who_has_no_state_leaves_those_who_may_have_it_time_to_stand():
    for keeps_state, wait_ms in ((True, 0), (False, ELECTION_STAGGER_MS)):
        alone = Alone()
        if keeps_state:
            alone.keep_state()
        alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
        alone.store()
        alone.say(A, host_messages.LEADER_RESIGNED, 257, 0, 0)
        assert alone.engine.next_timeout_ms() == alone.now_ms + wait_ms


def test_who_goes_off_duty_has_its_vote_kept_for_one_with_state():
    """Even where that one does not hear of it, and another asks first; but not for long."""
    hosts = running([1, 2, 3])
    keeping(hosts, 1, 3)
    hosts.run(500)
    assert hosts.leader_marks() == [1]
    hosts.cut = {(1, 3)}
    hosts[1].engine.resign(hosts.now_ms)
    hosts.run(60)
    hosts.heal()
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [3]


def test_who_goes_off_duty_has_its_vote_kept_for_nobody_who_is_gone():
    for is_gone_ms in (0, 1000):
        hosts = running([1, 2, 3])
        keeping(hosts, 1, 3)
        hosts.run(500)
        hosts.kill(3)
        hosts.run(is_gone_ms)
        hosts[1].engine.resign(hosts.now_ms)
        hosts.until_one_leads(HEAL_MS)
        assert hosts.leader_marks() == [2]


def test_newer_settings_go_before_state():
    hosts = running([1, 2, 3])
    keeping(hosts, 1, 3)
    hosts[2].engine.keep_settings(2)
    hosts[3].engine.keep_settings(1)
    hosts.kill(1)
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [2]


def test_who_has_state_and_is_off_duty_keeps_nobody_from_leading():
    hosts = running([1, 2, 3])
    keeping(hosts, 1, 3)
    hosts[3].engine.resign(hosts.now_ms)
    hosts.kill(1)
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [2]


def test_a_host_of_a_higher_class_without_state_makes_way():
    hosts = running([1, 2, 3], standings={1: 2, 2: 2, 3: 1})
    for number, state in ((1, KEEPS_STATE), (2, 0), (3, KEEPS_STATE)):
        voters = hosts[number].engine.voters
        voters.learn(voters.own, 1 if number == 3 else 2, state)
    hosts.kill(1)
    hosts.until_one_leads(HEAL_MS)
    assert hosts.leader_marks() == [3]


def test_a_rival_that_keeps_less_says_yes():
    for settings, keeps, vote in (
        (1, KEEPS_STATE, host_messages.VOTE_GRANTED),
        (1, 0, host_messages.VOTE_RIVAL),
        (2, 0, host_messages.VOTE_GRANTED),
    ):
        alone = Alone(node_class=1)
        alone.engine.keep_settings(1)
        alone.time_out()
        assert alone.engine.state == PRE_CANDIDATE
        alone.answers()
        alone.say(C, host_messages.PRE_VOTE_REQUEST, 0, 0, keeps, 515, settings)
        assert [each[2][-1] for each in alone.answers()] == [vote], (settings, keeps)
