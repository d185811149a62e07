"""One vector: a datagram, what it reads as, and what engines do with it in a given scene."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from pressel.schema.messages import MessageTable

from .encoder import Header, Value, complete, encode, message

# What the scenes of tests/shared/scenes.py are made of
NOW_TERM = 7
SESSION_2 = 0x0A0B0C0D
SESSION_3 = 0x01020304
DEVICE_2 = bytes(range(8))
NONCE = 0x11223344

FROM_2 = Header(session=SESSION_2, source=2)
FROM_3 = Header(session=SESSION_3, source=3)
FROM_LEADER = Header(session=SESSION_2, source=1)
STRANGER = Header()
LEADER_TO_STRANGER = Header(source=1)


@dataclass(frozen=True)
class Does:
    """What one engine does: the reason it counts, what it sends to whom, what it tells."""

    scene: str
    source: str  # whose address the datagram comes from
    counted: str
    sends: tuple[str, ...] = ()
    tells: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, object]:
        return {
            "in": self.scene,
            "from": self.source,
            "counted": self.counted,
            "sends": list(self.sends),
            "tells": list(self.tells),
        }


@dataclass(frozen=True)
class Situation:
    name: str
    says: str
    build: str
    data: bytes
    reads: dict[str, object]
    does: list[Does] = field(default_factory=list)

    def as_dict(self) -> dict[str, object]:
        return {
            "situation": self.says,
            "build": self.build,
            "hex": self.data.hex(),
            "reads": self.reads,
            "does": [does.as_dict() for does in self.does],
        }


def plain(value: Value) -> int | str:
    return "0x" + value.hex() if isinstance(value, bytes) else value


def reads(
    table: MessageTable, name: str, header: Header, values: Sequence[Value]
) -> dict[str, object]:
    """The reading of message `name` by somebody who knows as many of its fields as `table`."""
    fields = message(table, name).fields
    return {
        "message": name,
        "session": header.session,
        "source": header.source,
        "seq": header.seq,
        "timestamp_ms": header.timestamp_ms,
        "fields": [
            [f.name, plain(v)]
            for f, v in zip(fields, complete(message(table, name), values), strict=True)
        ],
    }


def refused(reason: str) -> dict[str, object]:
    return {"refused": reason}


def sent(
    table: MessageTable,
    file: str,
    says: str,
    name: str,
    header: Header,
    values: Sequence[Value],
    does: list[Does],
    tail: bytes = b"",
) -> Situation:
    """A situation whose datagram is as it should be."""
    values = complete(message(table, name), values)
    data = encode(table, name, header, values, tail)
    return Situation(file, says, table.version, data, reads(table, name, header, values), does)


def speech(frames: int, frame_bytes: int = 164) -> bytes:
    """Voice frames with some pattern: a possible state of the coder, then codes."""
    frame = bytes([0x01, 0x02, 0x10, 0x00])
    frame += bytes(n * 7 & 255 for n in range(frame_bytes - len(frame)))
    return frame * frames
