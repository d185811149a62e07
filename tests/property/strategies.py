"""What hypothesis draws: fields, messages and datagrams, as the message table allows them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

from ptt.wire import codec, envelope, messages, voice

Layout = tuple[int, int, int, Any]

TEXT = 9
U30 = st.integers(0, 0x3FFFFFFF)
U16 = st.integers(0, 0xFFFF)
CONTROL_KINDS = sorted(set(messages.LAYOUTS) - {messages.VOICE_FRAME})
FRAME_BYTES = {messages.CODEC_PCM16: 640, messages.CODEC_IMA_ADPCM: 164}


def text_bytes(low: int, high: int) -> st.SearchStrategy[bytes]:
    """UTF-8 of `low` to `high` bytes without control characters."""
    characters = st.characters(codec="utf-8", exclude_categories=("Cc",))
    words = st.text(characters, max_size=high).map(lambda text: cut(text.encode(), high))
    return words.filter(lambda data: low <= len(data))


def cut(data: bytes, size: int) -> bytes:
    return data[:size].decode(errors="ignore").encode()


def field_values(field: Layout) -> st.SearchStrategy[Any]:
    kind, low, high, _ = field
    if kind < TEXT:
        return st.sampled_from((low, high)) | st.integers(low, high)
    if kind == TEXT:
        return text_bytes(low, high)
    return st.binary(min_size=kind - 10, max_size=kind - 10)


def wrong_values(field: Layout) -> st.SearchStrategy[Any]:
    """Values that the codec must refuse to write."""
    kind, low, high, _ = field
    if kind < TEXT:
        return st.integers(max_value=low - 1) | st.integers(min_value=high + 1)
    if kind == TEXT:
        long = st.binary(min_size=high + 1, max_size=high + 300)
        return long | st.binary(max_size=low - 1) if low else long
    size = kind - 10
    return st.binary(max_size=40).filter(lambda data: len(data) != size)


def values_of(kind: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(field_values(field) for field in messages.LAYOUTS[kind]))


def datagram(
    kind: int, values: tuple[Any, ...], session: int, source: int, seq: int = 1, now_ms: int = 1
) -> bytes:
    data = bytearray(1200)
    end = codec.encode(data, envelope.HEADER_BYTES, kind, values)
    envelope.seal_header(data, end, kind, session, source, seq, now_ms)
    return bytes(data[:end])


def voice_datagram(
    fields: tuple[int, int, int, int, int, bool, int], frames: bytes, session: int, source: int
) -> bytes:
    """`fields`: group, codec, talker, lease, first, last, count; `frames` is repeated to fit."""
    data = bytearray(1200)
    end = voice.write_fields(data, *fields)
    size = end - voice.FRAMES_AT
    data[voice.FRAMES_AT : end] = (frames * (size // max(1, len(frames)) + 1))[:size]
    envelope.seal_header(data, end, messages.VOICE_FRAME, session, source, 1, 1)
    return bytes(data[:end])


@st.composite
def voice_fields(draw: Callable[..., Any]) -> tuple[int, int, int, int, int, bool, int]:
    number = draw(st.sampled_from(sorted(FRAME_BYTES)))
    count = draw(st.integers(1, 3 if number == messages.CODEC_IMA_ADPCM else 1))
    first = draw(st.integers(0, 0x10000 - count))
    lease = draw(st.integers(1, 0x3FFFFFFF))
    return (draw(st.integers(0, 255)), number, draw(U16), lease, first, draw(st.booleans()), count)


@st.composite
def valid_datagrams(draw: Callable[..., Any]) -> bytes:
    """Any datagram that a reader without a state accepts."""
    session, source = draw(U30), draw(U16)
    if draw(st.booleans()) and draw(st.booleans()):
        frames = draw(st.binary(min_size=1, max_size=200))
        return voice_datagram(draw(voice_fields()), frames, session, source)
    kind = draw(st.sampled_from(CONTROL_KINDS))
    return datagram(kind, draw(values_of(kind)), session, source, draw(U30), draw(U30))
