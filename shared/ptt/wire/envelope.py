"""The 24 bytes before every payload, read and written by offset so that nothing is allocated.

Offset, size: version 0 1 · msgType 1 1 · flags 2 2 · sessionId 4 4 · sourceNodeId 8 2 ·
payloadLen 10 2 · seq 12 4 · timestamp 16 4 · crc 20 4 · payload 24 · tag (8, when sealed).
Integers are big endian and at most 2^30 - 1. The CRC-32 runs over the payload first and then
over bytes 0 to 19: a relay that sends one payload to a hundred members computes that part once.
Every parse of a datagram starts with `check`; nothing may read fields before that.
"""

from binascii import crc32
from struct import pack_into

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import DATAGRAM_BYTES_MAX, INT_MAX
from . import refusal
from .messages import (
    ANSWER,
    CHALLENGE,
    HELLO,
    NACK,
    SENDERS,
    VERSION,
)

if TYPE_CHECKING:
    from ..base.compat import Buffer

HEADER_BYTES = const(24)
TAG_BYTES = const(8)  # HMAC-SHA256 cut to 64 bits
LEADER_NODE = const(1)  # the leader's own number on the wire; members follow
FLAG_SEALED = const(1)  # a tag follows the payload
FLAG_SECRET = const(2)  # of a text: it is encrypted; of all else from a leader: it reads such texts
SEALED_SINCE = const(0x25)  # version byte of the first builds that have keys

# Sent before there are keys, or by somebody who has none: never sealed.
_IN_THE_CLEAR = 1 << HELLO | 1 << CHALLENGE | 1 << ANSWER | 1 << NACK  # bits by type
FROM_PARTICIPANT = const(1)  # as `messages.SENDERS` counts sides
FROM_LEADER = const(2)

VERSION_AT = const(0)
TYPE_AT = const(1)
MARK_AT = const(2)  # the flags' high byte: the newest epoch's, or that of the voice in it
FLAGS_AT = const(3)  # their low byte
SESSION_AT = const(4)
SOURCE_AT = const(8)
LENGTH_AT = const(10)
SEQ_AT = const(12)
TIMESTAMP_AT = const(16)
CRC_AT = const(20)  # behind what it covers of the header
_MAJOR = const(0xF0)


def get16(data: "Buffer", at: int) -> int:
    """Two bytes, big endian."""
    return data[at] << 8 | data[at + 1]


def get32(data: "Buffer", at: int) -> int:
    """Four bytes, big endian; `check` made sure that the envelope's fit 30 bits."""
    return data[at] << 24 | data[at + 1] << 16 | data[at + 2] << 8 | data[at + 3]


def put16(data: bytearray, at: int, value: int) -> None:
    """Write 0..65535."""
    data[at] = value >> 8
    data[at + 1] = value & 255


def put32(data: bytearray, at: int, value: int) -> None:
    """Write 0..2^30-1."""
    data[at] = value >> 24
    data[at + 1] = value >> 16 & 255
    data[at + 2] = value >> 8 & 255
    data[at + 3] = value & 255


def check_whole(data: "Buffer") -> int:
    """`refusal.ACCEPTED` for a whole, undamaged datagram of our major version, else the reason."""
    reason = check_shape(data)
    if reason != refusal.ACCEPTED:
        return reason
    crc = header_crc(data, payload_crc(data))
    if crc >> 16 != get16(data, CRC_AT) or crc & 0xFFFF != get16(data, CRC_AT + 2):
        return refusal.CRC
    return refusal.ACCEPTED


def check_shape(data: "Buffer") -> int:
    """All that `check_whole` looks at before the CRC.

    The major version comes first: another major may lay out everything else differently. This
    and the next ones run for each datagram of voice, where a call costs a badge as much as what
    the function does: so they read fields themselves.
    """
    size = len(data)
    if size == 0:
        return refusal.EMPTY
    if (data[VERSION_AT] ^ VERSION) & _MAJOR:
        return refusal.VERSION
    if size < HEADER_BYTES:
        return refusal.SHORT
    if size > DATAGRAM_BYTES_MAX:
        return refusal.LONG
    end = HEADER_BYTES + (data[LENGTH_AT] << 8 | data[LENGTH_AT + 1])
    if data[FLAGS_AT] & FLAG_SEALED:
        end += TAG_BYTES
    if size != end:
        return refusal.LENGTH
    if (data[SESSION_AT] | data[SEQ_AT] | data[TIMESTAMP_AT]) & 0xC0:
        return refusal.RANGE
    return refusal.ACCEPTED


def check_type(data: "Buffer", side: int) -> int:
    """May `side` send a message of this type, sealed or in the clear as this one is?

    This check precedes that of the session: such messages never get the answer that a session is
    unknown.
    """
    kind = data[TYPE_AT]
    if data[FLAGS_AT] & FLAG_SEALED:
        if _IN_THE_CLEAR >> kind & 1:
            return refusal.SEALED
    elif not _IN_THE_CLEAR >> kind & 1:
        return refusal.UNSEALED
    sender = SENDERS[kind] if kind < len(SENDERS) else 0
    if not sender:
        return refusal.TYPE
    return refusal.ACCEPTED if sender & side else refusal.SENDER


def msg_type(data: "Buffer") -> int:
    return data[TYPE_AT]


def is_sealed(data: "Buffer") -> bool:
    return data[FLAGS_AT] & FLAG_SEALED != 0


def is_newer(data: "Buffer") -> bool:
    """Is it from a newer minor version? Then it may have fields and types that we do not know."""
    return data[VERSION_AT] > VERSION


def compare_version(data: "Buffer") -> int:
    """-1 when the sender's version is older than ours, 1 when newer, else 0."""
    if data[VERSION_AT] == VERSION:
        return 0
    return 1 if data[VERSION_AT] > VERSION else -1


def session_id(data: "Buffer") -> int:
    return (
        data[SESSION_AT] << 24
        | data[SESSION_AT + 1] << 16
        | data[SESSION_AT + 2] << 8
        | data[SESSION_AT + 3]
    )


def source_node(data: "Buffer") -> int:
    return data[SOURCE_AT] << 8 | data[SOURCE_AT + 1]


def payload_end(data: "Buffer") -> int:
    """Offset after the payload."""
    return HEADER_BYTES + (data[LENGTH_AT] << 8 | data[LENGTH_AT + 1])


def seq(data: "Buffer") -> int:
    return data[SEQ_AT] << 24 | data[SEQ_AT + 1] << 16 | data[SEQ_AT + 2] << 8 | data[SEQ_AT + 3]


def timestamp_ms(data: "Buffer") -> int:
    """The sender's clock modulo 2^30."""
    return get32(data, TIMESTAMP_AT)


def seal_header(
    data: bytearray, end: int, kind: int, session: int, source: int, seq: int, now_ms: int
) -> None:
    """Write the envelope before a payload that already lies at 24..end."""
    write_header(data, end, kind, session, source, seq, now_ms)
    put_crc(data, header_crc(data, payload_crc(data)))


def write_header(
    data: bytearray, end: int, kind: int, session: int, source: int, seq: int, now_ms: int
) -> None:
    """All of the envelope but the CRC. Out-of-range numbers are a bug here, so they raise."""
    if session > INT_MAX or seq > INT_MAX or now_ms > INT_MAX or end > DATAGRAM_BYTES_MAX:
        raise ValueError("out of range")
    size = end - HEADER_BYTES
    pack_into(">BBHIHHII", data, 0, VERSION, kind, 0, session, source, size, seq, now_ms)


def put_receiver(data: bytearray, session: int, seq: int) -> None:
    """For the copy of a datagram to another member: write the parts of the envelope that differ."""
    if session > INT_MAX or seq > INT_MAX:
        raise ValueError("out of range")
    put32(data, SESSION_AT, session)
    put32(data, SEQ_AT, seq)


def put_crc(data: bytearray, crc: int) -> None:
    """Write the CRC, a full 32-bit number."""
    put16(data, CRC_AT, crc >> 16)
    put16(data, CRC_AT + 2, crc & 0xFFFF)


def payload_crc(data: "Buffer") -> int:
    """The CRC of the payload alone."""
    return crc32(memoryview(data)[HEADER_BYTES : payload_end(data)])


def header_crc(data: "Buffer", payload_crc: int) -> int:
    """The CRC of the whole datagram from that of its payload: the relay's short cut."""
    return crc32(memoryview(data)[0:CRC_AT], payload_crc)
