"""An older build ignores what a newer one appends to the messages that agree on keys."""

from __future__ import annotations

from typing import Any

from tests.hostile.stage import Attacked, joined, sealed

from ptt.badge.join import JOINED
from ptt.base.numbers import REKEY_MS, REKEY_SPREAD_MS
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.wire import envelope, messages

NEW = b"\x07\x08"


class Newer(Attacked):
    """Its leader appends two bytes to each message of `kind`."""

    kind = 0
    sent = 0

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        if data[1] == self.kind:
            data = self.longer(bytes(data))
            self.sent += 1
        super().send(data, source, destination)

    def longer(self, data: bytes) -> bytes:
        end = envelope.payload_end(data)
        if not envelope.is_sealed(data):
            whole = bytearray(data + NEW)
            envelope.put16(whole, 10, end + len(NEW) - envelope.HEADER_BYTES)
            envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
            return bytes(whole)
        session, seq = envelope.session_id(data), envelope.seq(data)
        member = self.leader.members.by_session(session)
        keys = derive.session_keys(Hmac(), self.secret_of(member), self.leader.term, session)
        return sealed(keys.down, data[:end] + NEW, data[1], session, 1, seq, data[2])

    def secret_of(self, member: Any) -> bytes:
        """REKEYED is still sealed with the keys before the new secret's."""
        if self.kind != messages.REKEYED:
            return member.secret
        (badge,) = self.badges
        return badge.engine.door.secret


def newer(kind: int) -> Newer:
    venue = Newer(1)
    venue.kind = kind
    venue.run(1500)
    return venue


def test_a_longer_challenge_is_answered() -> None:
    venue = newer(messages.CHALLENGE)
    assert venue.sent and venue.badge("A").engine.join.state == JOINED


def test_a_longer_group_key_is_taken() -> None:
    venue = newer(messages.GROUP_KEY)
    assert venue.sent
    assert venue.badge("A").engine.voice_keys.ring.own_cipher(1, venue.now_ms) is not None


def test_longer_new_keys_are_taken() -> None:
    venue = newer(messages.REKEYED)
    engine = venue.badge("A").engine
    before = engine.door.secret
    engine.door.due_ms = venue.now_ms  # as if fifty minutes had passed
    engine.door.keys_ms = venue.now_ms - REKEY_MS - REKEY_SPREAD_MS & 0x3FFFFFFF
    venue.run(1500)
    assert venue.sent and engine.door.secret != before
    assert engine.join.state == JOINED


def test_a_shorter_challenge_is_not() -> None:
    venue = joined(1)
    data = bytearray(44)
    envelope.seal_header(data, 43, messages.CHALLENGE, 0, 1, 0, 1)
    engine = venue.badge("A").engine
    engine.join.on_forgotten(venue.now_ms)
    assert venue.to_badge("A", bytes(data[:43])) == "field"
