"""A second encoder of protocol v2, for vectors: written from the message table, with `struct` and
`zlib`. It shares no code with shared/ptt, and it can also write what must never be sent.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Sequence
from dataclasses import dataclass

from pressel.schema.messages import FieldRow, MessageRow, MessageTable

Value = int | str | bytes  # raw fields are bytes; texts are str, or bytes where they are no text

HEADER_BYTES = 24
VERSION_AT, TYPE_AT, FLAGS_AT, SESSION_AT, LENGTH_AT, SEQ_AT, TIMESTAMP_AT = 0, 1, 2, 4, 10, 12, 16
CRC_AT = 20


@dataclass(frozen=True)
class Header:
    """What an envelope holds besides the message."""

    session: int = 0
    source: int = 0
    seq: int = 1
    timestamp_ms: int = 1000


def message(table: MessageTable, name: str) -> MessageRow:
    return next(row for row in table.message if row.name == name)


def field_bytes(field: FieldRow, value: Value) -> bytes:
    """One field on the wire; it does not check ranges."""
    if isinstance(value, int):
        return value.to_bytes({"u8": 1, "u16": 2, "u32": 4}[field.type], "big")
    data = value.encode() if isinstance(value, str) else value
    return bytes([len(data)]) + data if field.type == "text" else data


def payload(row: MessageRow, values: Sequence[Value]) -> bytes:
    return b"".join(
        field_bytes(field, value) for field, value in zip(row.fields, values, strict=True)
    )


def complete(row: MessageRow, values: Sequence[Value]) -> list[Value]:
    """`values`, and the defaults of the fields behind them."""
    return [*values, *(_default(field) for field in row.fields[len(values) :])]


def _default(field: FieldRow) -> Value:
    if field.default is None:
        raise ValueError(f"{field.name} has no default")
    if field.type.startswith("raw"):
        return bytes.fromhex(str(field.default))
    return field.default


def datagram(version: int, number: int, header: Header, body: bytes) -> bytes:
    """A whole datagram with the right length and CRC."""
    head = struct.pack(
        ">BBHIHHII",
        version,
        number,
        0,
        header.session,
        header.source,
        len(body),
        header.seq,
        header.timestamp_ms,
    )
    return with_crc(head + bytes(4) + body)


def with_crc(data: bytes, tag_bytes: int = 0) -> bytes:
    """The same with the CRC right again; the last `tag_bytes` are not covered."""
    end = len(data) - tag_bytes
    crc = zlib.crc32(data[0:CRC_AT], zlib.crc32(data[HEADER_BYTES:end]))
    return data[0:CRC_AT] + crc.to_bytes(4, "big") + data[HEADER_BYTES:]


def encode(
    table: MessageTable, name: str, header: Header, values: Sequence[Value], tail: bytes = b""
) -> bytes:
    """Message `name` of `table` as a datagram; `tail` follows the fields (voice frames)."""
    row = message(table, name)
    body = payload(row, complete(row, values)) + tail
    return datagram(table.version_byte, row.number, header, body)
