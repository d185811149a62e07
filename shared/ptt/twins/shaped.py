"""A better IMA-ADPCM coder for the same bitstream: its noise hides below the speech.

The plain coder's noise is as loud at all pitches. This one lets it follow the frame's spectrum,
where the ear takes it for speech (noise feedback, Atal and Schroeder 1979), and keeps two codings
in mind until the frame is over instead of taking each sample's nearest code (M-algorithm).
Three steps: `autocorrelate`, `whiten`, `search`. Each has a native twin that agrees to the bit, so
every intermediate value fits 32 bits. As bytecode it is far too slow for a badge.
"""

from array import array

from ..base.compat import const
from ..base.numbers import FRAME_SAMPLES
from ..media import room_noise
from ..media.adpcm import _INDEX_STEPS, _STEPS

ORDER = const(16)  # coefficients of the noise filter; 10 cost 0.05 PESQ
SURVIVORS = const(2)  # codings kept in mind: one costs 0.07 PESQ, three would bring 0.03
STATE_INTS = const(20)  # predictor and step index as of the plain coder, last errors, room noise
X_BIAS = const(4096)  # windowed samples are kept with this added: native code loads no signs
ERROR_MAX = const(8191)  # errors that the filter sees are clipped to this, then have 8192 added
A_BIAS = const(65536)  # likewise coefficients
WORK_INTS = const(18)  # see `search`

_ROOM = const(18)  # where in the state `room_noise` is
_PEAK_MIN = const(32)  # below it the frame is silence, which has no spectrum to follow
_COST_MAX = const(0x3FFFFFFF)
_ERROR_ZERO = const(8192)
_X_SHIFT = const(18)  # windowed samples stay below 2501, so a sum of 320 products below 2^30
_INDEX_MAX = const(88)
_LOW = const(-32768)
_HIGH = const(32767)

# How far the noise follows the spectrum: powers of 0.84 and of 0.6 in Q15, from the first. In a
# noisy room 0.84 is right (PESQ 3.67 instead of 3.44), in a booth 0.6 (3.85 instead of 3.43).
# fmt: off
_GAMMA_NOISY = array("h", (
    27525, 23121, 19422, 16314, 13704, 11511, 9670, 8122, 6823,
    5731, 4814, 4044, 3397, 2853, 2397, 2013,
))
_GAMMA_CLEAN = array("h", (
    19661, 11796, 7078, 4247, 2548, 1529, 917, 550, 330,
    198, 119, 71, 43, 26, 15, 9,
))
# fmt: on

_line = array("H", bytes(2 * (ORDER + FRAME_SAMPLES)))
_correlation = array("H", bytes(2 * (ORDER + 2)))
_generators = array("H", bytes(4 * (ORDER + 1)))
_coefficients = array("i", bytes(4 * ORDER))
_work = array("i", bytes(4 * WORK_INTS))
_errors = array("H", bytes(2 * 32 * SURVIVORS))
_trace = bytearray(FRAME_SAMPLES * SURVIVORS)


def encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    """Code `pcm` (320 samples, array 'h') into 164 bytes of `out` from `at`.

    `state`: 20 ints (array 'i'), zeros at the start of a burst but for the last two, the room's."""
    autocorrelate(pcm, _line, _correlation)
    peak = _correlation[ORDER + 1]
    is_noisy = room_noise.follow(state, _ROOM, peak)
    whiten(_correlation, _generators, _GAMMA_NOISY if is_noisy else _GAMMA_CLEAN, _coefficients)
    search(state, pcm, out, at, peak, _coefficients, _STEPS, _work, _errors, _trace)


def autocorrelate(pcm: "array", line: "array", correlation: "array") -> None:
    """`correlation` (18 values, array 'H') gets lags 0 to 16, scaled so that lag 0 is near 31,000
    and with 32768 added, zero for silence; behind them the frame's largest magnitude.

    `line`: 336 values, array 'H', for the windowed samples."""
    peak = 0
    n = 0
    while n < FRAME_SAMPLES:
        sample = pcm[n]
        if sample < 0:
            sample = -sample
        if sample > peak:
            peak = sample
        n += 1
    k = 0
    while k <= ORDER:
        correlation[k] = 32768
        k += 1
    correlation[ORDER + 1] = peak
    if peak < _PEAK_MIN:
        return
    up = 0
    while peak << up < 16384:
        up += 1
    n = 0
    while n < ORDER:
        line[n] = X_BIAS
        n += 1
    n = 0
    while n < FRAME_SAMPLES:  # the window is a parabola squared, much like Hann's
        window = (2 * n + 1) * (2 * FRAME_SAMPLES - 1 - 2 * n) >> 2
        line[ORDER + n] = ((pcm[n] << up) * (window * window >> 15) >> _X_SHIFT) + X_BIAS
        n += 1
    energy = _lag(line, 0)
    energy += (energy >> 10) + 1  # as if white noise 30 dB below were there: no sharp filters
    up = 0
    while energy << up < 1 << 29:
        up += 1
    k = 0
    while k <= ORDER:
        lag = (_lag(line, k) if k else energy) << up
        correlation[k] = (lag >> 15) - (lag >> 20) + 32768
        k += 1


def _lag(line: "array", k: int) -> int:
    total = 0
    n = ORDER
    while n < ORDER + FRAME_SAMPLES:
        total += (line[n] - X_BIAS) * (line[n - k] - X_BIAS)
        n += 1
    return total


def whiten(
    correlation: "array", generators: "array", gamma: "array", coefficients: "array"
) -> None:
    """`coefficients` gets the 16 of the filter that whitens the frame, softened by `gamma`, in Q10
    with 65536 added (reflection coefficients after Le Roux and Gueguen 1977, then step-up).

    `generators`: 34 values, array 'H', for what lies between."""
    k = 0
    while k <= ORDER:
        generators[k] = correlation[k]
        generators[ORDER + 1 + k] = correlation[k]
        k += 1
    k = 0
    while k < ORDER:
        coefficients[k] = A_BIAS
        k += 1
    order = 1
    while order <= ORDER:
        top = generators[1] - 32768
        bottom = generators[0] - 32768
        rest = top if top >= 0 else -top
        if bottom <= 0 or rest > bottom:
            break  # rounding has used up what could be predicted
        reflection = 0
        k = 0
        while k < 15:
            reflection <<= 1
            rest <<= 1
            if rest >= bottom:
                rest -= bottom
                reflection += 1
            k += 1
        if top > 0:
            reflection = -reflection
        _schur(generators, ORDER - order, top, reflection)
        _step_up(coefficients, order, reflection)
        order += 1
    _soften(coefficients, gamma)


def _schur(generators: "array", count: int, top: int, reflection: int) -> None:
    generators[0] += top * reflection + 16384 >> 15
    k = 1
    while k <= count:
        ahead = generators[k + 1] - 32768
        behind = generators[ORDER + 1 + k] - 32768
        generators[k] = ahead + (behind * reflection + 16384 >> 15) + 32768
        generators[ORDER + 1 + k] = behind + (ahead * reflection + 16384 >> 15) + 32768
        k += 1


def _step_up(coefficients: "array", order: int, reflection: int) -> None:
    """From order - 1 to order, in Q12; the new coefficient is the reflection (Q15)."""
    low = 0
    high = order - 2
    while low <= high:
        a = coefficients[low] - A_BIAS
        b = coefficients[high] - A_BIAS
        coefficients[low] = _bounded(a + (b * reflection + 16384 >> 15)) + A_BIAS
        coefficients[high] = _bounded(b + (a * reflection + 16384 >> 15)) + A_BIAS
        low += 1
        high -= 1
    coefficients[order - 1] = (reflection >> 3) + A_BIAS


def _bounded(a: int) -> int:
    if a > 65535:
        return 65535
    return a if a > -65535 else -65535


def _soften(coefficients: "array", gamma: "array") -> None:
    total = 0
    k = 0
    while k < ORDER:
        a = (coefficients[k] - A_BIAS) * gamma[k] >> 17
        coefficients[k] = a + A_BIAS
        total += a if a >= 0 else -a
        k += 1
    if total > 65535:  # no speech: its sums could outgrow 31 bits
        k = 0
        while k < ORDER:
            coefficients[k] = A_BIAS
            k += 1


# Where things lie in `work`: of the two survivors, then of the three candidates.
_PREDICTOR = const(0)  # with 32768 added
_INDEX = const(2)
_COST = const(4)
_C_KEY = const(6)  # predictor with 32768 added, times 128, plus step index
_C_COST = const(9)
_C_ERROR = const(12)  # with 8192 added
_C_TRACE = const(15)  # survivor before times 16, plus code
_NOBODY = const(3)


def search(
    state: "array",
    pcm: "array",
    out: bytearray,
    at: int,
    peak: int,
    coefficients: "array",
    steps: "array",
    work: "array",
    errors: "array",
    trace: bytearray,
) -> None:
    """Code the frame so that the error, filtered, is small. `work` (18 ints), `errors` (array 'H',
    twice the last 16 errors, kept twice each so that they can be read in one run) and `trace`
    (640 bytes: survivor before and code, of each sample and survivor) are scratch."""
    quiet = 0
    while peak >> quiet + 12:
        quiet += 1
    c_sum = 0
    k = 0
    while k < ORDER:
        c_sum += coefficients[k] - A_BIAS
        error = state[2 + k] ^ _ERROR_ZERO
        errors[k] = error
        errors[k + 16] = error
        k += 1
    work[_PREDICTOR] = state[0] + 32768
    work[_INDEX] = state[1]
    work[_COST] = 0
    work[_COST + 1] = _COST_MAX  # there is no second one yet
    out[at] = state[0] >> 8 & 255
    out[at + 1] = state[0] & 255
    out[at + 2] = state[1]
    out[at + 3] = 0
    slot = 0  # where in `errors` those of the first survivor are; the other's are at 32 - slot
    n = 0
    while n < FRAME_SAMPLES:
        ring = n & 15
        _candidates(pcm[n], slot + ring, 0, quiet, c_sum, coefficients, steps, work, errors)
        if work[_COST + 1] < _COST_MAX:
            _candidates(
                pcm[n], 32 - slot + ring, 1, quiet, c_sum, coefficients, steps, work, errors
            )
        else:
            work[_C_COST + 2] = _COST_MAX
        slot = _select(n, slot, work, errors, trace)
        n += 1
    _write_codes(out, at + 4, trace)
    state[0] = work[_PREDICTOR] - 32768
    state[1] = work[_INDEX]
    k = 0
    while k < ORDER:
        state[2 + k] = errors[slot + k] ^ _ERROR_ZERO
        k += 1


def _candidates(
    sample: int,
    base: int,
    k: int,
    quiet: int,
    c_sum: int,
    coefficients: "array",
    steps: "array",
    work: "array",
    errors: "array",
) -> None:
    """Survivor `k` with the nearest code and, of the first survivor, with the second nearest."""
    total = 0
    tap = 0
    while tap < ORDER:
        total += (coefficients[tap] - A_BIAS) * errors[base + 15 - tap]
        tap += 1
    target = sample + (total - c_sum * _ERROR_ZERO >> 10)
    predictor = work[_PREDICTOR + k] - 32768
    index = work[_INDEX + k]
    step = steps[index]
    rest = target - predictor
    code = 0
    if rest < 0:
        code = 8
        rest = -rest
    if rest >= step:
        code |= 4
        rest -= step
    if rest >= step >> 1:
        code |= 2
        rest -= step >> 1
    if rest >= step >> 2:
        code |= 1
        rest -= step >> 2
    other = code + 1 if rest > step >> 3 else code - 1
    if code & 7 == 7:
        other = code - 1
    elif code & 7 == 0 and other < code:
        other = code ^ 8
    count = k << 1
    while count < 2 + k:
        delta = step >> 3
        if code & 4:
            delta += step
        if code & 2:
            delta += step >> 1
        if code & 1:
            delta += step >> 2
        heard = predictor - delta if code & 8 else predictor + delta
        if heard < _LOW:
            heard = _LOW
        elif heard > _HIGH:
            heard = _HIGH
        following = index + _INDEX_STEPS[code & 7]
        if following < 0:
            following = 0
        elif following > _INDEX_MAX:
            following = _INDEX_MAX
        weighed = target - heard
        if weighed < 0:
            weighed = -weighed
        weighed >>= quiet
        if weighed > 1023:  # so that the cost of a whole frame stays below 2^29
            weighed = 1023
        error = sample - heard
        if error < -ERROR_MAX:
            error = -ERROR_MAX
        elif error > ERROR_MAX:
            error = ERROR_MAX
        work[_C_KEY + count] = (heard + 32768) * 128 + following
        work[_C_COST + count] = work[_COST + k] + weighed * weighed
        work[_C_ERROR + count] = error + _ERROR_ZERO
        work[_C_TRACE + count] = k * 16 + code
        code = other
        count += 1


def _select(n: int, slot: int, work: "array", errors: "array", trace: bytearray) -> int:
    """The best candidate, and the best of another state if there is one, become the survivors;
    returns the first one's slot. Errors stay where they are; only if both survivors come from the
    same one before, they are copied. No second one can come from the second."""
    first = 1 if work[_C_COST + 1] < work[_C_COST] else 0
    if work[_C_COST + 2] < work[_C_COST + first]:
        first = 2
    key = work[_C_KEY + first]
    second = _NOBODY
    cost = _COST_MAX
    k = 0
    while k < 3:
        if work[_C_COST + k] < cost and work[_C_KEY + k] != key:
            second = k
            cost = work[_C_COST + k]
        k += 1
    if first == 2:
        slot = 32 - slot
    elif second < 2:
        k = 0
        while k < 32:
            errors[32 - slot + k] = errors[slot + k]
            k += 1
    work[_COST] = work[_C_COST + first]
    work[_COST + 1] = cost
    _succeed(n, 0, first, slot, work, errors, trace)
    if second != _NOBODY:
        _succeed(n, 1, second, 32 - slot, work, errors, trace)
    return slot


def _succeed(
    n: int, k: int, which: int, slot: int, work: "array", errors: "array", trace: bytearray
) -> None:
    """Candidate `which` becomes survivor `k`."""
    key = work[_C_KEY + which]
    work[_PREDICTOR + k] = key >> 7
    work[_INDEX + k] = key & 127
    errors[slot + (n & 15)] = work[_C_ERROR + which]
    errors[slot + (n & 15) + 16] = work[_C_ERROR + which]
    trace[n * SURVIVORS + k] = work[_C_TRACE + which]


def _write_codes(out: bytearray, at: int, trace: bytearray) -> None:
    """Back from the best end, which is the first, to the beginning."""
    k = 0
    n = FRAME_SAMPLES - 1
    while n >= 0:
        step = trace[n * SURVIVORS + k]
        if n & 1:
            out[at + (n >> 1)] = (step & 15) << 4
        else:
            out[at + (n >> 1)] |= step & 15
        k = step >> 4
        n -= 1
