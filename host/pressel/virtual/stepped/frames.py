"""What a stepped badge is told and answers, as bytes: the other end of runtime/stepped.mjs.

Numbers are little-endian. Knows neither processes nor what the firmware says.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from typing import Any, NamedTuple, Union

Address = tuple[str, int]  # of IPv4
Datagram = tuple[bytes, Address]
# What comes: who sent it; and, when it was sent to many, to which address and port.
Arriving = Union[Datagram, tuple[bytes, Address, Address]]

STEP = 1
STATS = b"\x02"
CUT = b"\x03"
RESET = 2
CRASHED = 3

_STEP = struct.Struct("<Bd")
_U16 = struct.Struct("<H")
_U32 = struct.Struct("<I")
_PIN = struct.Struct("<BB")
_ENVELOPE = struct.Struct("<4BHH")  # address, port, length
_ARRIVING = struct.Struct("<4BH4BHH")  # address, port, to which of many, to which port, length
_ALONE = ("0.0.0.0", 0)
_SPEAK = struct.Struct("<BdI")
_SOUND = struct.Struct("<dI")


class Press(NamedTuple):
    """The button goes down."""


class Release(NamedTuple):
    """The button goes up."""


class Pin(NamedTuple):
    """An input pin gets a level."""

    pin: int
    level: int


class Speak(NamedTuple):
    """The microphone hears `pcm` (s16le, mono, 16 kHz) from `at_ms` on, not before the last step's
    time: what has been heard cannot change."""

    at_ms: float
    pcm: bytes


class FailSends(NamedTuple):
    """The next `sends` sends fail for want of memory (ENOMEM)."""

    sends: int


class Fault(NamedTuple):
    """A fault of runtime/faults.mjs: its kind and its values, such as {"ms": 100}."""

    kind: str
    values: dict[str, Any]


# Evaluated at run time, so Python 3.9 must understand it.
Deed = Union[Pin, Speak, FailSends, Fault]
Command = Union[Press, Release, Deed]


class Sound(NamedTuple):
    """A run of samples that the DMA played, the first of them at `at_ms`."""

    at_ms: float
    pcm: bytes


class Stepped(NamedTuple):
    """What one step brought.

    `events`: the firmware's log lines, parsed; a line that is no JSON is {"line": text}. `dropped`:
    datagrams that the mailbox had no room for. `pins`: (pin, level) as the firmware set them.
    `sounds`: blocks of 256 samples that have ended, except silent ones. `sleep_ms`: when the badge
    wants the next step, unless a datagram comes before. `is_reset`: the firmware restarted it.
    """

    datagrams: list[Datagram]
    events: list[Any]
    sounds: list[Sound]
    pins: list[tuple[int, int]]
    dropped: int
    sleep_ms: int
    is_reset: bool = False


def encode_step(
    now_ms: float,
    datagrams: Iterable[Arriving],
    commands: Iterable[Deed],
) -> bytes:
    deeds = [_encode_deed(command) for command in commands]
    parts = [_STEP.pack(STEP, now_ms), _U16.pack(len(deeds)), *deeds]
    count = 0
    envelopes: list[bytes] = []
    for data, (ip, port), *to in datagrams:
        count += 1
        many, many_port = to[0] if to else _ALONE
        quads = (*map(int, ip.split(".")), port, *map(int, many.split(".")), many_port)
        envelopes.append(_ARRIVING.pack(*quads, len(data)))
        envelopes.append(data)
    return b"".join((*parts, _U16.pack(count), *envelopes))


def _encode_deed(command: Deed) -> bytes:
    if isinstance(command, Pin):
        return struct.pack("<BBB", 1, command.pin, command.level)
    if isinstance(command, Speak):
        return _SPEAK.pack(2, command.at_ms, len(command.pcm)) + command.pcm
    if isinstance(command, Fault):
        text = json.dumps({"kind": command.kind, **command.values}).encode()
        return struct.pack("<BI", 4, len(text)) + text
    return struct.pack("<BI", 3, command.sends)


def decode_stepped(answer: bytes) -> Stepped:
    sleep_ms, dropped, count = struct.unpack_from("<IIH", answer, 1)
    at = 11
    datagrams: list[Datagram] = []
    for _ in range(count):
        a, b, c, d, port, size = _ENVELOPE.unpack_from(answer, at)
        at += _ENVELOPE.size
        datagrams.append((answer[at : at + size], (f"{a}.{b}.{c}.{d}", port)))
        at += size
    (count,) = _U16.unpack_from(answer, at)
    at += 2
    pins: list[tuple[int, int]] = []
    for _ in range(count):
        pins.append(_PIN.unpack_from(answer, at))
        at += 2
    (count,) = _U16.unpack_from(answer, at)
    at += 2
    sounds: list[Sound] = []
    for _ in range(count):
        at_ms, size = _SOUND.unpack_from(answer, at)
        at += _SOUND.size
        sounds.append(Sound(at_ms, answer[at : at + size]))
        at += size
    events = [_parse(line) for line in decode_text(answer, at).splitlines()]
    is_reset = answer[0] == RESET
    return Stepped(datagrams, events, sounds, pins, dropped, sleep_ms, is_reset)


def decode_text(answer: bytes, at: int = 1) -> str:
    (size,) = _U32.unpack_from(answer, at)
    return answer[at + 4 : at + 4 + size].decode("utf-8", "replace")


def _parse(line: str) -> Any:
    try:
        return json.loads(line)
    except ValueError:
        return {"line": line}
