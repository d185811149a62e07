"""Arithmetic on a millisecond clock that wraps at 2^30, as MicroPython's `ticks_ms` does.

All engines use it, on hosts too, so that every run takes the same path and a badge that has
been up for 12.4 days behaves like a fresh one. Differences are right up to 6.2 days, ages up to
12.4, and nobody compares times that may lie further apart than that: see `kept`.
"""

from .compat import const

NEVER = const(-1)  # in place of a time: there is nothing to wait for

FAR_MS = const(0x10000000)  # 3.1 days: all that lies further back lies equally far back

_PERIOD_MS = const(0x40000000)
_MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)
_SURE_MS = const(529200000)  # 6 days and 3 hours: 2 less than `_HALF`, so that rare looks see it


def add(now_ms: int, delay_ms: int) -> int:
    """The time `delay_ms` after `now_ms`, both in 0..2^30-1."""
    return (now_ms + delay_ms) & _MASK


def since(now_ms: int, then_ms: int) -> int:
    """Milliseconds from `then_ms` to `now_ms`; negative when `then_ms` is still to come. They may
    be six days apart: with half the period between them, either might be the later one."""
    assert (now_ms - then_ms + _SURE_MS) & _MASK <= 2 * _SURE_MS, "times too far apart to compare"
    return ((now_ms - then_ms + _HALF) & _MASK) - _HALF


def age(now_ms: int, then_ms: int) -> int:
    """Milliseconds since `then_ms`, which is past: right up to 12.4 days, where `since` changes its
    sign after 6.2. For "how long ago"; a time that may still come is compared by `since`."""
    return (now_ms - then_ms) & _MASK


def kept(then_ms: int, now_ms: int) -> int:
    """`then_ms`, which is past, or `FAR_MS` ago if it is longer ago than that. A time that is kept
    for longer than the clock can tell must pass through here at least once in nine days."""
    return then_ms if age(now_ms, then_ms) <= FAR_MS else add(now_ms, -FAR_MS)


def earliest(a_ms: int, b_ms: int) -> int:
    """The sooner of two times, either of which may be `NEVER`."""
    if a_ms == NEVER:
        return b_ms
    if b_ms == NEVER or (a_ms - b_ms) & _MASK >= _HALF:
        return a_ms
    return b_ms


def wrapped(milliseconds: int) -> int:
    """A host's endless clock as the engines' wrapping one."""
    return milliseconds % _PERIOD_MS
