"""The period of a voice, and what goes on with it where sound is missing or too much.

Speech repeats itself every 2.5 to 16 ms while a vowel lasts. A lost frame is made of the last
period (as in ITU-T G.711 appendix I), and a period can be left out without anybody hearing it
(WSOLA, Verhelst and Roelands 1993). Sound is in arrays 'h'. Each function has a native twin that
agrees to the bit, so every intermediate value fits 31 bits and only what is positive is divided.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_SAMPLES

if TYPE_CHECKING:
    from array import array

PERIOD_MIN = const(40)  # samples: 400 Hz, a child's voice
PERIOD_MAX = const(256)  # 62.5 Hz, a deep voice's
TEMPLATE = const(128)  # samples that are compared, 8 ms: of more, older ones decide, and PESQ falls
_COARSE = const(4)  # samples and periods passed over at first: a voice's period is below 2 kHz
_STEP_SHIFT = const(5)  # a step is drawn out over 32 samples, 2 ms
_LOW = const(-32768)
_HIGH = const(32767)


def period(pcm: "array", at: int) -> int:
    """The period, 40 to 256 samples, with which the 128 samples of `pcm` from `at` (256 or more)
    repeat what lies before them: that of the least distance."""
    best = _nearest(pcm, at, PERIOD_MIN, PERIOD_MAX, _COARSE)
    first = max(PERIOD_MIN, best - _COARSE + 1)
    last = min(PERIOD_MAX, best + _COARSE - 1)
    return _nearest(pcm, at, first, last, 1)


def _nearest(pcm: "array", at: int, lag: int, last: int, step: int) -> int:
    best = lag
    least = 0x3FFFFFFF
    while lag <= last:
        total = 0
        n = at
        while n < at + TEMPLATE:
            difference = pcm[n] - pcm[n - lag]
            total += difference if difference >= 0 else -difference
            n += step
        if total < least:
            least = total
            best = lag
        lag += step
    return best


def repeat(
    past: "array", lag: int, phase: int, pcm: "array", gain_q14: int, slope_q14: int
) -> None:
    """Go on behind `past` with its last `lag` samples (40 to 256, of 320 or more) again and again:
    fill `pcm` (320 samples) from the sample that comes `phase` samples later. The strength is
    `gain_q14` / 16384 (0 to 1), and `slope_q14` more from each sample to the next, but never less
    than 0.

    Towards its end a period turns into what lay before it; where `past` ends (phase 0) the step
    that there is to the period's beginning is drawn out."""
    end = len(past)
    start = end - lag
    overlap = lag >> 2
    weight_q12 = 4096 // (overlap + 1)
    step = 0
    if phase == 0:
        step = past[end - 1] - past[start - 1]
    place = phase % lag
    n = 0
    while n < FRAME_SAMPLES:
        sample = past[start + place]
        left = lag - place
        if left <= overlap:
            sample += (past[start - left] - sample) * (overlap + 1 - left) * weight_q12 >> 12
        if n < 1 << _STEP_SHIFT:
            sample += step * ((1 << _STEP_SHIFT) - n) >> _STEP_SHIFT
            if sample > _HIGH:
                sample = _HIGH
            elif sample < _LOW:
                sample = _LOW
        pcm[n] = sample * gain_q14 >> 14
        gain_q14 += slope_q14
        if gain_q14 < 0:
            gain_q14 = 0
        place += 1
        if place == lag:
            place = 0
        n += 1


def blend(pcm: "array", at: int, source: "array", start: int, count: int) -> None:
    """Come into `pcm` at `at` from `source` at `start`, within `count` samples (1 to 256). Both may
    be one array, `at` behind `start`."""
    weight_q12 = 4096 // (count + 1)
    n = 0
    while n < count:
        old = source[start + n]
        pcm[at + n] = old + ((pcm[at + n] - old) * (n + 1) * weight_q12 >> 12)
        n += 1


def move(pcm: "array", at: int, source: "array", start: int, count: int) -> None:
    """Copy `count` samples of `source` from `start` into `pcm` at `at`; within one array towards
    its beginning."""
    n = 0
    while n < count:
        pcm[at + n] = source[start + n]
        n += 1
