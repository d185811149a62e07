"""Whole datagrams and a coded frame, byte for byte: what other implementations must read and write.

The vectors are made here by a second coder, out of the message table's TOML with struct and zlib.
`python tests/vectors/test_vectors.py` writes them anew after the table was changed on purpose.
"""

from __future__ import annotations

import json
import struct
import sys
import zlib
from array import array
from pathlib import Path
from typing import Any

import pytest

from pressel.schema.messages import FieldRow, MessageRow, load_table
from ptt.media.adpcm import Encoder
from ptt.wire import codec, envelope, messages, refusal, voice

FILE = Path(__file__).with_name("vectors.json")
HEADER = {"session": 0x01020304, "source": 0x0506, "seq": 0x0708090A, "timestamp_ms": 0x0B0C0D0E}
FRAMES = 2  # in the voice packet


def example(field: FieldRow, number: int) -> int | bytes:
    """A value in the middle of the field's range, another for each field."""
    if field.type == "text":
        return "Jörg €"[: field.largest].encode()
    if field.type.startswith("raw"):
        return bytes(range(number, number + field.largest))
    return min(
        field.largest, max(field.min, 0x11223344 >> {"u8": 24, "u16": 16}.get(field.type, 0))
    )


def examples(message: MessageRow) -> dict[str, int | bytes]:
    values = {field.name: example(field, n) for n, field in enumerate(message.fields)}
    if message.tail:  # voice: the fields must fit the frames behind them
        values |= {"codec": 1, "count": FRAMES, "frame_bytes": 164}
    return values


def payload(message: MessageRow, values: dict[str, Any]) -> bytes:
    written = b""
    for field in message.fields:
        value = values[field.name]
        if field.type == "text":
            written += bytes([len(value)]) + value
        elif field.type.startswith("raw"):
            written += value
        else:
            written += struct.pack({"u8": ">B", "u16": ">H", "u32": ">I"}[field.type], value)
    return written + (coded_frame() * FRAMES if message.tail else b"")


def datagram(message: MessageRow, values: dict[str, Any]) -> bytes:
    body = payload(message, values)
    head = struct.pack(
        ">BBHIHHII",
        *(0x20, message.number, 0, HEADER["session"], HEADER["source"], len(body)),
        *(HEADER["seq"], HEADER["timestamp_ms"]),
    )
    return head + struct.pack(">I", zlib.crc32(head, zlib.crc32(body))) + body


def samples() -> array[int]:
    """A rough wave that a few lines in any language can make."""
    return array("h", [(n * n * 7 + n * 331) % 9000 - 4500 for n in range(320)])


def coded_frame() -> bytes:
    """The second frame of a burst that says the same twice, so that its header is not empty."""
    encoder, frame = Encoder(), bytearray(164)
    encoder.encode(samples(), frame, 0)
    encoder.encode(samples(), frame, 0)
    return bytes(frame)


def make() -> dict[str, Any]:
    made: dict[str, Any] = {
        "header": HEADER,
        "datagrams": {},
        "adpcm_second_frame": coded_frame().hex(),
    }
    for message in load_table().message:
        values = examples(message)
        fields = {k: v.hex() if isinstance(v, bytes) else v for k, v in values.items()}
        made["datagrams"][message.name] = {"fields": fields, "hex": datagram(message, values).hex()}
    return made


VECTORS = json.loads(FILE.read_text("utf-8")) if FILE.exists() else {"datagrams": {}}


def test_the_file_is_what_the_second_coder_makes() -> None:
    assert make() == VECTORS


@pytest.mark.parametrize("name", VECTORS["datagrams"])
def test_our_coder_writes_the_vector(name: str) -> None:
    message = next(each for each in load_table().message if each.name == name)
    data = bytearray(1200)
    values = tuple(examples(message).values())
    end = codec.encode(data, envelope.HEADER_BYTES, message.number, values)
    if message.tail:
        data[end : end + FRAMES * 164] = coded_frame() * FRAMES
        end += FRAMES * 164
    envelope.seal_header(
        data, end, message.number, HEADER["session"], HEADER["source"], HEADER["seq"],
        HEADER["timestamp_ms"],
    )  # fmt: skip
    assert data[:end].hex() == VECTORS["datagrams"][name]["hex"]


@pytest.mark.parametrize("name", VECTORS["datagrams"])
def test_our_decoder_reads_the_vector(name: str) -> None:
    data = bytes.fromhex(VECTORS["datagrams"][name]["hex"])
    assert envelope.check(data) == refusal.ACCEPTED
    if envelope.msg_type(data) == messages.VOICE_FRAME:
        assert voice.check(data) == refusal.ACCEPTED
    values = codec.decode(envelope.msg_type(data), data, 24, envelope.payload_end(data))
    fields = VECTORS["datagrams"][name]["fields"]
    assert [v.hex() if isinstance(v, bytes) else v for v in values] == list(fields.values())


def test_every_message_has_a_vector() -> None:
    assert set(VECTORS["datagrams"]) == {message.name for message in load_table().message}


if __name__ == "__main__":
    FILE.write_text(json.dumps(make(), indent=1) + "\n", "utf-8")
    sys.stderr.write(f"wrote {FILE.name}\n")
