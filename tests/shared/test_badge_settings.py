"""A badge takes settings whole or not at all, and says which."""

from tests.shared.venue import Venue

from ptt.base import events
from ptt.base.numbers import INT_MAX
from ptt.base.words import nth_word
from ptt.leader.settings_in_force import Settings
from ptt.wire import codec, envelope, messages, refusal

LEADER = ("leader", 1)
KNOWN = 10  # bytes of version, playout delay and talk limit


def joined():
    venue = Venue(badges=1, is_clear=True).run(1500)
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    engine = venue.badge("A").engine
    assert in_force(engine) == (2, 200)
    return venue, engine


def in_force(engine):
    return engine.settings.version, engine.playout.path.least_ms


def snapshot(version, delay_ms, talk_ms=60000):
    """Its payload, whatever the table forbids."""
    data = bytearray(KNOWN)
    envelope.put32(data, 0, version)
    envelope.put16(data, 4, delay_ms)
    envelope.put32(data, 6, talk_ms)
    return bytes(data)


def tell(venue, engine, payload):
    """The leader sends `payload`; why it is refused, and what the badge answers."""
    at = envelope.HEADER_BYTES
    data = bytearray(at) + payload + bytes(envelope.TAG_BYTES)
    end = at + len(payload)
    envelope.seal_header(
        data, end, messages.SETTINGS_SNAPSHOT, engine.join.session, envelope.LEADER_NODE, 900, 1
    )
    while engine.poll_transmit() is not None:
        pass
    before = engine.refusals.as_dict()
    engine.receive_datagram(bytes(data[0:end]), LEADER, venue.now_ms)
    after = engine.refusals.as_dict()
    answers = []
    while True:
        datagram = engine.poll_transmit()
        if datagram is None:
            break
        sent = datagram.data
        if envelope.msg_type(sent) == messages.SETTINGS_ACK:
            answers.append(
                tuple(codec.decode(messages.SETTINGS_ACK, sent, at, envelope.payload_end(sent)))
            )
    return [name for name in after if after[name] != before.get(name, 0)], answers


def test_a_value_that_it_cannot_do_is_answered_and_changes_nothing():
    for payload in (snapshot(3, 19), snapshot(3, 401), snapshot(3, 100, 999)):
        venue, engine = joined()
        told = engine.settings.told
        assert told == snapshot(2, 200)
        reasons, answers = tell(venue, engine, payload)
        assert reasons == [nth_word(refusal.WORDS, refusal.RANGE)]
        assert answers == [(3, messages.APPLIED_REFUSED)]
        assert in_force(engine) == (2, 200)
        assert engine.settings.told is told
        assert venue.badge("A").all(events.SETTINGS) == [1, 2]


def test_what_comes_after_a_refusal_is_applied():
    venue, engine = joined()
    tell(venue, engine, snapshot(3, 401))
    _, answers = tell(venue, engine, snapshot(4, 300))
    assert answers == [(4, messages.APPLIED_APPLIED)]
    assert in_force(engine) == (4, 300)


def test_a_version_that_cannot_be_is_not_answered():
    """The answer could not be written."""
    for version in (0, INT_MAX + 1, 0xFFFFFFFF):
        venue, engine = joined()
        _, answers = tell(venue, engine, snapshot(version, 100))
        assert answers == []
        assert in_force(engine) == (2, 200)


def test_a_part_of_them_is_none():
    whole = snapshot(3, 100)
    for size in range(KNOWN):
        venue, engine = joined()
        _, answers = tell(venue, engine, whole[0:size])
        assert answers == []
        assert in_force(engine) == (2, 200)
