"""Native twins of `ptt.media.voice_period`: the period of a voice, and what goes on with it.

A badge with room loads this beside the package's other functions: `ptt.media.voice_dsp.use`.
"""

from array import array

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import FRAME_SAMPLES

if TYPE_CHECKING:
    from micropython import ptr16, ptr32  # pyright: ignore[reportAttributeAccessIssue]

_PERIOD_MIN = const(40)
_PERIOD_MAX = const(256)
_TEMPLATE = const(128)
_COARSE = const(4)
_COUNT_MAX = const(256)  # of samples that are blended: their weights fit 12 bits
_FULL_Q14 = const(16384)
_STEP_SAMPLES = const(32)
_STEP_SHIFT = const(5)
_HIGH = const(32767)

_found = array("i", [0])  # what `nearest` gives


def period(pcm: "array", at: int) -> int:
    if at < _PERIOD_MAX or at + _TEMPLATE > len(pcm):
        raise IndexError
    nearest(_found, pcm, at, _PERIOD_MIN, _PERIOD_MAX, _COARSE)
    first = max(_PERIOD_MIN, _found[0] - _COARSE + 1)
    last = min(_PERIOD_MAX, _found[0] + _COARSE - 1)
    nearest(_found, pcm, at, first, last, 1)
    return _found[0]


def repeat(
    past: "array", lag: int, phase: int, pcm: "array", gain_q14: int, slope_q14: int
) -> None:
    if not _PERIOD_MIN <= lag <= _PERIOD_MAX or len(past) < 320 or len(pcm) != FRAME_SAMPLES:
        raise IndexError
    if not 0 <= gain_q14 <= _FULL_Q14 or phase < 0:
        raise IndexError
    start = len(past) - lag
    step = 0 if phase else past[len(past) - 1] - past[start - 1]
    weight_q12 = 4096 // ((lag >> 2) + 1)
    repeat_frame(past, start, lag, phase % lag, pcm, gain_q14, slope_q14, step, weight_q12)


def blend(pcm: "array", at: int, source: "array", start: int, count: int) -> None:
    if at < 0 or start < 0 or not 0 < count <= _COUNT_MAX:
        raise IndexError
    if at + count > len(pcm) or start + count > len(source):
        raise IndexError
    blend_samples(pcm, at, source, start, count, 4096 // (count + 1))


def move(pcm: "array", at: int, source: "array", start: int, count: int) -> None:
    if at < 0 or start < 0 or count < 0:
        raise IndexError
    if at + count > len(pcm) or start + count > len(source):
        raise IndexError
    move_samples(pcm, at, source, start, count)


@micropython.viper
def nearest(found: ptr32, pcm: ptr16, at: int, lag: int, last: int, step: int):
    best = lag
    least = 0x3FFFFFFF
    end = at + _TEMPLATE
    while lag <= last:
        total = 0
        n = at
        while n < end:
            difference = (pcm[n] ^ 32768) - (pcm[n - lag] ^ 32768)
            if difference < 0:
                difference = 0 - difference
            total += difference
            n += step
        if total < least:
            least = total
            best = lag
        lag += step
    found[0] = best


@micropython.viper
def repeat_frame(
    past: ptr16,
    start: int,
    lag: int,
    place: int,
    pcm: ptr16,
    gain_q14: int,
    slope_q14: int,
    step: int,
    weight_q12: int,
):
    overlap = lag >> 2
    n = 0
    while n < FRAME_SAMPLES:
        sample = (past[start + place] ^ 32768) - 32768
        left = lag - place
        if left <= overlap:
            before = (past[start - left] ^ 32768) - 32768
            sample += (before - sample) * (overlap + 1 - left) * weight_q12 >> 12
        if n < _STEP_SAMPLES:
            sample += step * (_STEP_SAMPLES - n) >> _STEP_SHIFT
            if sample > _HIGH:
                sample = _HIGH
            elif sample < 0 - 32768:
                sample = 0 - 32768
        pcm[n] = sample * gain_q14 >> 14
        gain_q14 += slope_q14
        if gain_q14 < 0:
            gain_q14 = 0
        place += 1
        if place == lag:
            place = 0
        n += 1


@micropython.viper
def blend_samples(pcm: ptr16, at: int, source: ptr16, start: int, count: int, weight_q12: int):
    n = 0
    while n < count:
        old = (source[start + n] ^ 32768) - 32768
        new = (pcm[at + n] ^ 32768) - 32768
        pcm[at + n] = old + ((new - old) * (n + 1) * weight_q12 >> 12)
        n += 1


@micropython.viper
def move_samples(pcm: ptr16, at: int, source: ptr16, start: int, count: int):
    n = 0
    while n < count:
        pcm[at + n] = source[start + n]
        n += 1
