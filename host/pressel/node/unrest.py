"""Badges that start anew again and again, or of which there are two with one identity: how often,
of late. One that does so looks like one that is out of reach."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import Any

from ptt.base import events
from ptt.base.numbers import DEVICES_MAX

from .report import Report

LATELY_S = 900.0  # as long as the console judges by
TIMES_MAX = 100  # kept of one badge: one that restarts as fast as it can join stays below

RESTARTED = "badge_restarted"
DOUBLE = events.NAMES[events.DOUBLE]


class Unrest:
    """Hears what is reported, on its way to `report`."""

    def __init__(self, report: Report, now_s: Callable[[], float] = time.monotonic) -> None:
        self._report = report
        self._now_s = now_s
        self._times_s: dict[tuple[str, str], deque[float]] = {}  # by event and device

    def report(self, event: str, fields: dict[str, Any]) -> None:
        """Tell of an event, and count it if it is one of those."""
        self._report(event, fields)
        if event in (RESTARTED, DOUBLE):
            key = event, str(fields["device"])
            times_s = self._times_s.pop(key, None) or deque(maxlen=TIMES_MAX)
            times_s.append(self._now_s())
            self._times_s[key] = times_s
            while len(self._times_s) > DEVICES_MAX:
                del self._times_s[next(iter(self._times_s))]

    def lately(self, event: str, device: str) -> int:
        """How often that happened to `device` in the last LATELY_S."""
        since_s = self._now_s() - LATELY_S
        return sum(at_s >= since_s for at_s in self._times_s.get((event, device), ()))
