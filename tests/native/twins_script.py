"""Every function of `ptt.media.dsp` over chained frames; prints what they make, a digest each.

Runs on both runtimes: the same lines mean the same results. Arguments are frames in hexadecimal.
"""

import binascii
import hashlib
import sys
from array import array

from ptt import twins
from ptt.media import dsp

_BYTES = 640
_IMA_BYTES = 164
_G722_BYTES = 160


def _made_frames() -> list:
    """Noise, silence, clipping and a sawtooth, made of integers alone."""
    seed = 1
    kinds = []
    for kind in range(6):
        pcm = array("h", bytes(_BYTES))
        for n in range(320):
            seed = (seed * 4093 + 2731) & 0xFFFFF
            noise = (seed >> 4) - 32768
            pcm[n] = (
                noise,
                0,
                32767 if noise & 1024 else -32768,
                (n * 131 & 16383) - 8192,
                noise >> 11,
                noise if n > 200 else 0,
            )[kind]
        kinds.append(pcm)
    return kinds


def _say(name: str, digest) -> None:
    print(name, binascii.hexlify(digest.digest()).decode())


def _encode(name: str, function, state: array, size: int, frames: list) -> list:
    digest = hashlib.sha256()
    coded = []
    for pcm in frames:
        out = bytearray(size + 4)
        function(state, pcm, out, 2)
        digest.update(out)
        coded.append(out)
    digest.update(bytes(state))
    _say(name, digest)
    return coded


def _decoded(name: str, coded: list, call) -> None:
    digest = hashlib.sha256()
    pcm = array("h", bytes(_BYTES))
    for data in coded:
        call(data, pcm)
        digest.update(bytes(pcm))
    _say(name, digest)


def _changed(name: str, frames: list, call) -> None:
    digest = hashlib.sha256()
    for n, frame in enumerate(frames):
        pcm = array("h", frame)
        call(n, pcm)
        digest.update(bytes(pcm))
    _say(name, digest)


def main(words: list) -> None:
    dsp.use(twins)
    assert dsp.g722_decode is not None
    g722_decode = dsp.g722_decode
    frames = _made_frames() + [array("h", binascii.unhexlify(word)) for word in words]
    ima, shaped = (array("i", [0] * dsp.IMA_STATE_INTS) for _ in range(2))
    coded = _encode("ima_encode", dsp.ima_encode, ima, _IMA_BYTES, frames)
    coded += _encode("ima_encode_shaped", dsp.ima_encode_shaped, shaped, _IMA_BYTES, frames)
    coded.append(bytearray(range(_IMA_BYTES + 4)))
    _decoded("ima_decode", coded, lambda data, pcm: dsp.ima_decode(data, 2, pcm))
    state, other = (array("h", bytes(2 * dsp.G722_STATE_SHORTS)) for _ in range(2))
    wide = _encode("g722_encode", dsp.g722_encode, state, _G722_BYTES, frames)
    _decoded("g722_decode", wide, lambda data, pcm: g722_decode(other, data, 2, pcm))
    _changed("gain", frames, lambda n, pcm: dsp.gain(pcm, (0, 90, 256, 900, 4096)[n % 5]))
    _changed("fade", frames, lambda n, pcm: dsp.fade(pcm, (0, 1, 15, 16)[n % 4]))
    constant = array("i", [0])
    _changed("centre", frames, lambda n, pcm: dsp.centre(constant, pcm))
    phase = array("i", [0])
    _changed("mix_tone", frames, lambda n, pcm: dsp.mix_tone(phase, pcm, 1801 * n, 32767 >> n))
    out = array("h", bytes(700))

    def slip(n: int, pcm: array) -> None:
        dsp.slip(pcm, 320 - (n & 1), out, 320 + (n & 1))
        for place in range(320):
            pcm[place] = out[place]

    _changed("slip", frames, slip)
    _changed("swap", frames, lambda n, pcm: dsp.swap(pcm))
    xored = hashlib.sha256()
    copied = hashlib.sha256()
    for data in coded:
        dsp.xor(data, 3, coded[0], 1, 100)
        xored.update(data)
        dsp.copy(data, 110, coded[1], 0, 50)
        copied.update(data)
    _say("xor", xored)
    _say("copy", copied)


main(sys.argv[1:])
