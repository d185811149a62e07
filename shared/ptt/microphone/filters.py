"""Work on every sample that a microphone heard: the high-pass, its figures, and the strength; and
the noise that a listener hears in its place.

Frames are arrays 'h' of 320 samples and are changed in place. Every intermediate value fits 31
bits, so that a twin in machine code can agree to the bit.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_SAMPLES

if TYPE_CHECKING:
    from array import array

FULL = const(32512)  # -0.07 dB of full scale: nearer to it no converter's sample is whole
ONE_Q12 = const(4096)  # strength 1

STATE_INTS = const(12)
# Behind the four filters' memories, what the last frame was like; sums of 320 magnitudes.
CLIPPED = const(4)  # samples at full scale, before the filters
LOW = const(5)  # of what lies below voices, without what is constant
LEVEL = const(6)  # of what does not
SHARP = const(7)  # of the steps from each sample to the next, where hissing consonants are
PEAK = const(8)  # largest magnitude
_LAST = const(9)  # the last sample
# Of what lies below voices, of 256, what is left in: wanted, and so far.
LEFT_IN = const(10)
_LEFT_IN_NOW = const(11)  # follows by 1 a sample, within 16 ms, which nobody hears as a click
LEFT_IN_ALL = const(256)

_DC_SHIFT = const(10)  # 2.5 Hz
_PASS_SHIFT = const(6)  # 40 Hz, one pole: a steeper one turns the waves of deep voices
_LOW_SHIFT = const(5)  # 80 Hz, two poles that only measure: below it are wind, steps and hum
_Q = const(8)
_KNEE = const(24576)  # -2.5 dB: what is louder rises a quarter as fast from here
_MIDDLE = const(2048)  # of 12 random bits
_LIMIT_LOW = const(-32768)
_LIMIT_HIGH = const(32767)


def high_pass(state: "array", pcm: "array") -> None:
    """Take away what is constant, and most of what lies below voices, unless `LEFT_IN` says to
    leave it. `state`: array 'i' of `STATE_INTS`, zeros to begin; says afterwards what the frame
    was like."""
    constant = state[0]
    passed = state[1]
    deep = state[2]
    deeper = state[3]
    last = state[_LAST]
    left_in = state[_LEFT_IN_NOW]
    wanted = state[LEFT_IN]
    clipped = 0
    low = 0
    level = 0
    sharp = 0
    peak = 0
    n = 0
    while n < FRAME_SAMPLES:
        heard = pcm[n]
        if heard >= FULL or heard <= -FULL:
            clipped += 1
        constant += (heard << _Q) - constant >> _DC_SHIFT
        moving = heard - (constant >> _Q)
        passed += (moving << _Q) - passed >> _PASS_SHIFT
        sample = moving - (passed >> _Q)
        if left_in != wanted:
            left_in += 1 if left_in < wanted else -1
        if left_in:
            sample += (passed >> _Q) * left_in >> 8
        deep += (moving << _Q) - deep >> _LOW_SHIFT
        voice = moving - (deep >> _Q)
        deeper += (voice << _Q) - deeper >> _LOW_SHIFT
        voice -= deeper >> _Q
        level += voice if voice >= 0 else -voice
        moving -= voice
        low += moving if moving >= 0 else -moving
        if sample > _LIMIT_HIGH:
            sample = _LIMIT_HIGH
        elif sample < _LIMIT_LOW:
            sample = _LIMIT_LOW
        pcm[n] = sample
        step = sample - last
        last = sample
        sharp += step if step >= 0 else -step
        if sample > peak:
            peak = sample
        elif -sample > peak:
            peak = -sample
        n += 1
    state[0] = constant
    state[1] = passed
    state[2] = deep
    state[3] = deeper
    state[CLIPPED] = clipped
    state[LOW] = low
    state[LEVEL] = level
    state[SHARP] = sharp
    state[PEAK] = peak
    state[_LAST] = last
    state[_LEFT_IN_NOW] = left_in


def amplify(pcm: "array", begin_q12: int, end_q12: int, shift: int) -> None:
    """Every sample times a strength of 0 to 32767 / 4096 that goes from `begin_q12` to `end_q12`
    within 2^`shift` samples (at most 256), bent instead of cut off where too loud."""
    samples = 1 << shift
    strength = begin_q12
    n = 0
    while n < FRAME_SAMPLES:
        if n <= samples:
            strength = begin_q12 + ((end_q12 - begin_q12) * n >> shift)
        sample = pcm[n] * strength >> 12
        if sample > _KNEE:
            sample = _KNEE + (sample - _KNEE >> 2)
            if sample > _LIMIT_HIGH:
                sample = _LIMIT_HIGH
        elif sample < -_KNEE:
            sample = -_KNEE - (-_KNEE - sample >> 2)
            if sample < _LIMIT_LOW:
                sample = _LIMIT_LOW
        pcm[n] = sample
        n += 1


def hiss(state: "array", pcm: "array", mean: int) -> None:
    """Noise whose samples have the mean magnitude `mean` (1 to 28,672): each is the mean of two
    random ones, which sounds less of a hiss. `state`: array 'i' of the last random number, 1 to
    begin, and the last sample."""
    seed = state[0]
    last = state[1]
    strength = mean * 3
    n = 0
    while n < FRAME_SAMPLES:
        seed = seed * 1021 + 12345 & 0xFFFFF
        now = (seed >> 8) - _MIDDLE
        sample = (now + last) * strength >> 12
        last = now
        if sample > _LIMIT_HIGH:
            sample = _LIMIT_HIGH
        elif sample < -_LIMIT_HIGH:
            sample = -_LIMIT_HIGH
        pcm[n] = sample
        n += 1
    state[0] = seed
    state[1] = last
