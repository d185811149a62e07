"""What hypothesis draws for whole engines: values near each other, so that some of them fit."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from ptt.wire import envelope, messages

from .strategies import TEXT, Layout, text_bytes

STEPS_MS = st.sampled_from((0, 1, 5, 20, 60, 100, 500, 1000, 2000, 5000, 61000)) | st.integers(
    0, 1 << 24
)
PLACES = tuple(("place", number) for number in range(5))
NEAR = st.integers(0, 6)  # numbers that have been said, so that some of them fit


def near_value(field: Layout) -> st.SearchStrategy[Any]:
    """A value that other messages of the run may have had, or any other."""
    kind, low, high, _ = field
    if kind < TEXT:
        return st.integers(low, min(high, low + 6)) | st.sampled_from((low, high))
    if kind == TEXT:
        return text_bytes(low, min(high, low + 3))
    return st.sampled_from((bytes(kind - 10), b"\x01" * (kind - 10)))


def near_values(kind: int) -> st.SearchStrategy[tuple[Any, ...]]:
    return st.tuples(*(near_value(field) for field in messages.LAYOUTS[kind]))


def with_crc(data: bytes) -> bytes:
    """The right CRC for whatever this is, as far as it can have one."""
    changed = bytearray(data)
    if len(changed) >= envelope.HEADER_BYTES:
        envelope.put16(changed, 10, (len(changed) - envelope.HEADER_BYTES) & 0xFFFF)
        envelope.put_crc(changed, envelope.header_crc(changed, envelope.payload_crc(changed)))
    return bytes(changed)
