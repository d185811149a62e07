"""Native twins of `ptt.microphone.filters`: what is done with every sample that a microphone heard,
and the noise that stands for a pause.

The first three arguments of a viper function are kept in registers, so the loops' busiest variables
are arguments.
"""

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array

    from micropython import ptr16, ptr32  # pyright: ignore[reportAttributeAccessIssue]

_FRAME = const(320)
_STATE = const(12)
_FULL = const(32512)
_HIGH = const(32767)
_KNEE = const(24576)
_BITS = const(0x0FFFFFFF)  # of a filter's memory, and its sign
_SIGN = const(0x08000000)


def high_pass(state: "array", pcm: "array") -> None:
    if len(state) < _STATE or len(pcm) < _FRAME:
        raise IndexError
    high_pass_frame(pcm, 0, 0, state)


def amplify(pcm: "array", begin_q12: int, end_q12: int, shift: int) -> None:
    if len(pcm) < _FRAME:
        raise IndexError
    amplify_frame(pcm, 0, begin_q12, end_q12 - begin_q12, shift)


def hiss(state: "array", pcm: "array", mean: int) -> None:
    if len(state) < 2 or len(pcm) < _FRAME:
        raise IndexError
    hiss_frame(pcm, 0, 0, state, mean * 3)


@micropython.viper
def high_pass_frame(pcm: ptr16, sample: int, n: int, state: ptr32):
    constant = ((state[0] & _BITS) ^ _SIGN) - _SIGN
    passed = ((state[1] & _BITS) ^ _SIGN) - _SIGN
    deep = ((state[2] & _BITS) ^ _SIGN) - _SIGN
    deeper = ((state[3] & _BITS) ^ _SIGN) - _SIGN
    last = ((state[9] & _BITS) ^ _SIGN) - _SIGN
    wanted = int(state[10])
    left_in = int(state[11])
    clipped = 0
    low = 0
    level = 0
    sharp = 0
    peak = 0
    moving = 0
    while n < _FRAME:
        sample = (pcm[n] ^ 32768) - 32768
        if sample >= _FULL:
            clipped += 1
        elif sample <= 0 - _FULL:
            clipped += 1
        constant += (sample << 8) - constant >> 10
        sample -= constant >> 8
        moving = sample
        passed += (sample << 8) - passed >> 6
        deep += (sample << 8) - deep >> 5
        sample -= deep >> 8
        deeper += (sample << 8) - deeper >> 5
        sample -= deeper >> 8
        if sample >= 0:
            level += sample
        else:
            level -= sample
        sample = moving - sample
        if sample >= 0:
            low += sample
        else:
            low -= sample
        sample = moving - (passed >> 8)
        if left_in != wanted:
            if left_in < wanted:
                left_in += 1
            else:
                left_in -= 1
        if left_in:
            sample += (passed >> 8) * left_in >> 8
        if sample > _HIGH:
            sample = _HIGH
        elif sample < 0 - 32768:
            sample = 0 - 32768
        pcm[n] = sample
        n += 1
        moving = sample - last
        last = sample
        if moving >= 0:
            sharp += moving
        else:
            sharp -= moving
        if sample < 0:
            sample = 0 - sample
        if sample > peak:
            peak = sample
    state[0] = constant
    state[1] = passed
    state[2] = deep
    state[3] = deeper
    state[4] = clipped
    state[5] = low
    state[6] = level
    state[7] = sharp
    state[8] = peak
    state[9] = last
    state[11] = left_in


@micropython.viper
def amplify_frame(pcm: ptr16, n: int, strength: int, change: int, shift: int):
    sample = 0
    begin = strength
    samples = 1 << shift
    while n < _FRAME:
        if n <= samples:
            strength = begin + (change * n >> shift)
        sample = ((pcm[n] ^ 32768) - 32768) * strength >> 12
        if sample > _KNEE:
            sample = _KNEE + (sample - _KNEE >> 2)
            if sample > _HIGH:
                sample = _HIGH
        elif sample < 0 - _KNEE:
            sample = 0 - _KNEE - (0 - _KNEE - sample >> 2)
            if sample < 0 - 32768:
                sample = 0 - 32768
        pcm[n] = sample
        n += 1


@micropython.viper
def hiss_frame(pcm: ptr16, seed: int, n: int, state: ptr32, strength: int):
    seed = int(state[0])
    last = ((state[1] & _BITS) ^ _SIGN) - _SIGN
    sample = 0
    while n < _FRAME:
        seed = seed * 1021 + 12345 & 0xFFFFF
        sample = (seed >> 8) - 2048
        last = (last + sample) * strength >> 12
        if last > _HIGH:
            last = _HIGH
        elif last < 0 - _HIGH:
            last = 0 - _HIGH
        pcm[n] = last
        last = sample
        n += 1
    state[0] = seed
    state[1] = last
