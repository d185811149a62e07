"""How much of something one sender may use: so many per second, and so many at once."""

from ..base.clock import age
from ..base.compat import const

_UNIT = const(1000)  # a token in thousandths, so that a millisecond earns whole ones


class Budget:
    """A bucket of `burst` tokens into which `per_s` fall each second; it begins full."""

    __slots__ = ("_burst", "_had_ms", "_left", "_per_s")

    def __init__(self, per_s: int, burst: int) -> None:
        self._per_s = per_s
        self._burst = burst * _UNIT
        self._left = self._burst
        self._had_ms = 0

    def take(self, now_ms: int, count: int = 1) -> bool:
        """Use up `count`; False, and none is used, when fewer are left."""
        waited_ms = age(now_ms, self._had_ms)  # long, too, when somebody has set the clock back
        self._had_ms = now_ms
        if waited_ms > self._burst:
            self._left = self._burst
        else:
            self._left = min(self._burst, self._left + waited_ms * self._per_s)
        if self._left < count * _UNIT:
            return False
        self._left -= count * _UNIT
        return True
