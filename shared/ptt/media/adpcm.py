"""IMA-ADPCM, one 20 ms frame at a time, as bytecode for both runtimes.

A frame is 164 bytes: predictor (16-bit two's complement, big endian), step index, zero, then
320 four-bit codes, the earlier one in the low half of each byte. Since every frame carries the
coder's state, each can be decoded alone after any loss. The step and index tables are the IMA's
(Recommended Practices for Enhancing Digital Audio Compatibility, 1992).
"""

from array import array

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_SAMPLES

if TYPE_CHECKING:
    from ..base.compat import Buffer

_INDEX_MAX = const(88)
_LOW = const(-32768)
_HIGH = const(32767)

# fmt: off
_STEPS = array("h", (
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66,
    73, 80, 88, 97, 107, 118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449,
    494, 544, 598, 658, 724, 796, 876, 963, 1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272,
    2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894, 6484, 7132, 7845, 8630, 9493,
    10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794, 32767,
))
# fmt: on
_INDEX_STEPS = array("h", (-1, -1, -1, -1, 2, 4, 6, 8))


class Encoder:
    """The talker's side; its state runs on from frame to frame of one burst."""

    def __init__(self) -> None:
        self.state = array("i", (0, 0))

    def reset(self) -> None:
        """Start a burst."""
        self.state[0] = 0
        self.state[1] = 0

    def encode(self, pcm: "array", out: bytearray, at: int) -> None:
        """Code `pcm` (320 samples, array 'h') into 164 bytes of `out` from `at`."""
        encode(self.state, pcm, out, at)


def encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    """Code `pcm` (320 samples, array 'h') into 164 bytes of `out` from `at`.

    `state`: predictor and step index (array 'i'), zeros at the start of a burst."""
    steps = _STEPS
    index_steps = _INDEX_STEPS
    predictor = state[0]
    index = state[1]
    out[at] = predictor >> 8 & 255
    out[at + 1] = predictor & 255
    out[at + 2] = index
    out[at + 3] = 0
    at += 4
    n = 0
    while n < FRAME_SAMPLES:
        step = steps[index]
        difference = pcm[n] - predictor
        code = 0
        if difference < 0:
            code = 8
            difference = -difference
        delta = step >> 3
        if difference >= step:
            code |= 4
            difference -= step
            delta += step
        step >>= 1
        if difference >= step:
            code |= 2
            difference -= step
            delta += step
        step >>= 1
        if difference >= step:
            code |= 1
            delta += step
        if code & 8:
            predictor -= delta
            if predictor < _LOW:
                predictor = _LOW
        else:
            predictor += delta
            if predictor > _HIGH:
                predictor = _HIGH
        index += index_steps[code & 7]
        if index < 0:
            index = 0
        elif index > _INDEX_MAX:
            index = _INDEX_MAX
        if n & 1:
            out[at] |= code << 4
            at += 1
        else:
            out[at] = code
        n += 1
    state[0] = predictor
    state[1] = index


def decode(data: "Buffer", at: int, pcm: "array") -> None:
    """Decode the 164 bytes of `data` from `at` into `pcm` (320 samples, array 'h').

    Total for any input: a step index above 88, which no encoder writes, is taken as 88.
    """
    steps = _STEPS
    index_steps = _INDEX_STEPS
    predictor = data[at] << 8 | data[at + 1]
    if predictor > _HIGH:
        predictor -= 65536
    index = data[at + 2]
    if index > _INDEX_MAX:
        index = _INDEX_MAX
    at += 4
    n = 0
    while n < FRAME_SAMPLES:
        code = data[at]
        if n & 1:
            code >>= 4
            at += 1
        step = steps[index]
        delta = step >> 3
        if code & 4:
            delta += step
        if code & 2:
            delta += step >> 1
        if code & 1:
            delta += step >> 2
        if code & 8:
            predictor -= delta
            if predictor < _LOW:
                predictor = _LOW
        else:
            predictor += delta
            if predictor > _HIGH:
                predictor = _HIGH
        index += index_steps[code & 7]
        if index < 0:
            index = 0
        elif index > _INDEX_MAX:
            index = _INDEX_MAX
        pcm[n] = predictor
        n += 1
