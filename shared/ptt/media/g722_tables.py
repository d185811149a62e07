"""The tables of ITU-T Recommendation G.722, in one array that native code can read too. A badge
loads them only together with native code."""

from array import array

from ..base.compat import const

# Where tables lie in `TABLES`.
H = const(0)  # the filter bank's coefficients, every second one
Q6 = const(12)  # 29 decision levels of the lower band
ILB = const(41)  # 2048 * 2^(x / 32)
QM6 = const(73)  # lower band's difference by 6-bit code, then by its 4 upper bits
QM4 = const(137)
WL = const(153)  # change of the logarithm by these 4 bits
QM2 = const(169)  # upper band's difference by 2-bit code
WH = const(173)  # change of the logarithm by it

# fmt: off
TABLES = array("h", (
    3, -11, 12, 32, -210, 951, 3876, -805, 362, -156, 53, -11,

    35, 72, 110, 150, 190, 233, 276, 323, 370, 422, 473, 530, 587, 650, 714, 786, 858, 940, 1023,
    1121, 1219, 1339, 1458, 1612, 1765, 1980, 2195, 2557, 2919,

    2048, 2093, 2139, 2186, 2233, 2282, 2332, 2383, 2435, 2489, 2543, 2599, 2656, 2714, 2774, 2834,
    2896, 2960, 3025, 3091, 3158, 3228, 3298, 3371, 3444, 3520, 3597, 3676, 3756, 3838, 3922, 4008,

    -136, -136, -136, -136, -24808, -21904, -19008, -16704, -14984, -13512, -12280, -11192, -10232,
    -9360, -8576, -7856, -7192, -6576, -6000, -5456, -4944, -4464, -4008, -3576, -3168, -2776,
    -2400, -2032, -1688, -1360, -1040, -728, 24808, 21904, 19008, 16704, 14984, 13512, 12280,
    11192, 10232, 9360, 8576, 7856, 7192, 6576, 6000, 5456, 4944, 4464, 4008, 3576, 3168, 2776,
    2400, 2032, 1688, 1360, 1040, 728, 432, 136, -432, -136,

    0, -20456, -12896, -8968, -6288, -4240, -2584, -1200,
    20456, 12896, 8968, 6288, 4240, 2584, 1200, 0,

    -60, 3042, 1198, 538, 334, 172, 58, -30, 3042, 1198, 538, 334, 172, 58, -30, -60,

    -7408, -1616, 7408, 1616,

    798, -214, 798, -214,
))
# fmt: on
