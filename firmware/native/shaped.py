"""Native twin of `ptt.twins.shaped`: the better coder of IMA-ADPCM, in the same three steps.

Loops over coefficients are written out, because locals are read several times faster than arrays.
Names, scaling and biases are those of the bytecode twin.
"""

from array import array

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import room_noise
from ptt.media.adpcm import _STEPS

if TYPE_CHECKING:
    from micropython import ptr8, ptr16, ptr32  # pyright: ignore[reportAttributeAccessIssue]

_ORDER = const(16)
_SURVIVORS = const(2)
_STATE_INTS = const(20)
_ROOM = const(18)
X_BIAS = const(4096)
A_BIAS = const(65536)
_WORK_INTS = const(18)
_PEAK_MIN = const(32)
_COST_MAX = const(0x3FFFFFFF)
_ERROR_MAX = const(8191)
_ERROR_ZERO = const(8192)
_INDEX_MAX = const(88)
_HIGH = const(32767)

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

_line = array("H", bytes(2 * (_ORDER + FRAME_SAMPLES)))
_correlation = array("H", bytes(2 * (_ORDER + 2)))
_generators = array("H", bytes(4 * (_ORDER + 1)))
_coefficients = array("i", bytes(4 * _ORDER))
_work = array("i", bytes(4 * _WORK_INTS))
_errors = array("H", bytes(2 * 32 * _SURVIVORS))
_trace = bytearray(FRAME_SAMPLES * _SURVIVORS)


def ima_encode_shaped(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    if len(state) < _STATE_INTS or len(pcm) != FRAME_SAMPLES:
        raise IndexError
    if at < 0 or at + ADPCM_FRAME_BYTES > len(out):
        raise IndexError
    autocorrelate(pcm, _line, _correlation)
    peak = _correlation[_ORDER + 1]
    is_noisy = room_noise.follow(state, _ROOM, peak)
    whiten(_correlation, _generators, _GAMMA_NOISY if is_noisy else _GAMMA_CLEAN, _coefficients)
    search(state, pcm, out, at, peak, _coefficients, _STEPS, _work, _errors, _trace)


@micropython.viper
def autocorrelate(pcm: ptr16, line: ptr16, correlation: ptr16):
    peak = 0
    n = 0
    while n < FRAME_SAMPLES:
        s = (pcm[n] ^ 32768) - 32768
        if s < 0:
            s = 0 - s
        if s > peak:
            peak = s
        n += 1
    n = 0
    while n <= _ORDER:
        correlation[n] = 32768
        n += 1
    correlation[_ORDER + 1] = peak
    if peak < _PEAK_MIN:
        return
    up = 0
    while peak << up < 16384:
        up += 1
    n = 0
    while n < _ORDER:
        line[n] = X_BIAS
        n += 1
    r0 = 0
    r1 = 0
    r2 = 0
    r3 = 0
    r4 = 0
    r5 = 0
    r6 = 0
    r7 = 0
    r8 = 0
    r9 = 0
    r10 = 0
    r11 = 0
    r12 = 0
    r13 = 0
    r14 = 0
    r15 = 0
    r16 = 0
    n = 0
    while n < FRAME_SAMPLES:
        s = (2 * n + 1) * (2 * FRAME_SAMPLES - 1 - 2 * n) >> 2
        s = (((pcm[n] ^ 32768) - 32768) << up) * (s * s >> 15) >> 18
        line[_ORDER + n] = s + X_BIAS
        q = ptr16(int(line) + (n << 1))
        r0 += s * (q[16] - X_BIAS)
        r1 += s * (q[15] - X_BIAS)
        r2 += s * (q[14] - X_BIAS)
        r3 += s * (q[13] - X_BIAS)
        r4 += s * (q[12] - X_BIAS)
        r5 += s * (q[11] - X_BIAS)
        r6 += s * (q[10] - X_BIAS)
        r7 += s * (q[9] - X_BIAS)
        r8 += s * (q[8] - X_BIAS)
        r9 += s * (q[7] - X_BIAS)
        r10 += s * (q[6] - X_BIAS)
        r11 += s * (q[5] - X_BIAS)
        r12 += s * (q[4] - X_BIAS)
        r13 += s * (q[3] - X_BIAS)
        r14 += s * (q[2] - X_BIAS)
        r15 += s * (q[1] - X_BIAS)
        r16 += s * (q[0] - X_BIAS)
        n += 1
    r0 += (r0 >> 10) + 1
    up = 0
    while r0 << up < 1 << 29:
        up += 1
    correlation[0] = (r0 << up >> 15) - (r0 << up >> 20) + 32768
    correlation[1] = (r1 << up >> 15) - (r1 << up >> 20) + 32768
    correlation[2] = (r2 << up >> 15) - (r2 << up >> 20) + 32768
    correlation[3] = (r3 << up >> 15) - (r3 << up >> 20) + 32768
    correlation[4] = (r4 << up >> 15) - (r4 << up >> 20) + 32768
    correlation[5] = (r5 << up >> 15) - (r5 << up >> 20) + 32768
    correlation[6] = (r6 << up >> 15) - (r6 << up >> 20) + 32768
    correlation[7] = (r7 << up >> 15) - (r7 << up >> 20) + 32768
    correlation[8] = (r8 << up >> 15) - (r8 << up >> 20) + 32768
    correlation[9] = (r9 << up >> 15) - (r9 << up >> 20) + 32768
    correlation[10] = (r10 << up >> 15) - (r10 << up >> 20) + 32768
    correlation[11] = (r11 << up >> 15) - (r11 << up >> 20) + 32768
    correlation[12] = (r12 << up >> 15) - (r12 << up >> 20) + 32768
    correlation[13] = (r13 << up >> 15) - (r13 << up >> 20) + 32768
    correlation[14] = (r14 << up >> 15) - (r14 << up >> 20) + 32768
    correlation[15] = (r15 << up >> 15) - (r15 << up >> 20) + 32768
    correlation[16] = (r16 << up >> 15) - (r16 << up >> 20) + 32768


@micropython.viper
def whiten(correlation: ptr16, generators: ptr16, gamma: ptr16, coefficients: ptr32):
    k = 0
    while k <= _ORDER:
        generators[k] = correlation[k]
        generators[_ORDER + 1 + k] = correlation[k]
        k += 1
    k = 0
    while k < _ORDER:
        coefficients[k] = A_BIAS
        k += 1
    order = 1
    while order <= _ORDER:
        top = generators[1] - 32768
        bottom = generators[0] - 32768
        rest = top
        if top < 0:
            rest = 0 - top
        if bottom <= 0 or rest > bottom:
            break
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
            reflection = 0 - reflection
        generators[0] = generators[0] + (top * reflection + 16384 >> 15)
        k = 1
        while k <= _ORDER - order:
            a = generators[k + 1] - 32768
            b = generators[_ORDER + 1 + k] - 32768
            generators[k] = a + (b * reflection + 16384 >> 15) + 32768
            generators[_ORDER + 1 + k] = b + (a * reflection + 16384 >> 15) + 32768
            k += 1
        low = 0
        high = order - 2
        while low <= high:
            a = coefficients[low] - A_BIAS
            b = coefficients[high] - A_BIAS
            top = a + (b * reflection + 16384 >> 15)
            if top > 65535:
                top = 65535
            elif top < 0 - 65535:
                top = 0 - 65535
            coefficients[low] = top + A_BIAS
            top = b + (a * reflection + 16384 >> 15)
            if top > 65535:
                top = 65535
            elif top < 0 - 65535:
                top = 0 - 65535
            coefficients[high] = top + A_BIAS
            low += 1
            high -= 1
        coefficients[order - 1] = (reflection >> 3) + A_BIAS
        order += 1
    top = 0
    k = 0
    while k < _ORDER:
        a = (coefficients[k] - A_BIAS) * gamma[k] >> 17
        coefficients[k] = a + A_BIAS
        if a < 0:
            a = 0 - a
        top += a
        k += 1
    if top > 65535:
        k = 0
        while k < _ORDER:
            coefficients[k] = A_BIAS
            k += 1


# Where things lie in `work`: as in the bytecode twin.
_PREDICTOR = const(0)
_INDEX = const(2)
_COST = const(4)
_C_KEY = const(6)
_C_COST = const(9)
_C_ERROR = const(12)
_C_TRACE = const(15)
_NOBODY = const(3)


@micropython.viper
def search(
    state: ptr32,
    pcm: ptr16,
    out: ptr8,
    at: int,
    peak: int,
    coefficients: ptr32,
    steps: ptr16,
    work: ptr32,
    errors: ptr16,
    trace: ptr8,
):
    quiet = 0
    while peak >> quiet + 12:
        quiet += 1
    c1 = coefficients[0] - A_BIAS
    c2 = coefficients[1] - A_BIAS
    c3 = coefficients[2] - A_BIAS
    c4 = coefficients[3] - A_BIAS
    c5 = coefficients[4] - A_BIAS
    c6 = coefficients[5] - A_BIAS
    c7 = coefficients[6] - A_BIAS
    c8 = coefficients[7] - A_BIAS
    c9 = coefficients[8] - A_BIAS
    c10 = coefficients[9] - A_BIAS
    c11 = coefficients[10] - A_BIAS
    c12 = coefficients[11] - A_BIAS
    c13 = coefficients[12] - A_BIAS
    c14 = coefficients[13] - A_BIAS
    c15 = coefficients[14] - A_BIAS
    c16 = coefficients[15] - A_BIAS
    c_sum = c1 + c2 + c3 + c4 + c5 + c6 + c7 + c8
    c_sum += c9 + c10 + c11 + c12 + c13 + c14 + c15 + c16
    c_sum *= _ERROR_ZERO
    k = 0
    while k < _ORDER:
        error = state[2 + k] ^ _ERROR_ZERO
        errors[k] = error
        errors[k + 16] = error
        k += 1
    predictor = ((state[0] & 65535) ^ 32768) - 32768
    work[_PREDICTOR] = predictor + 32768
    work[_INDEX] = state[1]
    work[_COST] = 0
    work[_COST + 1] = _COST_MAX
    out[at] = predictor >> 8
    out[at + 1] = predictor
    out[at + 2] = state[1]
    out[at + 3] = 0
    slot = 0  # of the first survivor, in bytes; the other's is 64 - slot
    n = 0
    while n < FRAME_SAMPLES:
        sample = (pcm[n] ^ 32768) - 32768
        ring = (n & 15) << 1
        e = ptr16(int(errors) + slot + ring)
        candidate = ptr32(int(work) + (_C_KEY << 2))
        candidate[_C_COST - _C_KEY + 2] = _COST_MAX
        k = 0
        while k < 2 and work[_COST + k] < _COST_MAX:
            total = c1 * e[15] + c2 * e[14] + c3 * e[13] + c4 * e[12]
            total += c5 * e[11] + c6 * e[10] + c7 * e[9] + c8 * e[8]
            total += c9 * e[7] + c10 * e[6] + c11 * e[5] + c12 * e[4]
            total += c13 * e[3] + c14 * e[2] + c15 * e[1] + c16 * e[0]
            target = sample + (total - c_sum >> 10)
            survivor = ptr32(int(work) + (k << 2))
            predictor = survivor[_PREDICTOR] - 32768
            index = survivor[_INDEX]
            step = steps[index]
            rest = target - predictor
            code = 0
            if rest < 0:
                code = 8
                rest = 0 - rest
            if rest >= step:
                code |= 4
                rest -= step
            if rest >= step >> 1:
                code |= 2
                rest -= step >> 1
            if rest >= step >> 2:
                code |= 1
                rest -= step >> 2
            other = code - 1
            if rest > step >> 3:
                other = code + 1
            if code & 7 == 7:
                other = code - 1
            elif code & 7 == 0 and other < code:
                other = code ^ 8
            turn = k
            while turn < 2:
                delta = step >> 3
                if code & 4:
                    delta += step
                if code & 2:
                    delta += step >> 1
                if code & 1:
                    delta += step >> 2
                if code & 8:
                    heard = predictor - delta
                    if heard < 0 - 32768:
                        heard = 0 - 32768
                else:
                    heard = predictor + delta
                    if heard > _HIGH:
                        heard = _HIGH
                following = index
                if code & 4:
                    following += ((code & 3) << 1) + 2
                    if following > _INDEX_MAX:
                        following = _INDEX_MAX
                elif index > 0:
                    following = index - 1
                weighed = target - heard
                if weighed < 0:
                    weighed = 0 - weighed
                weighed >>= quiet
                if weighed > 1023:
                    weighed = 1023
                error = sample - heard
                if error < 0 - _ERROR_MAX:
                    error = 0 - _ERROR_MAX
                elif error > _ERROR_MAX:
                    error = _ERROR_MAX
                candidate[0] = (heard + 32768 << 7) + following
                candidate[_C_COST - _C_KEY] = survivor[_COST] + weighed * weighed
                candidate[_C_ERROR - _C_KEY] = error + _ERROR_ZERO
                candidate[_C_TRACE - _C_KEY] = (k << 4) + code
                candidate = ptr32(int(candidate) + 4)
                code = other
                turn += 1
            e = ptr16(int(errors) + (64 - slot) + ring)
            k += 1
        # The best candidate, and the best of another state.
        best = 0
        rest = work[_C_COST]
        if work[_C_COST + 1] < rest:
            best = 1
            rest = work[_C_COST + 1]
        if work[_C_COST + 2] < rest:
            best = 2
            rest = work[_C_COST + 2]
        work[_COST] = rest
        key = work[_C_KEY + best]
        second = _NOBODY
        rest = _COST_MAX
        if work[_C_KEY] != key:  # then it is not the best one itself, either
            second = 0
            rest = work[_C_COST]
        if work[_C_COST + 1] < rest and work[_C_KEY + 1] != key:
            second = 1
            rest = work[_C_COST + 1]
        if work[_C_COST + 2] < rest and work[_C_KEY + 2] != key:
            second = 2
            rest = work[_C_COST + 2]
        work[_COST + 1] = rest
        # Errors stay where they are, but both survivors can come from the first one before.
        if best == 2:
            slot = 64 - slot
        elif second < 2:
            survivor = ptr32(int(errors) + slot)
            candidate = ptr32(int(errors) + (64 - slot))
            candidate[0] = survivor[0]
            candidate[1] = survivor[1]
            candidate[2] = survivor[2]
            candidate[3] = survivor[3]
            candidate[4] = survivor[4]
            candidate[5] = survivor[5]
            candidate[6] = survivor[6]
            candidate[7] = survivor[7]
            candidate[8] = survivor[8]
            candidate[9] = survivor[9]
            candidate[10] = survivor[10]
            candidate[11] = survivor[11]
            candidate[12] = survivor[12]
            candidate[13] = survivor[13]
            candidate[14] = survivor[14]
            candidate[15] = survivor[15]
        work[_PREDICTOR] = key >> 7
        work[_INDEX] = key & 127
        e = ptr16(int(errors) + slot + ring)
        error = work[_C_ERROR + best]
        e[0] = error
        e[16] = error
        trace[n * _SURVIVORS] = work[_C_TRACE + best]
        if second < _NOBODY:
            key = work[_C_KEY + second]
            work[_PREDICTOR + 1] = key >> 7
            work[_INDEX + 1] = key & 127
            e = ptr16(int(errors) + (64 - slot) + ring)
            error = work[_C_ERROR + second]
            e[0] = error
            e[16] = error
            trace[n * _SURVIVORS + 1] = work[_C_TRACE + second]
        n += 1
    # Back from the best end, which is the first, to the beginning.
    at += 4
    k = 0
    n = FRAME_SAMPLES - 1
    while n >= 0:
        code = trace[n * _SURVIVORS + k]
        if n & 1:
            out[at + (n >> 1)] = (code & 15) << 4
        else:
            out[at + (n >> 1)] = out[at + (n >> 1)] | code & 15
        k = code >> 4
        n -= 1
    state[0] = work[_PREDICTOR] - 32768
    state[1] = work[_INDEX]
    e = ptr16(int(errors) + slot)
    k = 0
    while k < _ORDER:
        state[2 + k] = e[k] ^ _ERROR_ZERO
        k += 1
