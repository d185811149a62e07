"""A venue under attack: everything on the air is seen, and anybody may put datagrams there."""

from __future__ import annotations

from typing import Any

from tests.shared.venue import LEADER, Badge, Venue

from ptt.base.numbers import DATAGRAM_BYTES_MAX
from ptt.link.hmac import Hmac, HmacKey
from ptt.wire import codec, envelope, messages

STRANGER = ("stranger", 66)
Seen = tuple[bytes, Any, Any]


class Attacked(Venue):
    """`seen`: every datagram that was sent, as (data, source, destination)."""

    leader: Any

    def __init__(self, badges: int = 3, **how: Any) -> None:
        self.seen: list[Seen] = []
        super().__init__(badges, **how)

    def send(self, data: bytes, source: Any, destination: Any) -> None:
        self.seen.append((data, source, destination))
        if source[0] != "badge" or source[1] < len(self.badges):
            super().send(data, source, destination)

    def to_leader(self, data: bytes, source: Any) -> str:
        """Why the leader refused it, or "accepted"."""
        return _given(self.leader, data, source, self.now_ms)

    def to_badge(self, name: str, data: bytes, source: Any = LEADER) -> str:
        return _given(self.badge(name).engine, data, source, self.now_ms)

    def talk(self, name: str, duration_ms: int = 600) -> None:
        self.press(name)
        self.run(duration_ms)
        self.release(name)
        self.run(1500)


def joined(badges: int = 3, **how: Any) -> Attacked:
    venue = Attacked(badges, **how)
    venue.run(1500)
    return venue


def _given(engine: Any, data: bytes, source: Any, now_ms: int) -> str:
    before = engine.refusals.as_dict()
    engine.receive_datagram(data, source, now_ms)
    after = engine.refusals.as_dict()
    (reason,) = [name for name, count in after.items() if count != before.get(name, 0)]
    return reason


def forged(
    key: HmacKey,
    kind: int,
    values: tuple[Any, ...],
    session: int,
    node: int,
    seq: int,
    mark: int = 0,
) -> bytes:
    """A datagram sealed with `key`, whatever it claims."""
    data = bytearray(1200)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    return sealed(key, bytes(data[:end]), kind, session, node, seq, mark)


def sealed(
    key: HmacKey, data: bytes, kind: int, session: int, node: int, seq: int, mark: int = 0
) -> bytes:
    """The same of a payload that lies behind 24 bytes."""
    whole = bytearray(data)
    end = len(whole)
    envelope.write_header(whole, end, kind, session, node, seq, 1)
    whole[2], whole[3] = mark, envelope.FLAG_SEALED
    whole += bytes(envelope.TAG_BYTES)
    envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
    whole[end:] = Hmac().digest(key, whole, end)[: envelope.TAG_BYTES]
    return bytes(whole)


def in_the_clear(
    kind: int,
    values: tuple[Any, ...],
    version: int = messages.VERSION,
    *,
    session: int = 0,
    node: int = 0,
    seq: int = 1,
) -> bytes:
    """A datagram from anybody, whatever it claims."""
    data = bytearray(DATAGRAM_BYTES_MAX)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    whole = bytearray(data[:end])
    envelope.write_header(whole, end, kind, session, node, seq, 1)
    whole[0] = version
    envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
    return bytes(whole)


def by(badge: Badge, kind: int, values: tuple[Any, ...], **claims: int) -> bytes:
    """What somebody who has taken a badge apart can send: with its keys, and other claims."""
    engine = badge.engine
    said = {"session": engine.join.session, "node": engine.join.node, "seq": engine.link.seq + 1000}
    return forged(engine.link.keys.up, kind, values, **{**said, **claims})
