"""What each of some processes takes of memory, sample by sample, and which of them grew."""

from __future__ import annotations

import psutil
from tests.memory import slope_mib_hour

from pressel.sim.report.watched_verdict import SLOPE_MAX_MIB_HOUR


class Scale:
    """By the process's name: MiB that are resident, at even distances."""

    def __init__(self) -> None:
        self.mib: dict[str, list[float]] = {}
        self._gone: set[str] = set()

    def weigh(self, processes: dict[str, psutil.Process]) -> None:
        for name, process in processes.items():
            try:
                self.mib.setdefault(name, []).append(process.memory_info().rss / 2**20)
            except psutil.NoSuchProcess:
                self._gone.add(name)

    def now(self) -> str:
        return ", ".join(f"{name} {mib[-1]:.0f} MiB" for name, mib in self.mib.items())

    def lines(self) -> list[str]:
        """A line a process: at first, in the end, and how fast it grew."""
        found = []
        for name, mib in self.mib.items():
            slope = slope_mib_hour(mib)
            told = (
                "not told: that takes 20 minutes" if slope is None else f"{slope:+.2f} MiB an hour"
            )
            found.append(f"{name:10} {mib[0]:6.1f} MiB at first, {mib[-1]:6.1f} in the end, {told}")
        return found

    def grown(self) -> list[str]:
        """A sentence about each that grew or that ended before its time."""
        found = [f"{name} ended before its time" for name in sorted(self._gone)]
        for name, mib in self.mib.items():
            slope = slope_mib_hour(mib)
            if slope is not None and slope > SLOPE_MAX_MIB_HOUR:
                found.append(f"the memory of {name} grows by {slope:.1f} MiB an hour")
        return found
