"""The voice in a datagram, which may be damaged in any way."""

from __future__ import annotations

from typing import Any

from ptt.proof import layout
from ptt.wire import envelope, voice
from ptt.wire.messages import MULTICAST_VOICE, VOICE_FRAME

_SHORTEST = voice.FRAMES_AT + 1
_SHORTEST_MANY = layout.VOICE_AT + _SHORTEST - envelope.HEADER_BYTES


def is_many(data: Any) -> bool:
    """Does it say that it was sent once for many?"""
    return len(data) > envelope.TYPE_AT and data[envelope.TYPE_AT] == MULTICAST_VOICE


def voice_in(data: Any) -> Any:
    """The VOICE_FRAME in it; None: there is none."""
    if len(data) < _SHORTEST:
        return None
    if data[envelope.TYPE_AT] == VOICE_FRAME:
        return data
    if not is_many(data) or len(data) < _SHORTEST_MANY:
        return None
    frames = layout.as_voice(data)
    return frames if len(frames) >= _SHORTEST else None
