"""Whether ages can be told by this host's clock: not while it has leapt lately."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import NamedTuple

LEAP_S = 60.0  # a clock is set by more than that when it was wrong, or is now
LEAP_WAIT_S = 86_400.0  # after a leap, so that somebody sees it before anything goes by it


class Looked(NamedTuple):
    now_ms: int  # by the clock of the day
    passed_ms: int  # since the look before, by the steady clock
    is_sure: bool  # whether ages can be told by the clock of the day
    now_s: float


class ClockTrust:
    """Compares the clock of the day, `now_s`, with `steady_s`; `say` gets a leap in words."""

    def __init__(
        self,
        now_s: Callable[[], float] = time.time,
        steady_s: Callable[[], float] = time.monotonic,
        say: Callable[[str], None] = lambda words: None,
    ) -> None:
        self._now_s = now_s
        self._steady_s = steady_s
        self._say = say
        self._looked_s = steady_s()
        self._ahead_s = now_s() - self._looked_s  # of the steady one, at the look before
        self._leapt_s: float | None = None

    def now_ms(self) -> int:
        return round(self._now_s() * 1000)

    def look(self) -> Looked:
        now_s, steady_s = self._now_s(), self._steady_s()
        ahead_s = now_s - steady_s
        if abs(ahead_s - self._ahead_s) > LEAP_S:
            self._leapt_s = steady_s
            self._say(
                f"this host's clock was set by {ahead_s - self._ahead_s:+.0f} s, so no recording "
                f"goes by its age for {LEAP_WAIT_S / 3600:.0f} h; look whether the time is right"
            )
        self._ahead_s = ahead_s
        is_sure = self._leapt_s is None or steady_s - self._leapt_s >= LEAP_WAIT_S
        passed_ms, self._looked_s = round((steady_s - self._looked_s) * 1000), steady_s
        return Looked(round(now_s * 1000), passed_ms, is_sure, now_s)
