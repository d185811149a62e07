"""The order in which a datagram is checked: nothing that fails before its session is checked gets
an answer."""

from __future__ import annotations

import pytest
from tests.hostile.stage import STRANGER, Attacked, by, forged, in_the_clear, joined
from tests.shared.venue import LEADER

from ptt.base.numbers import CONTROL_BURST
from ptt.link import derive
from ptt.link.hmac import Hmac, HmacKey
from ptt.wire import envelope, messages

NOBODY_KEY = HmacKey(bytes(range(32)))
NOBODY_SESSION = 12345
NEVER_SEALED = (messages.HELLO, messages.CHALLENGE, messages.ANSWER, messages.NACK)
UNKNOWN_TYPE = 99
BEAT = (1, 1, 1, 0, 0, 0)


def answers(venue: Attacked) -> list[bytes]:
    """What the leader has to say, sealed as it goes out."""
    found = []
    while (outgoing := venue.leader.poll_transmit()) is not None:
        found.append(bytes(outgoing.data))
    return found


def of_nobody(kind: int) -> bytes:
    """Sealed, under a session that the leader does not know; the payload is a heartbeat's."""
    data = bytearray(forged(NOBODY_KEY, messages.HEARTBEAT, BEAT, NOBODY_SESSION, 9, 1))
    return retyped(data, kind, NOBODY_KEY)


def retyped(data: bytearray, kind: int, key: HmacKey) -> bytes:
    """The same datagram with another type, checksum and tag made anew."""
    data[1] = kind
    end = envelope.payload_end(data)
    envelope.put_crc(data, envelope.header_crc(data, envelope.payload_crc(data)))
    data[end:] = Hmac().digest(key, data, end)[: envelope.TAG_BYTES]
    return bytes(data)


def test_a_heartbeat_of_an_unknown_session_is_answered() -> None:
    venue = joined()
    answers(venue)
    assert venue.to_leader(of_nobody(messages.HEARTBEAT), STRANGER) == "session"
    assert [data[1] for data in answers(venue)] == [messages.NACK]


@pytest.mark.parametrize("kind", [*NEVER_SEALED, UNKNOWN_TYPE, messages.WELCOME])
def test_what_fails_before_the_session_is_not_answered(kind: int) -> None:
    venue = joined()
    answers(venue)
    why = "sealed" if kind in NEVER_SEALED else "type" if kind == UNKNOWN_TYPE else "sender"
    assert venue.to_leader(of_nobody(kind), STRANGER) == why
    assert answers(venue) == []


@pytest.mark.parametrize("kind", [*NEVER_SEALED, UNKNOWN_TYPE, messages.WELCOME])
def test_nor_is_it_of_a_member(kind: int) -> None:
    venue = joined()
    answers(venue)
    badge = venue.badge("A")
    data = retyped(bytearray(by(badge, messages.HEARTBEAT, BEAT)), kind, badge.engine.link.keys.up)
    why = "sealed" if kind in NEVER_SEALED else "type" if kind == UNKNOWN_TYPE else "sender"
    assert venue.to_leader(data, badge.address) == why
    assert answers(venue) == []


@pytest.mark.parametrize("kind", [messages.CHALLENGE, messages.NACK])
def test_in_the_clear_only_what_a_participant_may_say(kind: int) -> None:
    venue = joined()
    values = {messages.CHALLENGE: (1, bytes(16)), messages.NACK: (1, 32, 37, 3)}[kind]
    assert venue.to_leader(in_the_clear(kind, values), STRANGER) == "sender"


@pytest.mark.parametrize("kind", NEVER_SEALED)
def test_a_badge_takes_no_sealed_word_that_is_never_sealed(kind: int) -> None:
    venue = joined()
    badge = venue.badge("A")
    engine = badge.engine
    secret = venue.leader.members.by_session(engine.join.session).secret
    keys = derive.session_keys(Hmac(), secret, engine.join.term, engine.join.session)
    values = (messages.NACK_UNKNOWN_SESSION, 32, 37, 3)
    data = forged(keys.down, messages.NACK, values, engine.join.session, 1, 4000)
    session = engine.join.session
    assert venue.to_badge("A", retyped(bytearray(data), kind, keys.down), LEADER) == "sealed"
    assert engine.join.session == session


def fails_twice(name: str, venue: Attacked) -> tuple[bytes, object]:
    """A datagram that fails two checks, and where it comes from."""
    badge = venue.badge("A")
    engine = badge.engine
    own = badge.address
    new = engine.link.seq + 2000
    foreign = (1, 77, 1, 0, 0, 0)  # of a group that is not its own
    if name == "type, session":
        return of_nobody(UNKNOWN_TYPE), STRANGER
    if name == "session, source":
        return of_nobody(messages.HEARTBEAT), STRANGER
    if name == "source, replay":
        return by(badge, messages.HEARTBEAT, BEAT, seq=engine.link.seq), STRANGER
    if name == "replay, tag":
        session, node = engine.join.session, engine.join.node
        old = forged(NOBODY_KEY, messages.HEARTBEAT, BEAT, session, node, engine.link.seq)
        return old, own
    if name == "tag, sender":
        session = engine.join.session
        return forged(NOBODY_KEY, messages.HEARTBEAT, BEAT, session, 99, new), own
    if name == "sender, field":
        return by(badge, messages.HEARTBEAT, foreign, node=99, seq=new), own
    assert name == "limit, sender"
    for number in range(CONTROL_BURST + 1):
        venue.leader.receive_datagram(
            by(badge, messages.HEARTBEAT, BEAT, seq=new + number), own, venue.now_ms
        )
    return by(badge, messages.HEARTBEAT, BEAT, node=99, seq=new + 200), own


@pytest.mark.parametrize(
    "name",
    [
        "type, session",
        "session, source",
        "source, replay",
        "replay, tag",
        "tag, sender",
        "limit, sender",
        "sender, field",
    ],
)
def test_the_first_check_that_fails_says_why(name: str) -> None:
    """In the order of section 3 of the protocol."""
    venue = joined()
    data, source = fails_twice(name, venue)
    assert venue.to_leader(data, source) == name.split(", ")[0]
