"""The datagrams of `conversation` as Markdown: each in hexadecimal as it travels, then field by
field; their keys; and one checksum in steps.
"""

from __future__ import annotations

import binascii

from pressel.schema.messages import FieldRow, MessageTable, load_table
from ptt.base.numbers import ADPCM_FRAME_BYTES
from ptt.link import derive, hkdf
from ptt.link.hmac import Hmac, HmacKey
from ptt.proof import layout
from ptt.wire import codec, envelope, messages, voice

from . import conversation
from .conversation import Vector, vectors

_LINE_BYTES = 24
_SHOWN = 8  # bytes of what is long


def all_vectors(_: str) -> str:
    """Every datagram, one section each."""
    table = load_table()
    parts = []
    for number, vector in enumerate(vectors(), start=1):
        head = [f"### {number}. {vector.title}", "", vector.note, ""]
        lines = [*head, *_dump(vector.data), "", _envelope_line(vector.data), ""]
        parts.append("\n".join(lines + _field_rows(table, vector)))
    return "\n\n".join(parts)


def keys(_: str) -> str:
    """What the two members and the leader know, and what follows from it."""
    c = conversation
    rows = [
        ("device key of Ada", c.ADA_KEY),
        ("own nonce of Ada", c.OWN_NONCE),
        ("challenge for Ada", c.CHALLENGE),
        ("secret of Ada's session", c.ADA_SECRET),
        *_session_rows("Ada", c.ADA_SECRET, c.TERM, c.ADA_SESSION),
        *_session_rows("Ada", c.ADA_SECRET, c.NEXT_TERM, c.ADA_SESSION),
        ("secret after REKEYED", c.NEW_SECRET),
        *_session_rows("Ada", c.NEW_SECRET, c.NEXT_TERM, c.ADA_SESSION, "after REKEYED, "),
        ("device key of Ben", c.BEN_KEY),
        ("own nonce of Ben", c.BEN_OWN_NONCE),
        ("challenge for Ben", c.BEN_CHALLENGE),
        ("secret of Ben's session", c.BEN_SECRET),
        *_session_rows("Ben", c.BEN_SECRET, c.TERM, c.BEN_SESSION),
        *[
            (f"group key of group {group}, epoch {epoch}", key)
            for (group, epoch), key in c.GROUP_KEYS.items()
        ],
    ]
    lines = ["| what | bytes |", "|---|---|"]
    return "\n".join(lines + [f"| {what} | `{raw.hex(' ')}` |" for what, raw in rows])


def _session_rows(
    who: str, secret: bytes, term: int, session: int, when: str = ""
) -> list[tuple[str, bytes]]:
    place = term.to_bytes(4, "big") + session.to_bytes(4, "big")
    return [
        (f"{purpose} of {who}, {when}term {term}", _expanded(secret, purpose.encode() + place))
        for purpose in ("up", "down", "wrap")
    ]


def _expanded(secret: bytes, info: bytes) -> bytes:
    return hkdf.expand(Hmac(), HmacKey(secret), b"pressel 2 " + info, derive.KEY_BYTES)


def crc(_: str) -> str:
    """The checksum of one short datagram, in steps."""
    data = next(each.data for each in vectors() if each.title.startswith("FLOOR_REQUEST"))
    payload = data[envelope.HEADER_BYTES : envelope.payload_end(data)]
    first = binascii.crc32(payload)
    rows = [
        "| step | bytes | CRC-32 |",
        "|---|---|---|",
        f"| payload | `{payload.hex(' ')}` | `{first:08x}` |",
        f"| then bytes 0 to 19 | `{data[:20].hex(' ')}` | "
        f"`{binascii.crc32(data[:20], first):08x}` |",
    ]
    return "\n".join(rows)


def _dump(data: bytes) -> list[str]:
    """The envelope on a line of its own, then the payload and the tag."""
    lines = [data[at : at + _LINE_BYTES].hex(" ") for at in range(0, len(data), _LINE_BYTES)]
    return ["```", *lines, "```"]


def _envelope_line(data: bytes) -> str:
    said = (
        f"session {envelope.session_id(data)}, source {envelope.source_node(data)}, "
        f"payload {envelope.payload_end(data) - envelope.HEADER_BYTES} bytes, "
        f"seq {envelope.seq(data)}, timestamp {envelope.timestamp_ms(data)}, "
        f"CRC `{data[20:24].hex()}`, "
    )
    if not envelope.is_sealed(data):
        return said + "in the clear"
    return said + f"flags `{data[2:4].hex(' ')}`, tag `{data[envelope.payload_end(data) :].hex()}`"


def _field_rows(table: MessageTable, vector: Vector) -> list[str]:
    data = vector.data
    kind = envelope.msg_type(data)
    message = next(each for each in table.message if each.number == kind)
    end = envelope.payload_end(data)
    values = codec.decode(kind, data, envelope.HEADER_BYTES, end)
    rows = ["| at | bytes | field | value |", "|---|---|---|---|"]
    at = 0
    for row, value in zip(message.fields, values, strict=True):
        size = _size(row, value)
        raw = data[envelope.HEADER_BYTES + at : envelope.HEADER_BYTES + at + size]
        if envelope.HEADER_BYTES + at == end and row.since:
            continue  # an appended field that was left out
        rows.append(f"| {at} | `{raw.hex(' ')}` | {row.name} | {_value(row, value, table)} |")
        at += size
    if kind == messages.VOICE_FRAME:
        return rows + _frame_rows(vector, at, _numbers(data))
    if kind == messages.MULTICAST_VOICE:
        frames = layout.as_voice(data)
        older = layout.older(data, frames)
        numbers = _numbers(frames) + (_numbers(older) if older else [])
        return rows + _frame_rows(vector, at, numbers)
    rest = data[envelope.HEADER_BYTES + at : end]
    if rest and kind == messages.UPDATE_CHUNK:
        rows.append(f"| {at} | `{rest[:_SHOWN].hex(' ')}` ... | *then* | {len(rest)} bytes of it |")
    elif rest:
        rows.append(f"| {at} | `{rest.hex(' ')}` | *then* | the tag of the manifest |")
    return rows


def _numbers(data: bytearray | bytes) -> list[int]:
    """Of the frames in a VOICE_FRAME."""
    return list(range(voice.first(data), voice.first(data) + voice.count(data)))


def _frame_rows(vector: Vector, at: int, numbers: list[int]) -> list[str]:
    """Each frame as it travels, and as its listener reads it."""
    rows = []
    for number in numbers:
        start = envelope.HEADER_BYTES + at
        sent = vector.data[start : start + _SHOWN].hex(" ")
        meant = vector.clear[start : start + _SHOWN].hex(" ")
        rows.append(f"| {at} | `{sent}` ... | *frame {number}* | decrypted: `{meant}` ... |")
        at += ADPCM_FRAME_BYTES
    return rows


def _size(row: FieldRow, value: int | bytes) -> int:
    if isinstance(value, bytes):
        return len(value) + (row.type == "text")
    return {"u8": 1, "u16": 2, "u32": 4}[row.type]


def _value(row: FieldRow, value: int | bytes, table: MessageTable) -> str:
    if isinstance(value, bytes):
        return f'"{value.decode()}"' if row.type == "text" else f"`{value.hex()}`"
    if row.enum:
        names = {each.number: name for name, each in table.enums[row.enum].items()}
        return f"{value} ({names[value]})"
    return str(value)
