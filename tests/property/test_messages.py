"""Every message that the table allows comes back as it was written; nothing else is written."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ptt.wire import codec, envelope, messages, refusal, voice
from ptt.wire.refusal import Refused

from .strategies import (
    U16,
    U30,
    datagram,
    valid_datagrams,
    values_of,
    voice_datagram,
    voice_fields,
    wrong_values,
)

HEADER_BYTES = 24
some = settings(max_examples=5)  # of each kind: hundreds in all, and the codec has a fuzz harness
KINDS = sorted(messages.LAYOUTS)


@pytest.mark.parametrize("kind", KINDS)
@some
@given(data=st.data())
def test_what_is_written_is_read(kind: int, data: st.DataObject) -> None:
    values = data.draw(values_of(kind))
    session, source, seq, now_ms = (data.draw(each) for each in (U30, U16, U30, U30))
    written = datagram(kind, values, session, source, seq, now_ms)
    assert envelope.check_whole(written) == refusal.ACCEPTED
    assert envelope.msg_type(written) == kind
    assert envelope.session_id(written) == session
    assert envelope.source_node(written) == source
    assert envelope.seq(written) == seq
    assert envelope.timestamp_ms(written) == now_ms
    assert not envelope.is_sealed(written)
    assert not envelope.is_newer(written)
    read = codec.decode(kind, written, HEADER_BYTES, envelope.payload_end(written))
    assert tuple(read) == values


@pytest.mark.parametrize("kind", KINDS)
@some
@given(data=st.data())
def test_what_is_out_of_range_is_not_written(kind: int, data: st.DataObject) -> None:
    values = list(data.draw(values_of(kind)))
    index = data.draw(st.integers(0, len(values) - 1))
    values[index] = data.draw(wrong_values(messages.LAYOUTS[kind][index]))
    with pytest.raises(ValueError):
        codec.encode(bytearray(1200), HEADER_BYTES, kind, tuple(values))


@pytest.mark.parametrize("kind", KINDS)
@some
@given(payload=st.binary(max_size=300))
def test_any_payload_is_read_or_refused(kind: int, payload: bytes) -> None:
    """What is read is in range, and writing it again gives the bytes that were read."""
    try:
        values = codec.decode(kind, payload, 0, len(payload))
    except Refused as refused:
        assert refused.reason in (refusal.FIELD, refusal.RANGE)
        return
    again = bytearray(400)
    end = codec.encode(again, 0, kind, tuple(values))
    assert bytes(again[:end]) == payload[:end] + default_bytes(kind, len(payload), end)


def default_bytes(kind: int, size: int, end: int) -> bytes:
    """What was not there and got its default, which is zero or empty for every such field."""
    assert all(field[3] in (None, b"", 0, bytes(8)) for field in messages.LAYOUTS[kind])
    return bytes(max(0, end - size))


@given(fields=voice_fields(), frames=st.binary(min_size=1, max_size=40))
def test_voice_is_read_by_offset_as_by_the_table(fields: Any, frames: bytes) -> None:
    written = voice_datagram(fields, frames, 5, 6)
    assert voice.check(written) == refusal.ACCEPTED
    read = codec.decode(messages.VOICE_FRAME, written, HEADER_BYTES, envelope.payload_end(written))
    group, number, talker, lease, first, is_last, count = fields
    assert read == [
        group, number, talker, lease, first, int(is_last), count, voice.frame_bytes(number)
    ]  # fmt: skip
    assert (voice.group(written), voice.codec(written), voice.talker(written)) == fields[:3]
    assert (voice.lease(written), voice.first(written)) == (lease, first)
    assert (voice.is_last(written), voice.count(written)) == (is_last, count)


# A datagram that was changed on its way is refused, whatever the change:


@given(written=valid_datagrams(), data=st.data())
def test_no_part_of_a_datagram_is_accepted(written: bytes, data: st.DataObject) -> None:
    size = data.draw(st.integers(0, len(written) - 1))
    reason = envelope.check_whole(written[:size])
    assert reason == (
        refusal.EMPTY if size == 0 else refusal.SHORT if size < HEADER_BYTES else refusal.LENGTH
    )


@given(written=valid_datagrams(), more=st.binary(min_size=1, max_size=1200))
def test_no_datagram_with_more_behind_it_is_accepted(written: bytes, more: bytes) -> None:
    reason = envelope.check_whole(written + more)
    assert reason == (refusal.LONG if len(written + more) > 1200 else refusal.LENGTH)


@given(written=valid_datagrams(), data=st.data())
def test_no_flipped_bit_is_accepted(written: bytes, data: st.DataObject) -> None:
    """Not by luck: a CRC finds every single bit, and what decides before it is refused too."""
    bit = data.draw(st.integers(0, len(written) * 8 - 1))
    flipped = bytearray(written)
    flipped[bit >> 3] ^= 1 << (bit & 7)
    reason = envelope.check_whole(flipped)
    allowed = (refusal.CRC, refusal.LENGTH, refusal.VERSION, refusal.RANGE)
    assert reason in allowed
    if bit >> 3 >= HEADER_BYTES:
        assert reason == refusal.CRC


@given(written=valid_datagrams(), data=st.data())
def test_no_burst_of_damage_within_32_bits_is_accepted(written: bytes, data: st.DataObject) -> None:
    """In the payload, where nothing but the CRC stands guard."""
    if len(written) < HEADER_BYTES + 4:
        return
    at = data.draw(st.integers(HEADER_BYTES, len(written) - 4))
    noise = data.draw(st.binary(min_size=4, max_size=4).filter(any))
    damaged = bytearray(written)
    for index, byte in enumerate(noise):
        damaged[at + index] ^= byte
    assert envelope.check_whole(damaged) == refusal.CRC
