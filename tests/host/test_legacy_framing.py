"""Packets of the old app's protocol in a stream, in any pieces, with whatever lengths."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from pressel.legacy import limits, words
from pressel.legacy.framing import Framing, pack

Cut = Callable[[bytes], list[bytes]]


def whole(stream: bytes) -> list[bytes]:
    return [stream]


def byte_by_byte(stream: bytes) -> list[bytes]:
    return [stream[at : at + 1] for at in range(len(stream))]


def in_sevens(stream: bytes) -> list[bytes]:
    return [stream[at : at + 7] for at in range(0, len(stream), 7)]


def length(number: int) -> bytes:
    return number.to_bytes(4, "big", signed=True)


VOICE = b"\x01" + bytes(640)
LONG = b"\x02" * (limits.KEPT_BYTES_MAX + 1)

# what is on the wire, what is taken from it, lengths skipped, packets skipped
STREAMS = {
    "nothing": (b"", [], 0, 0),
    "one word": (pack(b"ping"), [b"ping"], 0, 0),
    "one byte": (pack(b"\x01"), [b"\x01"], 0, 0),
    "words and voice": (pack(b"ping") + pack(VOICE) + pack(b"x"), [b"ping", VOICE, b"x"], 0, 0),
    "a tail": (pack(b"ping") + length(4) + b"po", [b"ping"], 0, 0),
    "half a length": (pack(b"ping") + b"\0\0", [b"ping"], 0, 0),
    "length zero": (length(0) + pack(b"ping"), [b"ping"], 1, 0),
    "a negative length": (length(-1) + pack(b"ping"), [b"ping"], 1, 0),
    "the most negative length": (length(-(2**31)) + pack(b"ping"), [b"ping"], 1, 0),
    "a length beyond the limit": (length(262_145) + pack(b"ping"), [b"ping"], 1, 0),
    "the largest length": (length(2**31 - 1) + pack(b"ping"), [b"ping"], 1, 0),
    "bad lengths in a row": (length(0) * 3 + length(-5) + pack(b"pong"), [b"pong"], 4, 0),
    "a packet that no app sends": (pack(LONG) + pack(b"ping"), [b"ping"], 0, 1),
    "the longest packet that is kept": (pack(LONG[1:]), [LONG[1:]], 0, 0),
    "the longest packet there is": (pack(b"\x01" * 262_144) + pack(b"ping"), [b"ping"], 0, 1),
}


@pytest.mark.parametrize("cut", [whole, byte_by_byte, in_sevens])
@pytest.mark.parametrize("name", STREAMS)
def test_a_stream_is_taken_in_any_pieces(name: str, cut: Cut) -> None:
    stream, payloads, bad_lengths, oversized = STREAMS[name]
    framing = Framing()
    taken = [payload for piece in cut(stream) for payload in framing.feed(piece)]
    assert taken == payloads
    assert (framing.bad_lengths, framing.oversized) == (bad_lengths, oversized)


def test_a_stranger_cannot_make_us_keep_what_no_app_sends() -> None:
    framing = Framing()
    framing.feed(length(limits.PACKET_BYTES_MAX))
    for _ in range(100):
        framing.feed(bytes(1000))
    kept = [value for value in vars(framing).values() if isinstance(value, (bytes, bytearray))]
    assert sum(map(len, kept)) == 0


@pytest.mark.parametrize(
    ("payload", "kind"),
    [
        (b"\x01", words.Kind.VOICE),
        (VOICE, words.Kind.VOICE),
        (b"ping", words.Kind.PING),
        (b" ping\r\n", words.Kind.PING),
        (b"pong", words.Kind.PONG),
        (b"__PTT_FLOOR__:TAKEN", words.Kind.TAKEN),
        (b"__PTT_FLOOR__:RELEASED\n", words.Kind.RELEASED),
        (b"__CTRL2__:HEARTBEAT|n1|3|7|1700000000000", words.Kind.CONTROL),
        (b"__CTRL2__:FLOOR_GRANT|n1|3|8|1700000000000|n2", words.Kind.CONTROL),
        (b"__CTRL2__:", words.Kind.CONTROL),
        (b"hello", words.Kind.CHAT),
        ("Tür 4, bitte".encode(), words.Kind.CHAT),
        (b"ping pong", words.Kind.CHAT),
        (b" \r\n\t", words.Kind.BLANK),
        (b"\xff\xfe\xfd", words.Kind.RUBBISH),
        (b"\x02\x80", words.Kind.RUBBISH),
    ],
)
def test_each_payload_is_what_the_protocol_says(payload: bytes, kind: words.Kind) -> None:
    assert words.kind_of(payload) is kind


def test_what_is_sent_is_read_again() -> None:
    stream = words.PING + words.TAKEN + words.voice(bytes(640)) + words.RELEASED + words.chat("hi")
    kinds = [words.kind_of(payload) for payload in Framing().feed(stream)]
    assert kinds == [
        words.Kind.PING,
        words.Kind.TAKEN,
        words.Kind.VOICE,
        words.Kind.RELEASED,
        words.Kind.CHAT,
    ]
