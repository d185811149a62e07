"""Hosts elect one leader, and only one, through every fault."""

from tests.shared.hosts import Hosts, host_id

from ptt.base.numbers import (
    ELECTION_MS,
    ELECTION_STAGGER_MS,
    HOST_HEARTBEAT_MS,
    HOST_LOST_MS,
    INT_MAX,
)
from ptt.cluster import election_rules, host_messages
from ptt.cluster import host_wire as wire
from ptt.cluster.ballot import KEEPS_STATE, NOBODY, TERM_MAX, can_stand, next_term, outranks
from ptt.cluster.election import Election
from ptt.cluster.election_events import ATTEMPT, BECAME_LEADER, LOST_LEADERSHIP
from ptt.cluster.election_rules import CANDIDATE, FOLLOWER, LEADER, PRE_CANDIDATE, RESIGNED

FAILOVER_MS = HOST_LOST_MS + HOST_HEARTBEAT_MS + 2 * ELECTION_MS  # 800: far within 1.5 s
HEAL_MS = 2000


def running(numbers, **options):
    hosts = Hosts(numbers, **options)
    hosts.start()
    hosts.until_one_leads(2000)
    return hosts


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


def test_a_leader_that_is_no_voter_any_more_is_forgotten():
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    alone.engine.configure((B, C), alone.now_ms)
    assert alone.engine.leader == NOBODY
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 6)
    assert alone.engine.counts.as_dict() == {"strangers": 1}


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


# --- one host, message by message ---

A = host_id(1)
B = host_id(2)
C = host_id(3)


class Alone:
    """Host B of A, B and C, spoken to by hand."""

    def __init__(self, record=(0, NOBODY), hosts=(A, B, C), node_class=0):
        self.now_ms = 1000
        self.engine = Election(B, hosts, record, self.now_ms, node_class)

    def keep_state(self):
        voters = self.engine.voters
        voters.learn(voters.own, 0, KEEPS_STATE)

    def say(self, source, kind, *values):
        self.engine.receive_datagram(wire.encode(kind, values), source, self.now_ms)

    def answers(self):
        said = []
        while True:
            outgoing = self.engine.poll_transmit()
            if outgoing is None:
                return said
            kind, fields = wire.decode(outgoing.data)
            said.append((outgoing.destination, kind, fields))

    def store(self):
        record = self.engine.poll_store()
        assert record is not None
        self.engine.on_stored(record, self.now_ms)
        return record

    def time_out(self):
        self.now_ms = self.engine.next_timeout_ms()
        self.engine.handle_timeout(self.now_ms)


def test_a_vote_is_stored_before_it_is_said():
    alone = Alone()
    alone.say(A, host_messages.VOTE_REQUEST, 257, 0, 0)
    assert alone.answers() == []
    assert alone.store() == (257, A)
    said = [(A, host_messages.VOTE, [257, 0, 0, host_messages.VOTE_GRANTED])]
    assert alone.answers() == said
    alone.say(A, host_messages.VOTE_REQUEST, 257, 0, 0)  # the answer was lost
    assert alone.answers() == said


def test_a_vote_that_was_overtaken_on_its_way_to_the_disk_is_not_said():
    alone = Alone()
    alone.say(A, host_messages.VOTE_REQUEST, 257, 0, 0)
    record = alone.engine.poll_store()
    assert record is not None
    alone.say(C, host_messages.LEADER_HEARTBEAT, 259 + 256, 0, 0, 5)
    alone.engine.on_stored(record, alone.now_ms)
    assert alone.answers() == []
    assert alone.store() == (515, NOBODY)
    assert alone.answers() == [(C, host_messages.LEADER_HEARTBEAT_ACK, [515, 0, 0, 5])]


def test_a_vote_is_remembered_across_a_restart():
    alone = Alone(record=(515, A))
    alone.say(C, host_messages.VOTE_REQUEST, 515, 0, 0)  # never sent by an honest host
    assert alone.answers() == [(C, host_messages.VOTE, [515, 0, 0, host_messages.VOTE_OLD_TERM])]


def test_a_candidate_waits_for_its_own_disk():
    alone = Alone()
    alone.time_out()
    assert alone.engine.state == PRE_CANDIDATE
    alone.answers()
    alone.say(A, host_messages.PRE_VOTE, 0, 0, 0, 258, host_messages.VOTE_GRANTED)
    assert alone.engine.state == CANDIDATE
    assert alone.answers() == []
    alone.store()
    assert [each[1] for each in alone.answers()] == [host_messages.VOTE_REQUEST] * 2
    alone.say(C, host_messages.VOTE, 258, 0, 0, host_messages.VOTE_GRANTED)
    assert alone.engine.state == LEADER
    assert alone.engine.next_event() == (ATTEMPT, 258)
    assert alone.engine.next_event() == (BECAME_LEADER, 258)


def test_no_vote_while_a_leader_is_heard():
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    alone.store()
    alone.answers()
    alone.say(C, host_messages.PRE_VOTE_REQUEST, 257, 0, 0, 515)
    alone.say(C, host_messages.VOTE_REQUEST, 515, 0, 0)
    assert [each[2][-1] for each in alone.answers()] == [host_messages.VOTE_LEADER_LIVES] * 2
    assert alone.engine.term == 257


def test_a_stale_leader_is_told():
    alone = Alone(record=(515, C))
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    assert alone.answers() == [(A, host_messages.LEADER_HEARTBEAT_ACK, [515, 0, 0, 5])]
    assert alone.engine.leader == NOBODY


def test_whoever_votes_in_a_higher_term_follows_no_older_leader():
    """Found by the explorer: a leader that restarts asks those who still follow it."""
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    alone.say(A, host_messages.VOTE_REQUEST, 513, 0, 0)
    assert (alone.engine.term, alone.engine.vote) == (513, A)
    assert alone.engine.leader == NOBODY


def test_a_heartbeat_that_was_overtaken_by_the_resignation_counts_no_more():
    alone = Alone()
    alone.keep_state()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    alone.store()
    alone.say(A, host_messages.LEADER_RESIGNED, 257, 0, 0)
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 4)
    assert alone.engine.leader == NOBODY
    assert alone.engine.next_timeout_ms() == alone.now_ms


def test_strangers_and_rubbish_cost_a_counter():
    alone = Alone()
    alone.say(host_id(9), host_messages.VOTE_REQUEST, 257, 0, 0)
    alone.say(B, host_messages.VOTE_REQUEST, 257, 0, 0)  # from ourselves
    for rubbish in (b"", b"\x00", b"\x44", b"\x44\xff\xff\xff\xff\x00\x00", bytes(1200)):
        alone.engine.receive_datagram(rubbish, A, alone.now_ms)
    assert alone.engine.counts.as_dict() == {"strangers": 2, "malformed": 5}
    assert alone.answers() == []
    assert alone.engine.poll_store() is None


def test_voters_are_few_and_different():
    for hosts in ((A, C), (A, B, B), tuple([host_id(n) for n in range(1, 9)])):
        refused = False
        try:
            Election(B, hosts, (0, NOBODY), 0)
        except ValueError:
            refused = True
        assert refused, hosts


# --- terms and ranks ---


def test_terms_of_different_hosts_differ():
    term = 0
    for _ in range(100):
        a = next_term(term, A)
        b = next_term(term, B)
        assert term < a != b > term
        term = a if a & 1024 else b


def test_there_is_a_last_term():
    assert next_term(TERM_MAX, host_id(255)) == INT_MAX
    assert can_stand(INT_MAX - 512) and not can_stand(TERM_MAX)


def test_ranks():
    ranked = [(2, 0, C), (1, 3, C), (1, 2, A), (0, 9, A), (0, 9, B), (0, 0, A)]
    for n in range(len(ranked)):
        for m in range(len(ranked)):
            assert outranks(ranked[n], ranked[m]) == (n < m)


def test_every_state_has_its_rules():
    assert [row[0] for row in election_rules.RULES] == sorted(
        [row[0] for row in election_rules.RULES]
    )
    for state in range(len(election_rules.STATES)):
        triggers = [row[1] for row in election_rules.RULES if row[0] == state]
        assert election_rules.LEADER_HEARD in triggers
        assert (election_rules.RESIGN in triggers) == (state != RESIGNED)
        if state not in (FOLLOWER, RESIGNED):
            assert election_rules.HIGHER_TERM in triggers and election_rules.OVERSLEPT in triggers


# --- who keeps older settings ---


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


# --- who keeps a leader's state ---


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
