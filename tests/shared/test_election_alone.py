"""One host of an election, message by message: votes, disk, terms, and what comes late."""

from tests.shared.alone import A, Alone, B, C
from tests.shared.hosts import host_id

from ptt.base.numbers import HOST_HEARTBEAT_MS, HOST_LOST_MS, INT_MAX
from ptt.cluster import election_rules, host_messages
from ptt.cluster.ballot import KEEPS_STATE, NOBODY, TERM_MAX, can_stand, next_term, outranks
from ptt.cluster.election import Election
from ptt.cluster.election_events import ATTEMPT, BECAME_LEADER
from ptt.cluster.election_rules import CANDIDATE, FOLLOWER, LEADER, PRE_CANDIDATE, RESIGNED


def leading(hosts=(A, B, C), classes=()):
    """It leads in term 258; those in `classes` keep its state, and are of that class."""
    alone = Alone(hosts=hosts)
    alone.time_out()
    for host in hosts:
        if host != B:
            alone.say(host, host_messages.PRE_VOTE, 0, 0, 0, 258, host_messages.VOTE_GRANTED)
    alone.store()
    for host in hosts:
        if host != B:
            alone.say(host, host_messages.VOTE, 258, 0, 0, host_messages.VOTE_GRANTED)
    assert alone.engine.state == LEADER
    for host, node_class in classes:
        said = (258, node_class, KEEPS_STATE, alone.now_ms)
        alone.say(host, host_messages.LEADER_HEARTBEAT_ACK, *said)
    alone.answers()
    return alone


def test_a_leader_that_is_no_voter_any_more_is_forgotten():
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 5)
    alone.engine.configure((B, C), alone.now_ms)
    assert alone.engine.leader == NOBODY
    alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, 6)
    assert alone.engine.counts.as_dict() == {"strangers": 1}


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


def test_a_late_word_of_a_former_resignation_ends_nothing():
    """Its host is back on duty, and leads in a later term."""
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT, 513, 0, 0, 5)
    alone.say(A, host_messages.LEADER_RESIGNED, 257, 0, 0)
    assert alone.engine.leader == A


def test_an_answer_that_was_long_on_its_way_says_nothing_of_now():
    """What counts is when the heartbeat left that it answers."""
    alone = leading()
    began_ms = alone.now_ms
    while alone.now_ms < began_ms + HOST_LOST_MS - HOST_HEARTBEAT_MS:
        alone.time_out()
    alone.now_ms = began_ms + HOST_LOST_MS - 1
    alone.say(A, host_messages.LEADER_HEARTBEAT_ACK, 258, 0, 0, began_ms)
    alone.now_ms += 1
    alone.engine.handle_timeout(alone.now_ms)
    assert alone.engine.state == FOLLOWER


def test_other_voters_end_a_count_and_keep_what_is_known_of_those_who_stay():
    alone = Alone()
    alone.say(A, host_messages.LEADER_HEARTBEAT_ACK, 0, 3, KEEPS_STATE, 5)
    alone.time_out()
    assert alone.engine.state == PRE_CANDIDATE
    alone.engine.configure((A, B, host_id(4)), alone.now_ms)
    assert alone.engine.state == FOLLOWER
    assert alone.engine.voters.standings[0] == (3, KEEPS_STATE, A)


def test_a_leader_that_was_found_ends_the_tries_to_find_one():
    """Else each search begins with a longer pause than the one before."""
    waits_ms = []
    alone = Alone()
    for sent_ms in (5, 6):
        alone.say(A, host_messages.LEADER_HEARTBEAT, 257, 0, 0, sent_ms)
        if sent_ms == 5:
            alone.store()
        alone.time_out()
        for host in (A, C):
            alone.say(host, host_messages.PRE_VOTE, 257, 0, 0, 514, host_messages.VOTE_RIVAL)
        assert alone.engine.state == FOLLOWER
        waits_ms.append(alone.engine.next_timeout_ms() - alone.now_ms)
    assert waits_ms[0] == waits_ms[1]


def test_of_two_that_keep_the_state_the_better_one_has_the_vote_of_who_resigns():
    d = host_id(4)
    alone = leading((A, B, C, d), ((A, 1), (C, 2)))
    alone.engine.resign(alone.now_ms)
    alone.answers()
    for host, answer in (
        (A, host_messages.VOTE_PROMISED),
        (d, host_messages.VOTE_PROMISED),
        (C, host_messages.VOTE_GRANTED),
    ):
        alone.say(host, host_messages.PRE_VOTE_REQUEST, 258, 0, 0, 600)
        assert alone.answers()[-1][2][-1] == answer, host
