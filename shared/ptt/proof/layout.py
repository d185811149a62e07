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
_MARKS_AT = const(34)  # in a VOICE_FRAME


def check(data: "Buffer") -> int:
    """`refusal.ACCEPTED` when a checked datagram has all fields of its type."""
    end = envelope.payload_end(data)
    if data[TYPE_AT] == messages.MULTICAST_PROBE:
        return refusal.ACCEPTED if end >= PROBE_END else refusal.FIELD
    if end < VOICE_AT:
        return refusal.FIELD
    return voice.check(as_voice(data))


def has_older(data: "Buffer") -> bool:
    """Do older frames stand behind the others, as many?"""
    return data[BACK_AT] != 0


def as_voice(data: "Buffer") -> bytearray:
    """The VOICE_FRAME in a MULTICAST_VOICE, without older frames, and without a tag."""
    end = envelope.payload_end(data)
    if has_older(data):
        end = (_FRAMES_AT + end) // 2
    found = bytearray(data[0:HEADER_BYTES]) + data[VOICE_AT:end]
    found[TYPE_AT] = messages.VOICE_FRAME
    envelope.put16(found, LENGTH_AT, max(0, len(found) - HEADER_BYTES))
    return found


def older(data: "Buffer") -> "bytearray | None":
    """The older frames as a VOICE_FRAME of their own; None without any."""
    found = as_voice(data)
    back = data[BACK_AT]
    if not back or back > voice.first(found):
        return None
    end = envelope.payload_end(data)
    found[voice.FRAMES_AT :] = data[(_FRAMES_AT + end) // 2 : end]
    envelope.put16(found, voice.FIRST_AT, voice.first(found) - back)
    found[_MARKS_AT] = 0  # the last frame is not among them
    return found
