"""How busy this process is: what a standby tells its leader, who gives it listeners."""

from __future__ import annotations

import time


class OwnLoad:
    """Of one core, since it was asked last."""

    def __init__(self) -> None:
        self._used_s = time.process_time()
        self._at_s = time.monotonic()

    def percent(self) -> int:
        used_s, at_s = time.process_time(), time.monotonic()
        spent_s, passed_s = used_s - self._used_s, at_s - self._at_s
        self._used_s, self._at_s = used_s, at_s
        return min(100, round(100 * spent_s / passed_s)) if passed_s > 0 else 0
