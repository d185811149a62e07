"""Terms that a broken clock, a damaged file or a hostile peer could name: what is not plausible is
refused and told."""

from tests.shared.hosts import START_MS, Hosts, host_id
from tests.shared.test_venue_hosts import Cluster

from ptt.base import clock
from ptt.base.numbers import CLOCK_TERM_MAX, INT_MAX, TERM_JUMP_MAX
from ptt.cluster import election, election_events, floor_record, host_messages, journal, records
from ptt.cluster import host_wire as wire
from ptt.cluster.ballot import MARK_BITS, NOBODY, TERM_MAX, can_stand, is_plausible, next_term
from ptt.cluster.election import Election
from ptt.wire.envelope import put32

ROUND = 1 << MARK_BITS


def follower(term=0):
    hosts = (host_id(1), host_id(2), host_id(3))
    return Election(host_id(1), hosts, (term, NOBODY), START_MS)


def says(engine, kind, term, *values):
    data = wire.encode(kind, (term, 0, 0) + values)
    engine.receive_datagram(data, host_id(2), START_MS)


def doubts(engine):
    found = []
    event = engine.next_event()
    while event is not None:
        if event[0] == election_events.TERM_DOUBTED:
            found.append(event[1])
        event = engine.next_event()
    return found


def test_what_is_plausible():
    assert is_plausible(CLOCK_TERM_MAX, 0)  # any clock that is believed may have given it
    assert is_plausible(CLOCK_TERM_MAX + TERM_JUMP_MAX, 0)
    assert not is_plausible(CLOCK_TERM_MAX + TERM_JUMP_MAX + 1, 0)
    assert is_plausible(CLOCK_TERM_MAX + TERM_JUMP_MAX + 1, CLOCK_TERM_MAX + 1)
    assert is_plausible(TERM_MAX, TERM_MAX)
    assert not is_plausible(TERM_MAX + 1, TERM_MAX)
    assert can_stand(TERM_MAX - ROUND) and next_term(TERM_MAX - ROUND, host_id(255)) <= TERM_MAX
    assert not can_stand(TERM_MAX - ROUND + 1)


def test_no_message_of_a_peer_brings_an_implausible_term():
    messages = (
        (host_messages.LEADER_HEARTBEAT, 0),
        (host_messages.LEADER_HEARTBEAT_ACK, 0),
        (host_messages.PRE_VOTE_REQUEST, 1 << 20),
        (host_messages.PRE_VOTE, 1 << 20, 1),
        (host_messages.VOTE_REQUEST,),
        (host_messages.VOTE, 1),
        (host_messages.LEADER_RESIGNED,),
    )
    for term in (CLOCK_TERM_MAX + TERM_JUMP_MAX + 1, TERM_MAX + 1, INT_MAX - 10):
        for message in messages:
            engine = follower(5)
            says(engine, message[0], term, *message[1:])
            assert (engine.term, engine.vote, engine.leader) == (5, NOBODY, NOBODY), message
            assert engine.poll_transmit() is None
            assert doubts(engine) == [(host_id(2), term)]


def test_a_proposal_that_is_not_plausible_gets_no_answer():
    engine = follower(5)
    says(engine, host_messages.PRE_VOTE_REQUEST, 5, INT_MAX - 10)
    assert engine.poll_transmit() is None
    assert doubts(engine) == [(host_id(2), INT_MAX - 10)]


def test_a_host_whose_term_is_doubted_is_told_of_once():
    engine = follower(5)
    for _ in range(50):
        says(engine, host_messages.LEADER_HEARTBEAT, INT_MAX - 10, 0)
    assert doubts(engine) == [(host_id(2), INT_MAX - 10)]
    assert engine.counts[election.IMPLAUSIBLE] == 50


def test_a_term_that_a_clock_may_give_is_followed():
    engine = follower(5)
    says(engine, host_messages.LEADER_HEARTBEAT, CLOCK_TERM_MAX, 0)
    assert (engine.term, engine.leader) == (CLOCK_TERM_MAX, host_id(2))
    assert doubts(engine) == []


def test_a_journal_of_an_implausible_term_is_not_kept():
    """A replica that took it would refuse every journal of an honest leader from then on."""
    venue = Cluster(hosts=2)
    venue.run(3000)
    leading = venue.only()
    follower = venue.machines[3 - leading.number].engine
    peer, known = leading.own, follower.replica.term
    for term in (CLOCK_TERM_MAX + TERM_JUMP_MAX + 1, TERM_MAX + 1, INT_MAX):
        follower.receive_from_host(empty_journal(term), peer, venue.now_ms)
        assert follower.poll_host() is None
        assert follower.replica.term == known
    assert follower.election.counts[election.IMPLAUSIBLE] == 3
    doubted = []
    while (event := follower.next_election_event()) is not None:
        doubted.append(event)
    assert doubted[-1] == (election_events.TERM_DOUBTED, (peer, CLOCK_TERM_MAX + TERM_JUMP_MAX + 1))


def test_a_journal_is_kept_only_of_the_host_that_leads():
    """Another host's would push aside what the leader has told, and what it will tell."""
    venue = Cluster(hosts=3)
    venue.run(3000)
    leading = venue.only()
    others = [each for each in venue.machines.values() if each is not leading]
    follower, rival = others[0].engine, others[1].own
    state = follower.replica.state
    term = leading.engine.leader.term
    for source, named in ((rival, CLOCK_TERM_MAX), (rival, term), (leading.own, CLOCK_TERM_MAX)):
        follower.receive_from_host(empty_journal(named), source, venue.now_ms)
        assert follower.poll_host() is None
        assert follower.replica.state is state, (source, named)
    venue.press("A")
    venue.run(500)
    floor = floor_record.read_floor(1, follower.replica.state.body(records.FLOOR, 1) or b"")
    assert floor.holder == venue.badge("A").engine.join.node


def empty_journal(term):
    """A snapshot of nothing, as the leader of `term` sends it."""
    data = bytearray(journal.HEAD_BYTES)
    data[0] = journal.ENTRIES
    put32(data, 2, term)
    put32(data, 10, 1)
    put32(data, 14, 1)
    return bytes(data)


def test_a_badge_s_word_of_an_implausible_term_moves_nobody():
    """Nor does one above which nobody could stand: its hosts would have no leader."""
    for known, term in (
        (5, INT_MAX - 10),
        (5, CLOCK_TERM_MAX + TERM_JUMP_MAX + 1),
        (TERM_MAX - ROUND, TERM_MAX - 1),
    ):
        engine = follower(known)
        engine.hear_of(term, START_MS)
        assert engine.term == known
        engine.handle_timeout(clock.add(START_MS, 1000))


def test_a_host_in_the_last_term_does_not_stand_and_says_so():
    for count in (1, 2, 3):
        numbers = list(range(1, count + 1))
        hosts = Hosts(numbers)
        for number in numbers:
            hosts[number].disk = (TERM_MAX - 1, NOBODY)
        hosts.start()
        hosts.run(20000)
        for number in numbers:
            assert hosts[number].engine.term == TERM_MAX - 1
            told = [each for each in hosts[number].told if each[0] == election_events.TERMS_USED_UP]
            assert told == [(election_events.TERMS_USED_UP, TERM_MAX - 1)]
