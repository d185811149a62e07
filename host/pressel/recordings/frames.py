"""The frames of one piece of a burst: by number, since some are missing.

As bytes each is its number (2, big endian) and its 164 bytes of IMA-ADPCM, in the order of numbers.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm

_NUMBER_BYTES = 2
EACH_BYTES = _NUMBER_BYTES + ADPCM_FRAME_BYTES
_SILENCE = bytes(2 * FRAME_SAMPLES)


def opened(epoch: int, key: bytes, talker: int, lease: int, first: int, data: bytes) -> bytes:
    """The frames of one voice packet, from number `first` on, as `frames` wants them; see
    `ptt.link.ctr` for the cipher."""
    found = []
    for number, at in enumerate(range(0, len(data), ADPCM_FRAME_BYTES), first):
        start = b"%b%b%b%b" % (
            epoch.to_bytes(2, "big"), talker.to_bytes(2, "big"), lease.to_bytes(4, "big"),
            number.to_bytes(2, "big"),
        )  # fmt: skip
        cipher = Cipher(AES(key), CTR(start + bytes(6))).encryptor()
        found.append(number.to_bytes(_NUMBER_BYTES, "big"))
        found.append(cipher.update(data[at : at + ADPCM_FRAME_BYTES]))
    return b"".join(found)


def in_order(content: bytes) -> bytes:
    """By number, each once: a repeated packet brings nothing."""
    return b"".join(
        number.to_bytes(_NUMBER_BYTES, "big") + frame
        for number, frame in sorted(_by_number(content).items())
    )


def count(content: bytes) -> int:
    return len(content) // EACH_BYTES


def sound(pieces: Iterable[bytes]) -> bytes:
    """All pieces as samples: 16 kHz, mono, 16 bits, little endian; silence for what is missing."""
    frames: dict[int, bytes] = {}
    for each in pieces:
        frames |= _by_number(each)
    if not frames:
        return b""
    pcm = array("h", _SILENCE)
    made = []
    for number in range(min(frames), max(frames) + 1):
        frame = frames.get(number)
        if frame is None:
            made.append(_SILENCE)
            continue
        adpcm.decode(frame, 0, pcm)
        made.append(pcm.tobytes())
    return b"".join(made)


def _by_number(content: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for at in range(0, len(content) - EACH_BYTES + 1, EACH_BYTES):
        number = int.from_bytes(content[at : at + _NUMBER_BYTES], "big")
        found.setdefault(number, content[at + _NUMBER_BYTES : at + EACH_BYTES])
    return found
