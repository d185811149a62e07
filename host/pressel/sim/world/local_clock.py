"""A node's own clock: begun at any value, a little too fast or slow, and stepped by its owner.

Counts milliseconds modulo 2^30, as engines expect; the world counts microseconds.
"""

from __future__ import annotations

PERIOD_MS = 1 << 30


class LocalClock:
    """`offset_ms`: what it shows when the run begins; `drift_ppm`: microseconds a second too many,
    -500 to 500 (a crystal has 20 to 50)."""

    def __init__(self, offset_ms: int = 1000, drift_ppm: int = 0) -> None:
        self._offset_us = offset_ms * 1000
        self._drift_ppm = drift_ppm

    def local_us(self, now_us: int) -> int:
        """Endless microseconds of this clock at world time `now_us`."""
        return self._offset_us + now_us + now_us * self._drift_ppm // 1_000_000

    def now_ms(self, now_us: int) -> int:
        """What an engine is told at world time `now_us`."""
        drifted_us = now_us * self._drift_ppm // 1_000_000
        return (self._offset_us + now_us + drifted_us) // 1000 % PERIOD_MS

    def step(self, milliseconds: int) -> None:
        """Set it forward, or back when negative."""
        self._offset_us += milliseconds * 1000

    def slew(self, drift_ppm: int, now_us: int) -> None:
        """From `now_us` on it runs at another speed."""
        self._offset_us = self.local_us(now_us) - now_us - now_us * drift_ppm // 1_000_000
        self._drift_ppm = drift_ppm

    def world_us(self, local_ms: int, now_us: int) -> int:
        """The world time at which this clock shows `local_ms`; now, if that is past."""
        local_us = self.local_us(now_us)
        ahead_ms = (local_ms - local_us // 1000 + PERIOD_MS // 2) % PERIOD_MS - PERIOD_MS // 2
        if ahead_ms <= 0:
            return now_us
        wanted_us = (local_us // 1000 + ahead_ms) * 1000
        guess_us = now_us + (wanted_us - local_us) * 1_000_000 // (1_000_000 + self._drift_ppm)
        while self.local_us(guess_us) < wanted_us:  # rounding: at most a few microseconds
            guess_us += 1
        return guess_us
