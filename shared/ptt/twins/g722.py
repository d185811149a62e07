"""G.722 at 64 kbit/s, one 20 ms frame of 160 bytes at a time.

Two bands of 8 kHz, the lower with 6 bits a sample, the upper with 2, each an adaptive differential
coder that predicts from two poles and six zeros. Variables, tables and arithmetic are those of
ITU-T Recommendation G.722, clauses 3, 4 and 6.2; results are the same to the bit. The state runs
on from frame to frame, so a lost one is heard a little longer than with IMA frames. As bytecode it
is too slow for a badge.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_SAMPLES
from ..media.g722_tables import ILB, Q6, QM2, QM4, QM6, TABLES, WH, WL, H

if TYPE_CHECKING:
    from array import array

    from ..base.compat import Buffer

FRAME_BYTES = const(160)

# Where things lie in a band's state: lower band from 0, upper from 32.
_S = const(0)  # the predicted sample
_SZ = const(1)  # its part from the zeros
_NB = const(2)  # logarithm of the step
_R = const(3)  # the two last reconstructed samples
_A = const(5)  # poles
_P = const(7)  # the two last samples reconstructed without the poles
_D = const(9)  # the six last differences
_B = const(15)  # zeros
_UPPER = const(32)
_LINE = const(64)
_KEPT = const(22)  # samples of the line from before the frame


def encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    """Code `pcm` (320 samples, array 'h') into 160 bytes of `out` from `at`."""
    n = 0
    while n < FRAME_SAMPLES:
        state[_LINE + _KEPT + n] = pcm[n]
        n += 1
    n = 0
    while n < FRAME_SAMPLES:
        odd = _filter(state, n, 0)
        even = _filter(state, n + 1, 11)
        out[at] = _code_upper(state, even - odd >> 14) << 6 | _code_lower(state, even + odd >> 14)
        at += 1
        n += 2
    _keep_line(state)


def decode(state: "array", data: "Buffer", at: int, pcm: "array") -> None:
    """Decode the 160 bytes of `data` from `at` into `pcm` (320 samples, array 'h').

    Total for any input."""
    n = 0
    while n < FRAME_SAMPLES:
        low = _decode_lower(state, data[at] & 63)
        high = _decode_upper(state, data[at] >> 6)
        state[_LINE + _KEPT + n] = low + high
        state[_LINE + _KEPT + 1 + n] = low - high
        pcm[n] = _saturated(_filter(state, n + 1, 11) >> 11)
        pcm[n + 1] = _saturated(_filter(state, n, 0) >> 11)
        at += 1
        n += 2
    _keep_line(state)


def _filter(state: "array", n: int, first: int) -> int:
    """Every second sample of the line from `n` on, times the coefficients, upwards from the first
    (`first` = 0) or downwards from the last (11)."""
    total = 0
    place = _LINE + n
    tap = 0
    while tap < 12:
        total += state[place] * TABLES[H + (first - tap if first else tap)]
        place += 2
        tap += 1
    return total


def _keep_line(state: "array") -> None:
    n = _LINE
    while n < _LINE + _KEPT:
        state[n] = state[n + FRAME_SAMPLES]
        n += 1


def _saturated(value: int) -> int:
    if value > 32767:
        return 32767
    return value if value >= -32768 else -32768


def _code_lower(state: "array", sample: int) -> int:
    difference = _saturated(sample - state[_S])
    step = _step(state, 0)
    rest = difference if difference >= 0 else -(difference + 1)
    level = 0
    while level < 29 and rest >= TABLES[Q6 + level] * step >> 12:
        level += 1
    if difference >= 0:
        code = 61 - level
    else:
        code = 63 - level if level < 2 else 33 - level
    _adapt_lower(state, code >> 2, step)
    return code


def _code_upper(state: "array", sample: int) -> int:
    difference = _saturated(sample - state[_UPPER])
    step = _step(state, _UPPER)
    rest = difference if difference >= 0 else -(difference + 1)
    code = 2 if difference >= 0 else 0
    if rest < 564 * step >> 12:
        code += 1
    _adapt_upper(state, code, step)
    return code


def _decode_lower(state: "array", code: int) -> int:
    step = _step(state, 0)
    sample = state[_S] + (step * TABLES[QM6 + code] >> 15)
    _adapt_lower(state, code >> 2, step)
    return _limited(sample)


def _decode_upper(state: "array", code: int) -> int:
    step = _step(state, _UPPER)
    sample = state[_UPPER] + (step * TABLES[QM2 + code] >> 15)
    _adapt_upper(state, code, step)
    return _limited(sample)


def _limited(value: int) -> int:
    if value > 16383:
        return 16383
    return value if value >= -16384 else -16384


def _step(state: "array", band: int) -> int:
    """The quantizer's step, from its logarithm (blocks SCALEL and SCALEH)."""
    nb = state[band + _NB]
    shift = (10 if band else 8) - (nb >> 11)
    power = TABLES[ILB + (nb >> 6 & 31)]
    return (power >> shift if shift >= 0 else power << -shift) << 2


def _adapt_lower(state: "array", code: int, step: int) -> None:
    nb = (state[_NB] * 127 >> 7) + TABLES[WL + code]
    state[_NB] = 0 if nb < 0 else 18432 if nb > 18432 else nb
    _adapt(state, 0, step * TABLES[QM4 + code] >> 15)


def _adapt_upper(state: "array", code: int, step: int) -> None:
    nb = (state[_UPPER + _NB] * 127 >> 7) + TABLES[WH + code]
    state[_UPPER + _NB] = 0 if nb < 0 else 22528 if nb > 22528 else nb
    _adapt(state, _UPPER, step * TABLES[QM2 + code] >> 15)


def _adapt(state: "array", band: int, d: int) -> None:
    """Predict the band's next sample after the quantized difference `d` (block 4)."""
    r = _saturated(state[band + _S] + d)
    p = _saturated(state[band + _SZ] + d)
    _adapt_poles(state, band, p)
    sz = _adapt_zeros(state, band, d)
    r_before = state[band + _R]
    state[band + _R + 1] = r_before
    state[band + _R] = r
    state[band + _P + 1] = state[band + _P]
    state[band + _P] = p
    sp = state[band + _A] * _saturated(r + r) >> 15
    sp = _saturated(sp + (state[band + _A + 1] * _saturated(r_before + r_before) >> 15))
    state[band + _SZ] = sz
    state[band + _S] = _saturated(sp + sz)


def _adapt_poles(state: "array", band: int, p: int) -> None:
    """UPPOL2 and UPPOL1."""
    is_same = (p ^ state[band + _P]) >= 0  # as the sign before
    a = _saturated(state[band + _A] << 2)
    if is_same:
        a = -a
        if a > 32767:
            a = 32767
    second = (a >> 7) + (state[band + _A + 1] * 32512 >> 15)
    second += 128 if (p ^ state[band + _P + 1]) >= 0 else -128
    if second > 12288:
        second = 12288
    elif second < -12288:
        second = -12288
    first = (state[band + _A] * 32640 >> 15) + (192 if is_same else -192)
    bound = 15360 - second
    if first > bound:
        first = bound
    elif first < -bound:
        first = -bound
    state[band + _A] = first
    state[band + _A + 1] = second


def _adapt_zeros(state: "array", band: int, d: int) -> int:
    """UPZERO, DELAYA and FILTEZ; returns what the zeros predict."""
    sz = 0
    tap = 5
    while tap >= 0:
        before = state[band + _D + tap]
        change = 0 if d == 0 else 128 if (before ^ d) >= 0 else -128
        b = (state[band + _B + tap] * 32640 >> 15) + change
        state[band + _B + tap] = b
        newer = state[band + _D + tap - 1] if tap else d
        state[band + _D + tap] = newer
        sz += b * _saturated(newer + newer) >> 15
        tap -= 1
    return _saturated(sz)
