"""How much of something a connection may still do: a rate per second, and a burst at once."""

from __future__ import annotations

from ptt.base.clock import age


class Allowance:
    """Starts full with `burst`, gains `per_s` a second, never holds more than `burst`."""

    def __init__(self, per_s: float, burst: float, now_ms: int) -> None:
        self._per_ms = per_s / 1000
        self._burst = burst
        self._left = burst
        self._at_ms = now_ms

    def take(self, amount: float, now_ms: int) -> bool:
        """Use `amount`; False, and nothing is used, when less than that is left."""
        self._refill(now_ms)
        if amount > self._left:
            return False
        self._left -= amount
        return True

    def spend(self, amount: float, now_ms: int) -> int:
        """Use `amount` even if less is left; returns how many ms to wait until nothing is owed any
        more."""
        self._refill(now_ms)
        self._left -= amount
        return 0 if self._left >= 0 else int(-self._left / self._per_ms) + 1

    def _refill(self, now_ms: int) -> None:
        passed_ms = age(now_ms, self._at_ms)
        self._left = min(self._burst, self._left + passed_ms * self._per_ms)
        self._at_ms = now_ms
