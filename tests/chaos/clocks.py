"""Clocks of the day of hosts, which can be set wrong: a library tells each host another time, and
the machine's own clock stays as it is."""

from __future__ import annotations

import time
from pathlib import Path

from tests.chaos.preloaded import library

Step = tuple[float, int]  # from then on, in seconds of time.monotonic(), it is wrong by so many s


class Clocks:
    """Of the hosts called `names`; what is told them lies in `work`. `can_set`: whether it can be
    done here."""

    def __init__(self, names: str, work: Path) -> None:
        self._work = work
        self.library = library("clock", work)
        self.can_set = self.library is not None
        self.steps: dict[str, list[Step]] = {name: [(0.0, 0)] for name in names}

    def file(self, name: str) -> Path:
        return self._work / f"clock-{name}"

    def set(self, name: str, wrong_by_s: int) -> None:
        """0: it is right again."""
        beside = self._work / f"clock-{name}.new"
        beside.write_text(str(wrong_by_s), "ascii")
        beside.replace(self.file(name))
        self.steps[name].append((time.monotonic(), wrong_by_s))


_LATE_S = 0.5  # a thread may read the clock just before it is set, and write just after


def told_at(at_s: float, steps: list[Step], after_s: float = 0.0) -> float:
    """When a host said something at `at_s` by its clock, whose `steps` are known, not before
    `after_s`, when it said the line before; all by time.monotonic(). It is a time that fits: a
    clock is set by more than a host is silent."""
    ends = [start_s for start_s, _ in steps[1:]] + [float("inf")]
    spans = zip(steps, ends, strict=True)
    found = [(at_s - by_s, start_s, end_s) for (start_s, by_s), end_s in spans]
    return min(found, key=lambda each: (_misfit_s(*each, after_s), each[0]))[0]


def _misfit_s(at_s: float, start_s: float, end_s: float, after_s: float) -> float:
    return max(max(start_s, after_s) - _LATE_S - at_s, at_s - end_s - _LATE_S, 0.0)
