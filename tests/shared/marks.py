"""A stand-in for the voice coder where sound is not the subject: a frame says which one it is.

Coding takes most of a venue's time, and engines move frames without looking into them. A
microphone puts `whose` and `number` into a frame's first samples, the coder carries these and
nothing else, and a concealed frame is nobody's. Where sound is the subject, a venue `is_coded`.
"""

from ptt.base import octets
from ptt.base.numbers import ADPCM_FRAME_BYTES
from ptt.media import adpcm, dsp, samples

NOBODY = -1  # in place of whose: a frame that was made up
_MARK = b"mark"
_REST = _MARK + bytes(ADPCM_FRAME_BYTES - 12)


def speak(pcm, whose, number):
    """Make `pcm` frame `number` (below 2^30) of the microphone `whose` (below 2^15)."""
    pcm[0] = whose
    pcm[1] = number >> 15
    pcm[2] = number & 0x7FFF


class Marks:
    """The coder's twin, see `ptt.media.dsp.use`; copying and XOR are done in one go."""

    def ima_encode(self, state, pcm, out, at):
        out[at : at + 4] = bytes((pcm[0] >> 8, pcm[0] & 255, 0, 0))
        out[at + 4 : at + 8] = bytes((pcm[1] >> 8, pcm[1] & 255, pcm[2] >> 8, pcm[2] & 255))
        out[at + 8 : at + ADPCM_FRAME_BYTES] = _REST

    def ima_decode(self, data, at, pcm):
        if data[at + 8 : at + 12] != _MARK:  # it was forged, or opened with a wrong key
            pcm[0] = NOBODY
            return
        pcm[0] = data[at] << 8 | data[at + 1]
        pcm[1] = data[at + 4] << 8 | data[at + 5]
        pcm[2] = data[at + 6] << 8 | data[at + 7]

    def fade(self, pcm, shift):
        pcm[0] = NOBODY

    def copy(self, target, at, source, start, count):
        target[at : at + count] = source[start : start + count]

    def xor(self, target, at, key, start, count):
        mixed = int.from_bytes(target[at : at + count], "big") ^ int.from_bytes(
            key[start : start + count], "big"
        )
        target[at : at + count] = mixed.to_bytes(count, "big")


class Coder:
    """The coder that is in place before anybody calls `use`."""

    ima_encode = staticmethod(adpcm.encode)
    ima_decode = staticmethod(adpcm.decode)
    fade = staticmethod(samples.fade)
    copy = staticmethod(octets.copy)
    xor = staticmethod(octets.xor)


def use(is_coded):
    """From now on the engines of this process code sound if `is_coded`, else mark it."""
    dsp.use(Coder if is_coded else Marks())
