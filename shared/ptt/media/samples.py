"""Small work on every sample of a frame: what is constant, loudness, tones, fading, a sample more
or less, their order.

Frames are arrays 'h' and are changed in place. Each function has a native twin that agrees to the
bit, so every intermediate value fits 31 bits and nothing depends on how a division rounds.
"""

from ..base.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from array import array


_KNEE = const(24576)  # -2.5 dB of full scale: louder samples rise a quarter as fast from here
_CONSTANT_SHIFT = const(10)  # 64 ms at 16 kHz: an offset is gone in 0.3 s, a voice stays
_LOW = const(-32768)
_HIGH = const(32767)


def centre(state: "array", pcm: "array") -> None:
    """Take away what is constant in a microphone's frames, below 2.5 Hz: a gain would raise it,
    too. `state`: array 'i', one value, zero to begin."""
    constant = state[0]  # times 256
    n = 0
    for sample in pcm:
        constant += (sample << 8) - constant >> _CONSTANT_SHIFT
        sample -= constant >> 8
        if sample > _HIGH:
            sample = _HIGH
        elif sample < _LOW:
            sample = _LOW
        pcm[n] = sample
        n += 1
    state[0] = constant


def gain(pcm: "array", gain_q8: int) -> None:
    """Every sample times `gain_q8` / 256 (0 to 4096), bent instead of cut off where too loud."""
    n = 0
    while n < len(pcm):
        sample = pcm[n] * gain_q8 >> 8
        if sample > _KNEE:
            sample = _KNEE + (sample - _KNEE >> 2)
            if sample > _HIGH:
                sample = _HIGH
        elif sample < -_KNEE:
            sample = -_KNEE - (-_KNEE - sample >> 2)
            if sample < _LOW:
                sample = _LOW
        pcm[n] = sample
        n += 1


def mix_tone(state: "array", pcm: "array", step: int, level_q15: int) -> None:
    """Add a tone of `step` 65,536ths of a turn a sample (hertz * 65536 / 16000), as loud as
    `level_q15` / 32768 of full scale. `state`: its phase (array 'i', one value), zero to begin.

    The wave is two parabolas, a sine but for 3.8 % of its third harmonic."""
    phase = state[0]
    n = 0
    while n < len(pcm):
        turn = phase - 32768
        wave = turn * (32768 - (turn if turn >= 0 else -turn)) >> 13
        if wave > _HIGH:
            wave = _HIGH
        sample = pcm[n] + (wave * level_q15 >> 15)
        if sample > _HIGH:
            sample = _HIGH
        elif sample < _LOW:
            sample = _LOW
        pcm[n] = sample
        phase = phase + step & 65535
        n += 1
    state[0] = phase


def fade(pcm: "array", shift: int) -> None:
    """Every sample divided by 2^shift; 16 and more make silence."""
    n = 0
    while n < len(pcm):
        pcm[n] = pcm[n] >> shift if shift < 16 else 0  # what is negative would become -1
        n += 1


def slip(pcm: "array", count: int, out: "array", out_count: int) -> None:
    """The first `count` samples of `pcm` as `out_count` samples of `out`, for a clock that runs
    fast or slow: first and last stay, those between are interpolated. Both counts 2 to 1024 and
    `count` less than twice `out_count`."""
    step = ((count - 1) << 15) // (out_count - 1)
    place = 0
    n = 0
    while n < out_count - 1:
        at = place >> 15
        part = (place & 32767) >> 1  # Q14: the difference of two samples takes 17 bits
        here = pcm[at]
        out[n] = here + ((pcm[at + 1] - here) * part >> 14)
        place += step
        n += 1
    out[n] = pcm[count - 1]


def swap(pcm: "array") -> None:
    """Neighbouring samples change places, for a chip whose speaker port swaps them, too."""
    n = 1
    while n < len(pcm):
        sample = pcm[n]
        pcm[n] = pcm[n - 1]
        pcm[n - 1] = sample
        n += 2
