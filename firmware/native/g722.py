"""Native twin of `ptt.twins.g722`: both directions in one function, which saves executable memory.

Samples and state are read as unsigned 16-bit values: (x ^ 32768) - 32768 gives them their sign.
Names and numbers are those of ITU-T Recommendation G.722, clause 6.2.
"""

import micropython
from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import FRAME_SAMPLES
from ptt.media.dsp import G722_STATE_SHORTS
from ptt.media.g722_tables import ILB, Q6, QM2, QM4, QM6, TABLES, WH, WL

if TYPE_CHECKING:
    from array import array

    from micropython import ptr8, ptr16  # pyright: ignore[reportAttributeAccessIssue]

    from ptt.wire.envelope import Buffer

_FRAME_BYTES = const(160)
_HIGH = const(32767)
_SIGN = const(32768)
_LINE = const(64)  # the filter bank's line in the state, as in the bytecode twin
_KEPT = const(22)


def g722_encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    _check(state, pcm, out, at)
    code_frame(state, pcm, out, at, TABLES, 0)


def g722_decode(state: "array", data: "Buffer", at: int, pcm: "array") -> None:
    _check(state, pcm, data, at)
    code_frame(state, pcm, data, at, TABLES, 1)


def _check(state: "array", pcm: "array", data: "Buffer", at: int) -> None:
    if len(state) < G722_STATE_SHORTS or len(pcm) != FRAME_SAMPLES:
        raise IndexError
    if at < 0 or at + _FRAME_BYTES > len(data):
        raise IndexError


@micropython.viper
def code_frame(state: ptr16, pcm: ptr16, data: ptr8, at: int, tables: ptr16, is_decoder: int):
    n = 0
    while n < FRAME_SAMPLES and is_decoder == 0:
        state[_LINE + _KEPT + n] = pcm[n]
        n += 1
    low = 0
    high = 0
    n = 0
    while n < FRAME_SAMPLES + 2 * is_decoder:
        # The filter bank splits before the bands are coded, and joins after they have been decoded:
        # there, it is one turn of the loop behind.
        place = n - 2 * is_decoder
        if place >= 0:
            x = ptr16(int(state) + (_LINE + place << 1))
            # 4096, the sum of the coefficients, times 32768, by which samples are too large here
            odd = 3 * (x[0] ^ _SIGN) - 11 * (x[2] ^ _SIGN) + 12 * (x[4] ^ _SIGN) - 134217728
            odd += 32 * (x[6] ^ _SIGN) - 210 * (x[8] ^ _SIGN) + 951 * (x[10] ^ _SIGN)
            odd += 3876 * (x[12] ^ _SIGN) - 805 * (x[14] ^ _SIGN) + 362 * (x[16] ^ _SIGN)
            odd += 0 - 156 * (x[18] ^ _SIGN) + 53 * (x[20] ^ _SIGN) - 11 * (x[22] ^ _SIGN)
            even = 3 * (x[23] ^ _SIGN) - 11 * (x[21] ^ _SIGN) + 12 * (x[19] ^ _SIGN) - 134217728
            even += 32 * (x[17] ^ _SIGN) - 210 * (x[15] ^ _SIGN) + 951 * (x[13] ^ _SIGN)
            even += 3876 * (x[11] ^ _SIGN) - 805 * (x[9] ^ _SIGN) + 362 * (x[7] ^ _SIGN)
            even += 0 - 156 * (x[5] ^ _SIGN) + 53 * (x[3] ^ _SIGN) - 11 * (x[1] ^ _SIGN)
            low = even + odd >> 14
            high = even - odd >> 14
            if is_decoder:
                even >>= 11
                if even > _HIGH:
                    even = _HIGH
                elif even < 0 - _SIGN:
                    even = 0 - _SIGN
                pcm[place] = even
                odd >>= 11
                if odd > _HIGH:
                    odd = _HIGH
                elif odd < 0 - _SIGN:
                    odd = 0 - _SIGN
                pcm[place + 1] = odd
        code = 0
        if is_decoder and n < FRAME_SAMPLES:
            code = data[at]
        sample = low
        band = 0
        while band < 64 and n < FRAME_SAMPLES:
            st = ptr16(int(state) + (band << 1))
            s = (st[0] ^ _SIGN) - _SIGN
            nb = st[2]
            # SCALEL, SCALEH
            shift = 8 - (nb >> 11)
            if band:
                shift += 2
            step = tables[ILB + (nb >> 6 & 31)]
            if shift >= 0:
                step >>= shift
            else:
                step <<= 0 - shift
            step <<= 2
            # QUANTL, QUANTH
            if is_decoder == 0:
                d = sample - s
                if d > _HIGH:
                    d = _HIGH
                elif d < 0 - _SIGN:
                    d = 0 - _SIGN
                rest = d
                if d < 0:
                    rest = 0 - d - 1
                if band:
                    if d >= 0:
                        code |= 128
                    if rest < 564 * step >> 12:
                        code |= 64
                else:
                    level = 0
                    while level < 29 and rest >= tables[Q6 + level] * step >> 12:
                        level += 1
                    code = 61 - level
                    if d < 0:
                        code -= 28
                        if level < 2:
                            code += 30
            # INVQAL, INVQBL, INVQAH
            if band:
                change = WH + (code >> 6)
                d = step * ((tables[QM2 + (code >> 6)] ^ _SIGN) - _SIGN) >> 15
                sample = s + d
            else:
                change = WL + (code >> 2 & 15)
                sample = s + (step * ((tables[QM6 + (code & 63)] ^ _SIGN) - _SIGN) >> 15)
                d = step * ((tables[QM4 + (code >> 2 & 15)] ^ _SIGN) - _SIGN) >> 15
            if is_decoder:
                if sample > 16383:
                    sample = 16383
                elif sample < 0 - 16384:
                    sample = 0 - 16384
                if band:
                    high = sample
                else:
                    low = sample
            # LOGSCL, LOGSCH
            nb = (nb * 127 >> 7) + ((tables[change] ^ _SIGN) - _SIGN)
            if nb < 0:
                nb = 0
            elif band:
                if nb > 22528:
                    nb = 22528
            elif nb > 18432:
                nb = 18432
            st[2] = nb
            # RECONS, PARREC
            r = s + d
            if r > _HIGH:
                r = _HIGH
            elif r < 0 - _SIGN:
                r = 0 - _SIGN
            p = ((st[1] ^ _SIGN) - _SIGN) + d
            if p > _HIGH:
                p = _HIGH
            elif p < 0 - _SIGN:
                p = 0 - _SIGN
            # UPPOL2, UPPOL1
            a1 = (st[5] ^ _SIGN) - _SIGN
            differs = (p >> 31 ^ st[7] >> 15) & 1  # in sign
            a2 = a1 << 2
            if a2 > _HIGH:
                a2 = _HIGH
            elif a2 < 0 - _SIGN:
                a2 = 0 - _SIGN
            first = (a1 * 32640 >> 15) - 192
            if differs == 0:
                first += 384
                a2 = 0 - a2
                if a2 > _HIGH:
                    a2 = _HIGH
            a2 = (a2 >> 7) + (((st[6] ^ _SIGN) - _SIGN) * 32512 >> 15) - 128
            differs = (p >> 31 ^ st[8] >> 15) & 1
            if differs == 0:
                a2 += 256
            if a2 > 12288:
                a2 = 12288
            elif a2 < 0 - 12288:
                a2 = 0 - 12288
            bound = 15360 - a2
            if first > bound:
                first = bound
            elif first < 0 - bound:
                first = 0 - bound
            st[5] = first
            st[6] = a2
            st[8] = st[7]
            st[7] = p
            # UPZERO, DELAYA, FILTEZ
            sz = 0
            tap = 14
            while tap > 8:
                b = (((st[tap + 6] ^ _SIGN) - _SIGN) * 32640 >> 15) - 128
                if d:
                    differs = (d >> 31 ^ st[tap] >> 15) & 1
                    if differs == 0:
                        b += 256
                else:
                    b += 128
                st[tap + 6] = b
                newer = d
                if tap > 9:
                    newer = (st[tap - 1] ^ _SIGN) - _SIGN
                st[tap] = newer
                newer <<= 1
                if newer > _HIGH:
                    newer = _HIGH
                elif newer < 0 - _SIGN:
                    newer = 0 - _SIGN
                sz += b * newer >> 15
                tap -= 1
            if sz > _HIGH:
                sz = _HIGH
            elif sz < 0 - _SIGN:
                sz = 0 - _SIGN
            st[1] = sz
            # FILTEP, PREDIC
            newer = ((st[3] ^ _SIGN) - _SIGN) << 1
            if newer > _HIGH:
                newer = _HIGH
            elif newer < 0 - _SIGN:
                newer = 0 - _SIGN
            st[4] = st[3]
            st[3] = r
            r <<= 1
            if r > _HIGH:
                r = _HIGH
            elif r < 0 - _SIGN:
                r = 0 - _SIGN
            s = (first * r >> 15) + (a2 * newer >> 15)
            if s > _HIGH:
                s = _HIGH
            elif s < 0 - _SIGN:
                s = 0 - _SIGN
            s += sz
            if s > _HIGH:
                s = _HIGH
            elif s < 0 - _SIGN:
                s = 0 - _SIGN
            st[0] = s
            if is_decoder == 0:
                sample = high
            band += 32
        if n < FRAME_SAMPLES:
            if is_decoder:
                state[_LINE + _KEPT + n] = low + high
                state[_LINE + _KEPT + 1 + n] = low - high
            else:
                data[at] = code
            at += 1
        n += 2
    n = _LINE
    while n < _LINE + _KEPT:
        state[n] = state[n + FRAME_SAMPLES]
        n += 1
