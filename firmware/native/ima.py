"""Native twins of `ptt.media.adpcm`: IMA-ADPCM frames."""

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media.adpcm import _STEPS

if TYPE_CHECKING:
    from array import array

    from micropython import ptr8, ptr16, ptr32  # pyright: ignore[reportAttributeAccessIssue]

    from ptt.wire.envelope import Buffer

_INDEX_MAX = const(88)
_HIGH = const(32767)


def ima_encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    if len(state) < 2 or len(pcm) != FRAME_SAMPLES or at < 0 or at + ADPCM_FRAME_BYTES > len(out):
        raise IndexError
    encode_frame(state, pcm, out, at, _STEPS)


def ima_decode(data: "Buffer", at: int, pcm: "array") -> None:
    if len(pcm) != FRAME_SAMPLES or at < 0 or at + ADPCM_FRAME_BYTES > len(data):
        raise IndexError
    decode_frame(data, at, pcm, _STEPS)


@micropython.viper
def encode_frame(state: ptr32, pcm: ptr16, out: ptr8, at: int, steps: ptr16):
    predictor = ((state[0] & 65535) ^ 32768) - 32768
    index = state[1]
    out[at] = predictor >> 8
    out[at + 1] = predictor
    out[at + 2] = index
    out[at + 3] = 0
    at += 4
    n = 0
    while n < FRAME_SAMPLES:
        step = steps[index]
        difference = ((pcm[n] ^ 32768) - 32768) - predictor
        code = 0
        if difference < 0:
            code = 8
            difference = 0 - difference
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
            if predictor < 0 - 32768:
                predictor = 0 - 32768
        else:
            predictor += delta
            if predictor > _HIGH:
                predictor = _HIGH
        if code & 4:
            index += ((code & 3) << 1) + 2
            if index > _INDEX_MAX:
                index = _INDEX_MAX
        elif index > 0:
            index -= 1
        if n & 1:
            out[at] = out[at] | code << 4
            at += 1
        else:
            out[at] = code
        n += 1
    state[0] = predictor
    state[1] = index


@micropython.viper
def decode_frame(data: ptr8, at: int, pcm: ptr16, steps: ptr16):
    predictor = ((data[at] << 8 | data[at + 1]) ^ 32768) - 32768
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
            if predictor < 0 - 32768:
                predictor = 0 - 32768
        else:
            predictor += delta
            if predictor > _HIGH:
                predictor = _HIGH
        if code & 4:
            index += ((code & 3) << 1) + 2
            if index > _INDEX_MAX:
                index = _INDEX_MAX
        elif index > 0:
            index -= 1
        pcm[n] = predictor
        n += 1
