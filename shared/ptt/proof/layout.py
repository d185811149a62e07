"""Multicast datagrams by offset: both types begin alike, so that a key can be read from either.

Offset in the payload, size: interval 0 2 · lag 2 1 · key 3 16. Behind these MULTICAST_VOICE has
back 19 1, then what VOICE_FRAME has, and older frames; MULTICAST_PROBE has number 19 2. The
envelope has the chain's number in place of a session's. The order is the message table's; a test
compares the two.
"""

from ..base.compat import TYPE_CHECKING, const
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import HEADER_BYTES, LENGTH_AT, TYPE_AT

if TYPE_CHECKING:
    from ..base.compat import Buffer

INTERVAL_AT = const(24)
LAG_AT = const(26)
KEY_AT = const(27)
BACK_AT = const(43)
NUMBER_AT = const(43)
VOICE_AT = const(44)  # as in VOICE_FRAME behind the envelope
PROBE_END = const(45)

_FRAMES_AT = const(58)
_BEHIND = const(20)  # the fields of a VOICE_FRAME stand so much further back here
_LEASE_AT = const(48)
_MARKS_AT = const(34)  # in a VOICE_FRAME


def check(data: "Buffer") -> int:
    """`refusal.ACCEPTED` when a checked datagram has all fields of its type."""
    end = envelope.payload_end(data)
    if data[TYPE_AT] == messages.MULTICAST_PROBE:
        return refusal.ACCEPTED if end >= PROBE_END else refusal.FIELD
    if end < VOICE_AT:
        return refusal.FIELD
    return voice.check(_begun(data, _FRAMES_AT, _end(data) - VOICE_AT))


def has_older(data: "Buffer") -> bool:
    """Do older frames stand behind the others, as many?"""
    return data[BACK_AT] != 0


def group(data: "Buffer") -> int:
    """Of a MULTICAST_VOICE that `check` has accepted, as the next two."""
    return data[VOICE_AT]


def lease(data: "Buffer") -> int:
    return envelope.get32(data, _LEASE_AT)


def is_last(data: "Buffer") -> bool:
    return data[_MARKS_AT + _BEHIND] & voice.MARK_LAST != 0


def as_voice(data: "Buffer") -> bytearray:
    """The VOICE_FRAME in a MULTICAST_VOICE, without older frames, and without a tag."""
    end = _end(data)
    return _begun(data, end, max(0, end - VOICE_AT))


def _end(data: "Buffer") -> int:
    """Where the newer frames end."""
    end = envelope.payload_end(data)
    return (_FRAMES_AT + end) // 2 if has_older(data) else end


def _begun(data: "Buffer", end: int, payload_bytes: int) -> bytearray:
    """A VOICE_FRAME with a payload of so many bytes, as far as it stands before `end` here."""
    found = bytearray(max(HEADER_BYTES, end - _BEHIND))
    view = memoryview(data)  # a slice of the datagram would be a copy
    found[0:HEADER_BYTES] = view[0:HEADER_BYTES]
    found[HEADER_BYTES:] = view[VOICE_AT:end]
    found[TYPE_AT] = messages.VOICE_FRAME
    envelope.put16(found, LENGTH_AT, payload_bytes)
    return found


def older(data: "Buffer", frames: bytearray) -> "bytearray | None":
    """The older frames beside `frames`, which is `as_voice` of it, as a VOICE_FRAME of their own;
    None without any."""
    back = data[BACK_AT]
    first = voice.first(frames) - back
    if not back or first < 0:
        return None
    found = bytearray(frames)
    end = envelope.payload_end(data)
    found[voice.FRAMES_AT :] = memoryview(data)[(_FRAMES_AT + end) // 2 : end]
    envelope.put16(found, voice.FIRST_AT, first)
    found[_MARKS_AT] = 0  # the last frame is not among them
    return found
