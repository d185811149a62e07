"""Native twins of `ptt.media.samples`: what is constant, loudness, tones, fading, a sample more or
less, their order.

Frames are read as unsigned 16-bit values: (x ^ 32768) - 32768 gives them their sign.
"""

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from array import array

    from micropython import ptr16, ptr32  # pyright: ignore[reportAttributeAccessIssue]

_CONSTANT_SHIFT = const(10)
_KNEE = const(24576)
_HIGH = const(32767)


def centre(state: "array", pcm: "array") -> None:
    if not len(state):
        raise IndexError
    centre_frame(state, pcm, len(pcm))


def gain(pcm: "array", gain_q8: int) -> None:
    gain_frame(pcm, len(pcm), gain_q8)


def mix_tone(state: "array", pcm: "array", step: int, level_q15: int) -> None:
    if not len(state):
        raise IndexError
    mix_tone_frame(state, pcm, len(pcm), step, level_q15)


def fade(pcm: "array", shift: int) -> None:
    fade_frame(pcm, len(pcm), shift)


def slip(pcm: "array", count: int, out: "array", out_count: int) -> None:
    if count > len(pcm) or out_count > len(out) or count < 2 or out_count < 2:
        raise IndexError
    slip_frame(pcm, count, out, out_count, ((count - 1) << 15) // (out_count - 1))


def swap(pcm: "array") -> None:
    swap_samples(pcm, len(pcm))


@micropython.viper
def centre_frame(state: ptr32, pcm: ptr16, count: int):
    constant = ((state[0] & 16777215) ^ 8388608) - 8388608  # 24 bits with their sign
    n = 0
    while n < count:
        heard = (pcm[n] ^ 32768) - 32768
        constant += (heard << 8) - constant >> _CONSTANT_SHIFT
        heard -= constant >> 8
        if heard > _HIGH:
            heard = _HIGH
        elif heard < 0 - 32768:
            heard = 0 - 32768
        pcm[n] = heard
        n += 1
    state[0] = constant


@micropython.viper
def gain_frame(pcm: ptr16, count: int, gain_q8: int):
    n = 0
    while n < count:
        sample = ((pcm[n] ^ 32768) - 32768) * gain_q8 >> 8
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
def mix_tone_frame(state: ptr32, pcm: ptr16, count: int, step: int, level_q15: int):
    phase = state[0]
    n = 0
    while n < count:
        turn = phase - 32768
        rest = 32768 - turn
        if turn < 0:
            rest = 32768 + turn
        wave = turn * rest >> 13
        if wave > _HIGH:
            wave = _HIGH
        sample = ((pcm[n] ^ 32768) - 32768) + (wave * level_q15 >> 15)
        if sample > _HIGH:
            sample = _HIGH
        elif sample < 0 - 32768:
            sample = 0 - 32768
        pcm[n] = sample
        phase = phase + step & 65535
        n += 1
    state[0] = phase


@micropython.viper
def fade_frame(pcm: ptr16, count: int, shift: int):
    n = 0
    while n < count:
        if shift < 16:
            pcm[n] = ((pcm[n] ^ 32768) - 32768) >> shift
        else:
            pcm[n] = 0
        n += 1


@micropython.viper
def slip_frame(pcm: ptr16, count: int, out: ptr16, out_count: int, step: int):
    place = 0
    last = out_count - 1
    n = 0
    while n < last:
        at = place >> 15
        part = (place & 32767) >> 1
        here = (pcm[at] ^ 32768) - 32768
        out[n] = here + ((((pcm[at + 1] ^ 32768) - 32768) - here) * part >> 14)
        place += step
        n += 1
    out[n] = pcm[count - 1]


@micropython.viper
def swap_samples(pcm: ptr16, count: int):
    n = 1
    while n < count:
        sample = pcm[n]
        pcm[n] = pcm[n - 1]
        pcm[n - 1] = sample
        n += 2
