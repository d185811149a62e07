"""Points of Ed25519 that are nobody's key: for those of small order, one signature fits any text.

A subgroup of order eight has them, each with one encoding or more (RFC 8032, 5.1; the prime is
2^255 - 19). The sign of x, the highest bit, does not matter here.
"""

from __future__ import annotations

_P = 2**255 - 19
_SIGN = 1 << 255
# By their y: of order 4, 1, 8, 8 and 2, and what is as much modulo the prime.
_OF_ORDER_8 = 0x05FC536D880238B13933C6D305ACDFD5F098EFF289F4C345B027B2C28F95E826
_SMALL = frozenset((0, 1, _OF_ORDER_8, _P - _OF_ORDER_8, _P - 1, _P, _P + 1))


def has_small_order(key: bytes) -> bool:
    """Of a public key, 32 bytes."""
    return int.from_bytes(key, "little") & ~_SIGN in _SMALL
