"""Datagrams from strangers: counted, answered at most once a second and never with more."""

from tests.shared import oracle
from tests.shared.datagrams import datagram, drain
from tests.shared.venue import LEADER, Venue

from ptt.badge.floor import HAS_PERMISSION
from ptt.base.prng import Prng
from ptt.wire import envelope, messages, refusal

STRANGER = ("stranger", 0)
RANDOM = 300  # datagrams of each kind


def busy():
    """A venue in which A talks."""
    venue = Venue(is_clear=True).run(1500)
    venue.press("A")
    venue.run(200)
    return venue


def noise(prng, size):
    return bytes([prng.below(256) for _ in range(size)])


def hello(prng):
    values = (noise(prng, 8), prng.below(1000), messages.TABLE_HASH, 2, b"x", b"y")
    return datagram(messages.HELLO, values)


def all_kinds(prng):
    """What a stranger may send, most of it damaged."""
    yield b""
    for _ in range(RANDOM):
        yield noise(prng, prng.below(60))
    for size in (23, 24, 25, 1199, 1200, 1201, 1500, 4000):
        yield noise(prng, size)
        yield bytes([0x20]) + noise(prng, size - 1)
    for kind in range(40):
        empty = bytearray(24)
        envelope.seal_header(empty, 24, kind, 1 + prng.below(99), 1, 1, 1)
        yield bytes(empty)
    yield bytes([0x20, 3, 0, 0, 0x80]) + bytes(19)  # a session above 2^30 - 1
    whole = hello(prng)
    for size in range(len(whole)):
        yield whole[0:size]
    yield whole[0:-1] + b"z"
    for major in range(16):
        if major != 2:
            yield datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), major=major << 4)
    yield datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), session=12345)
    yield datagram(messages.FLOOR_RELEASE, (1, 1, 1), session=12345)
    yield datagram(messages.FLOOR_REVOKED, (1, 1, 1, 1), session=12345)
    yield datagram(messages.FLOOR_IDLE, (1, 1, 1), source=1)
    yield datagram(messages.NACK, (messages.NACK_UNKNOWN_SESSION, 32, 32, 3), source=1)
    yield datagram(messages.WELCOME, (1, 5, 77, 1, b"1234", 1, 1), source=1)
    yield datagram(messages.WELCOME, (1, 5, 77, 99, b"1234", 1, 1), source=1)


def snapshot(venue):
    """What a stranger must not change."""
    facts = []
    for badge in venue.badges:
        engine = badge.engine
        floor = vars_of(engine.floor, ("state", "lease", "seen_lease", "talker", "request"))
        facts.append((vars_of(engine.join, ("state", "node", "session", "term", "nonce")), floor))
        facts.append((engine.playout.state, engine.playout.current.lease, len(badge.events)))
    for floor in venue.leader.floors.values():
        facts.append((floor.state, floor.holder, floor.lease, len(floor.queue)))
    facts.append([member.node for member in venue.leader.members.all()])
    return facts


def vars_of(thing, names):
    return [getattr(thing, name) for name in names]


def test_a_stranger_changes_nothing_but_counters():
    venue = busy()
    before = snapshot(venue)
    prng = Prng(5)
    sent = 0
    for data in all_kinds(prng):
        sent += 1
        venue.leader.receive_datagram(data, STRANGER, venue.now_ms)
        for badge in venue.badges:
            badge.engine.receive_datagram(data, STRANGER, venue.now_ms)
            assert drain(badge.engine) == []
            assert badge.engine.next_event() is None
    assert snapshot(venue) == before
    counted = venue.leader.refusals.as_dict()
    refused = sum(count for name, count in counted.items() if name != "accepted")
    assert refused == sent
    assert len(drain(venue.leader)) <= 1
    for name in ("empty", "short", "long", "version", "length", "range", "crc", "type"):
        assert counted.get(name), "nothing was refused as " + name
    assert venue.badge("A").engine.floor.state == HAS_PERMISSION


def test_the_burst_goes_on_under_a_flood():
    venue = busy()
    prng = Prng(6)
    kinds = list(all_kinds(prng))
    for step in range(60):
        for offset in range(7):
            data = kinds[(step * 7 + offset) % len(kinds)]
            venue.leader.receive_datagram(data, STRANGER, venue.now_ms)
            venue.badge("B").engine.receive_datagram(data, STRANGER, venue.now_ms)
        venue.run(5)
    venue.release("A")
    venue.run(500)
    oracle.check_all(venue)
    oracle.check_all_heard(venue)
    oracle.check_at_rest(venue)


def answers(venue, sent):
    """What the leader answers to `sent`, all at this instant."""
    for data in sent:
        venue.leader.receive_datagram(data, STRANGER, venue.now_ms)
    return drain(venue.leader)


def test_one_answer_a_second_and_none_longer_than_what_came():
    venue = busy()
    unknown = datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), session=12345)
    other = datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), major=0x30)
    for _ in range(3):
        (answer,) = answers(venue, [unknown, other] * 20)
        assert answer[1] == STRANGER
        assert len(answer[0]) <= len(unknown)
        assert envelope.check_whole(answer[0]) == refusal.ACCEPTED
        assert envelope.msg_type(answer[0]) == messages.NACK
        venue.run(995)
        assert answers(venue, [unknown] * 20) == []
        venue.run(5)


def test_what_is_shorter_than_the_answer_gets_none():
    venue = busy()
    empty = bytearray(24)
    envelope.seal_header(empty, 24, messages.HEARTBEAT, 12345, 9, 1, 1)
    short = bytes([0x30] * 27)
    assert answers(venue, [bytes(empty), short]) == []
    assert len(answers(venue, [short + b"x"])) == 1


def test_a_stranger_is_answered_again_after_a_quiet_week():
    """2^29 ms after the last answer the clock's difference changes its sign."""
    venue = busy()
    unknown = datagram(messages.HEARTBEAT, (1, 1, 1, 1, 1, 1), session=12345)
    assert len(answers(venue, [unknown])) == 1
    week_later_ms = (venue.now_ms + 7 * 24 * 3600 * 1000) & 0x3FFFFFFF
    venue.leader.receive_datagram(unknown, STRANGER, week_later_ms)
    assert len(drain(venue.leader)) == 1


def test_a_members_session_from_another_address_is_refused():
    venue = busy()
    badge = venue.badge("A").engine
    stolen = datagram(
        messages.FLOOR_RELEASE, (1, 1, 1), session=badge.join.session, source=badge.join.node
    )
    before = snapshot(venue)
    assert answers(venue, [stolen]) == []
    assert snapshot(venue) == before
    assert venue.leader.refusals.as_dict()["source"] == 1


def test_a_participant_obeys_its_leader_only():
    """The right session from elsewhere, and the leader's own words with another session."""
    venue = busy()
    badge = venue.badge("B")
    before = snapshot(venue)
    idle = datagram(messages.FLOOR_IDLE, (1, 1, 2), session=badge.engine.join.session, source=1)
    foreign = datagram(messages.FLOOR_IDLE, (1, 1, 2), session=12345, source=1)
    badge.engine.receive_datagram(idle, STRANGER, venue.now_ms)
    badge.engine.receive_datagram(foreign, LEADER, venue.now_ms)
    assert snapshot(venue) == before
    counted = badge.engine.refusals.as_dict()
    assert (counted["source"], counted["session"]) == (1, 1)
