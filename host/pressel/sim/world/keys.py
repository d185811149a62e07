"""Keys and chance of a simulated venue: who has which key, what chance gives, a cheap cipher.

The cipher stands for a chip's AES, which costs much and decides nothing here. Where the firmware
itself takes part, the world has the real one.
"""

from __future__ import annotations

from hashlib import sha256
from typing import Any, Callable

from ptt.base.numbers import ADPCM_FRAME_BYTES
from ptt.base.prng import Prng
from ptt.leader.roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY, Grants
from ptt.link.ctr import KeyStream
from ptt.media import dsp
from ptt.wire import voice


def device_of(number: int) -> bytes:
    """The 8 bytes of participant `number`."""
    return bytes((2, 0, 0, 0, 0, 0, number >> 8, number & 255))


def device_key(device: bytes) -> bytes:
    """32 bytes that follow from the device, 8 bytes."""
    return sha256(b"a simulated badge" + device).digest()


class Everybody:
    """The directory of a venue in which every device is known."""

    def key(self, device: bytes) -> bytes | None:
        return device_key(device)

    def name(self, device: bytes) -> bytes | None:
        return None


class EntitledRoster:
    """Everybody in one group, and everybody may press with priority and in an emergency."""

    def lookup(self, device: bytes) -> Grants:
        return Grants(entitlements=ENTITLED_PRIORITY | ENTITLED_EMERGENCY)


def chance(seed: int) -> Callable[[int], bytes]:
    """`random(n)` of a seed."""
    prng = Prng(seed)

    def random(count: int) -> bytes:
        return bytes([prng.below(256) for _ in range(count)])

    return random


def opened(data: Any, epoch: int, cipher: Any) -> bytearray:
    """A copy of a voice packet with its frames readable."""
    clear = bytearray(data)
    stream = KeyStream()
    for index in range(voice.count(data)):
        number = voice.first(data) + index
        stream.make(cipher, epoch, voice.talker(data), voice.lease(data), number)
        at = voice.FRAMES_AT + index * ADPCM_FRAME_BYTES
        dsp.xor(clear, at, stream.bytes, 0, ADPCM_FRAME_BYTES)
    return clear


class CheapCipher:
    """As AES with `key`: as many bytes, others under another key or for other blocks."""

    def __init__(self, key: bytes) -> None:
        self._key = key

    def encrypt(self, source: Any, target: bytearray) -> None:
        size = len(source)
        head = self._key + bytes(source[0:16])  # the first block differs from frame to frame
        stream = b"".join([sha256(head + bytes((n,))).digest() for n in range((size + 31) // 32)])
        target[0:size] = stream[0:size]
