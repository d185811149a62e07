"""The frames of one piece of a burst: by number, since some are missing.

As bytes each is its number (2, big endian) and 164 bytes, in the order of numbers. Those are a
frame of IMA-ADPCM; or, where the third of them has its highest bit, which no step of that coder
has, of the codec that its other bits tell: from the fifth byte on, and zeros behind it.
"""

from __future__ import annotations

from array import array
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import CTR

from pressel.audio.codecs import host_codecs
from pressel.errors import PresselError
from pressel.extras import mend
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media.codecs import IMA
from ptt.wire import voice
from ptt.wire.messages import CODEC_IMA_ADPCM

if TYPE_CHECKING:
    from ptt.media.codecs import Decoder

_NUMBER_BYTES = 2
EACH_BYTES = _NUMBER_BYTES + ADPCM_FRAME_BYTES
_CODEC_AT = 2  # in the 164 bytes
_OTHER = 0x80  # there, with the codec's number: no frame of IMA-ADPCM
_OTHER_AT = 4  # where that frame begins
_SILENCE = bytes(2 * FRAME_SAMPLES)


def opened(
    epoch: int,
    key: bytes,
    talker: int,
    lease: int,
    first: int,
    data: bytes,
    codec: int = CODEC_IMA_ADPCM,
) -> bytes:
    """The frames of one voice packet in `codec`, from number `first` on, as `frames` wants them;
    see `ptt.link.ctr` for the cipher."""
    found = []
    size = voice.frame_bytes(codec)
    coding = 0 if codec == CODEC_IMA_ADPCM else codec
    for number, at in enumerate(range(0, len(data), size), first):
        start = b"%b%b%b%b%c" % (
            epoch.to_bytes(2, "big"), talker.to_bytes(2, "big"), lease.to_bytes(4, "big"),
            number.to_bytes(2, "big"), coding,
        )  # fmt: skip
        cipher = Cipher(AES(key), CTR(start + bytes(5))).encryptor()
        frame = cipher.update(data[at : at + size])
        if coding:
            frame = bytes((0, 0, _OTHER | codec, 0)) + frame
        elif frame[_CODEC_AT] & _OTHER:  # a talker made it, and no coder
            frame = frame[:_CODEC_AT] + b"\0" + frame[_CODEC_AT + 1 :]
        found.append(number.to_bytes(_NUMBER_BYTES, "big"))
        found.append(frame.ljust(ADPCM_FRAME_BYTES, b"\0"))
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
    """All pieces as samples: 16 kHz, mono, 16 bits, little endian; silence for what is missing.
    PresselError for a codec that this computer lacks."""
    return b"".join(decoded(pieces))


def decoded(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """The same frame by frame, each made when it is asked for."""
    frames: dict[int, bytes] = {}
    for each in pieces:
        frames |= _by_number(each)
    if not frames:
        return
    pcm = array("h", _SILENCE)
    decoders: dict[int, Decoder] = {}
    for number in range(min(frames), max(frames) + 1):
        frame = frames.get(number)
        if frame is None:
            yield _SILENCE
            continue
        codec, at = CODEC_IMA_ADPCM, 0
        if frame[_CODEC_AT] & _OTHER:
            codec, at = frame[_CODEC_AT] & ~_OTHER, _OTHER_AT
        if codec not in decoders:
            decoders[codec] = _decoder(codec)
        decoders[codec].decode(frame, at, pcm)
        yield pcm.tobytes()


def must_be_known(pieces: Iterable[bytes]) -> None:
    """PresselError when a frame is in a codec that this computer lacks."""
    marks = {frame[_CODEC_AT] for each in pieces for frame in _by_number(each).values()}
    for mark in marks:
        if mark & _OTHER:
            _decoder(mark & ~_OTHER)


def _decoder(number: int) -> Decoder:
    for codec in (IMA, *host_codecs()):
        if codec.number == number:
            return codec.decoder()
    raise PresselError(f"it is in a codec that this computer lacks; {mend('av')}")


def _by_number(content: bytes) -> dict[int, bytes]:
    found: dict[int, bytes] = {}
    for at in range(0, len(content) - EACH_BYTES + 1, EACH_BYTES):
        number = int.from_bytes(content[at : at + _NUMBER_BYTES], "big")
        found.setdefault(number, content[at + _NUMBER_BYTES : at + EACH_BYTES])
    return found
