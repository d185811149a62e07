"""What a packet's payload says: voice, a ping, a word about the floor, or a chat message."""

from __future__ import annotations

import enum

from .framing import pack

_VOICE = b"\x01"
_TAKEN = "__PTT_FLOOR__:TAKEN"
_RELEASED = "__PTT_FLOOR__:RELEASED"
_CONTROL = "__CTRL2__:"  # a later build's own election and floor

PING = pack(b"ping")
PONG = pack(b"pong")
TAKEN = pack(_TAKEN.encode())
RELEASED = pack(_RELEASED.encode())


class Kind(enum.Enum):
    VOICE = "voice"
    PING = "ping"
    PONG = "pong"
    TAKEN = "taken"
    RELEASED = "released"
    CONTROL = "control of a later build"
    CHAT = "chat"
    BLANK = "blank"
    RUBBISH = "rubbish"  # neither voice nor UTF-8: an older build without lengths, or no app at all


_KINDS = {
    "": Kind.BLANK,
    "ping": Kind.PING,
    "pong": Kind.PONG,
    _TAKEN: Kind.TAKEN,
    _RELEASED: Kind.RELEASED,
}


def kind_of(payload: bytes) -> Kind:
    if payload.startswith(_VOICE):
        return Kind.VOICE
    try:
        text = text_of(payload)
    except UnicodeDecodeError:
        return Kind.RUBBISH
    if text.startswith(_CONTROL):
        return Kind.CONTROL
    return _KINDS.get(text, Kind.CHAT)


def text_of(payload: bytes) -> str:
    """Raises UnicodeDecodeError when it is none."""
    return payload.decode().strip()


def sound_of(payload: bytes) -> bytes:
    """The samples of a voice packet (16-bit little endian), perhaps with an odd byte at the end."""
    return payload[len(_VOICE) :]


def voice(sound: bytes) -> bytes:
    """The packet for 20 ms of samples (16-bit little endian, 16 kHz, mono)."""
    return pack(_VOICE + sound)


def chat(text: str) -> bytes:
    """The packet for a chat message; it must not look like a word of the protocol."""
    return pack(text.encode())
