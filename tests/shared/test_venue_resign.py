"""A leader that stops says so, and its members look for the next one at once."""

from tests.shared import oracle
from tests.shared.datagrams import datagram, drain
from tests.shared.venue import LEADER, Venue

from ptt.badge.floor import DENIED_NO_LEADER
from ptt.badge.join import JOINED, SEARCHING
from ptt.base import events
from ptt.base.numbers import RESIGN_REPEATS
from ptt.wire import envelope, messages

STRANGER = ("stranger", 0)
RESIGNED = messages.ROLE_RESIGNED


def resign(venue):
    venue.leader.resign(venue.now_ms)
    venue.collect_leader()
    venue.leader_alive = False


def joined(badges=3, **network):
    return Venue(badges, **network).run(1500)


def test_everybody_is_told_three_times():
    venue = joined()
    venue.leader.resign(venue.now_ms)
    sent = drain(venue.leader)
    for badge in venue.badges:
        own = [data for data, destination in sent if destination == badge.address]
        assert [data[1] for data in own] == [messages.ROLE_ANNOUNCE] * RESIGN_REPEATS
        assert len({bytes(data) for data in own}) == RESIGN_REPEATS  # each with a seq of its own


def test_members_search_at_once():
    venue = joined()
    resign(venue)
    venue.run(20)
    for badge in venue.badges:
        assert badge.engine.join.state == SEARCHING
        assert badge.all(events.LOST) == [0]


def test_two_of_the_three_may_be_lost():
    for kept in range(RESIGN_REPEATS):
        venue = joined()
        seen = {}

        def loses(data, source, destination, seen=seen, kept=kept):
            if data[1] != messages.ROLE_ANNOUNCE:
                return False
            seen[destination] = seen.get(destination, 0) + 1
            return seen[destination] != kept + 1

        venue.loses = loses
        resign(venue)
        venue.run(20)
        assert [badge.all(events.LOST) for badge in venue.badges] == [[0]] * 3


def test_members_join_the_next_leader():
    venue = joined()
    resign(venue)
    venue.run(100)
    venue.restart_leader(term=2)
    venue.run(1500)
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
        assert badge.engine.join.term == 2
        assert badge.all(events.LOST) == [0]
    venue.leader_events.clear()
    venue.press("A")
    venue.run(300)
    venue.release("A")
    venue.run(1000)
    assert venue.badge("A").last(events.RECEIPT) == (1, 2, 2, 2)
    oracle.check_floor(venue)
    oracle.check_settings(venue)


def test_a_talker_and_who_waits_are_told():
    venue = joined()
    venue.press("A")
    venue.run(200)
    venue.press("B")
    venue.run(200)
    resign(venue)
    venue.run(20)
    for name in "AB":
        assert venue.badge(name).last(events.DENIED) == DENIED_NO_LEADER
    oracle.check_one_talks(venue)


def test_a_forged_one_is_ignored():
    """Without the session, with another one, of another term, from elsewhere, of another node."""
    venue = joined(is_clear=True)
    engine = venue.badge("A").engine
    session, term = engine.join.session, engine.join.term
    for data, source, reason in (
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term), 0, 1), LEADER, "session"),
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term), session + 1, 1), LEADER, "session"),
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term + 1), session, 1), LEADER, "stale"),
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term - 1), session, 1), LEADER, "stale"),
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term), session, 1), STRANGER, "source"),
        (datagram(messages.ROLE_ANNOUNCE, (RESIGNED, term), session, 2), LEADER, "sender"),
    ):
        before = engine.refusals.as_dict().get(reason, 0)
        engine.receive_datagram(data, source, venue.now_ms)
        assert engine.refusals.as_dict()[reason] == before + 1
        assert engine.join.state == JOINED
        assert engine.next_event() is None
    assert drain(engine) == []


def test_other_roles_change_nothing():
    venue = joined(is_clear=True)
    engine = venue.badge("A").engine
    for role in (messages.ROLE_PARTICIPANT, messages.ROLE_LEADER, 77):
        values = (role, engine.join.term)
        data = datagram(messages.ROLE_ANNOUNCE, values, engine.join.session, 1)
        engine.receive_datagram(data, LEADER, venue.now_ms)
        assert engine.join.state == JOINED
    assert list(engine.refusals.as_dict()) == ["accepted"]


def test_a_member_cannot_resign_for_the_leader():
    venue = joined(is_clear=True)
    (member, _, _) = venue.leader.members.all()
    data = datagram(messages.ROLE_ANNOUNCE, (RESIGNED, 1), member.session, member.node)
    venue.leader.receive_datagram(data, member.address, venue.now_ms)
    assert venue.leader.refusals.as_dict()["sender"] == 1
    assert len(venue.leader.members) == 3


def test_who_searches_sends_nothing_but_hello():
    """A text, and the repetitions of a last packet, have nowhere to go without a session."""
    venue = joined()
    venue.press("A")
    venue.run(300)
    talker = venue.badge("A")
    venue.release("A")
    while not talker.all(events.SENT):
        venue.run(5)
    assert talker.engine.keyboard.send(b"hello", venue.now_ms)
    venue.leader.resign(venue.now_ms)
    for data, destination in drain(venue.leader):
        venue.badges[destination[1]].engine.receive_datagram(data, LEADER, venue.now_ms)
    venue.leader_alive = False
    drain(talker.engine)
    sent = []
    venue.loses = lambda data, source, destination: sent.append(data) or True
    venue.run(4000)
    assert {envelope.msg_type(data) for data in sent} == {messages.HELLO}
    assert talker.all(events.TEXT_SENT) == [0]


def test_any_loss():
    """However few of the words come: in the end all are with the new leader."""
    for seed in range(6):
        venue = Venue(5, seed, jitter_ms=20).run(1500)
        venue.loss_percent = 20
        resign(venue)
        venue.run(500)
        venue.restart_leader(term=2)
        venue.run(15000)
        for badge in venue.badges:
            assert badge.engine.join.term == 2, (seed, badge.name)
