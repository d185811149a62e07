"""The payload of VOICE_FRAME by offset: the one message that is read fifty times a second.

Offset in the payload, size: group 0 1 · codec 1 1 · talker 2 2 · lease 4 4 · first 8 2 ·
marks 10 1 · count 11 1 · frame_bytes 12 2 · frames 14. The order is the message table's; a test
compares the two.
"""

from struct import pack_into

from ..base import features
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    ADPCM_FRAME_BYTES,
    FRAME_SAMPLES,
    FRAMES_PER_PACKET_MAX,
    G722_FRAME_BYTES,
    OPUS_FRAME_BYTES,
)
from . import refusal
from .envelope import HEADER_BYTES, LENGTH_AT
from .messages import CODEC_G722, CODEC_IMA_ADPCM, CODEC_OPUS, CODEC_PCM16

if TYPE_CHECKING:
    from ..base.compat import Buffer

GROUP_AT = const(24)
CODEC_AT = const(25)
TALKER_AT = const(26)
LEASE_AT = const(28)
FIRST_AT = const(32)
MARKS_AT = const(34)
COUNT_AT = const(35)
FRAMES_AT = const(38)  # in the datagram: envelope 24 + voice fields 14
MARK_LAST = const(1)
FRAMES_MAX = const(0xFFFF)  # of a burst, 21 minutes: numbers and reports have 16 bits

_FIELDS_BYTES = const(14)


def frame_bytes(codec: int) -> int:
    """Size of one 20 ms frame of `codec`, 0 for a codec unknown here."""
    if codec == CODEC_IMA_ADPCM:
        return ADPCM_FRAME_BYTES
    if codec == CODEC_PCM16:
        return FRAME_SAMPLES * 2
    if features.HAS_SMOOTH_PLAYOUT:
        if codec == CODEC_G722:
            return G722_FRAME_BYTES
        if codec == CODEC_OPUS:
            return OPUS_FRAME_BYTES
    return 0


def check(data: "Buffer") -> int:
    """`refusal.ACCEPTED` when the payload of a checked datagram is a well-formed voice packet."""
    size = data[LENGTH_AT] << 8 | data[LENGTH_AT + 1]
    if size < _FIELDS_BYTES:
        return refusal.FIELD
    count = data[COUNT_AT]
    each = data[36] << 8 | data[37]
    if count == 0 or count > FRAMES_PER_PACKET_MAX or data[MARKS_AT] > MARK_LAST:
        return refusal.RANGE
    if data[LEASE_AT] & 0xC0 or not data[LEASE_AT] | data[29] | data[30] | data[31]:
        return refusal.RANGE
    if data[CODEC_AT] == CODEC_IMA_ADPCM:  # most are, and a call costs a badge more
        if each != ADPCM_FRAME_BYTES:
            return refusal.FIELD
    elif each == 0 or each != frame_bytes(data[CODEC_AT]):
        return refusal.FIELD
    if size != _FIELDS_BYTES + count * each:
        return refusal.LENGTH
    if (data[FIRST_AT] << 8 | data[FIRST_AT + 1]) + count > 0x10000:
        return refusal.RANGE
    return refusal.ACCEPTED


def group(data: "Buffer") -> int:
    return data[GROUP_AT]


def codec(data: "Buffer") -> int:
    return data[CODEC_AT]


def talker(data: "Buffer") -> int:
    return data[TALKER_AT] << 8 | data[TALKER_AT + 1]


def lease(data: "Buffer") -> int:
    return data[LEASE_AT] << 24 | data[29] << 16 | data[30] << 8 | data[31]


def first(data: "Buffer") -> int:
    return data[FIRST_AT] << 8 | data[FIRST_AT + 1]


def is_last(data: "Buffer") -> bool:
    return data[MARKS_AT] & MARK_LAST != 0


def count(data: "Buffer") -> int:
    return data[COUNT_AT]


def write_fields(
    data: bytearray,
    group: int,
    codec: int,
    talker: int,
    lease: int,
    first: int,
    last: bool,
    count: int,
) -> int:
    """Write the fields before `count` frames of `codec`; returns the end of the payload."""
    each = frame_bytes(codec)
    marks = MARK_LAST if last else 0
    pack_into(
        ">BBHIHBBH", data, HEADER_BYTES, group, codec, talker, lease, first, marks, count, each
    )
    return FRAMES_AT + count * each
