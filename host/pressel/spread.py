"""Many samples of one figure, and their percentiles."""

from __future__ import annotations

from array import array
from typing import Any


class Spread:
    """Samples in microseconds; percentiles in milliseconds, by nearest rank."""

    def __init__(self) -> None:
        self._samples = array("q")

    def add(self, sample_us: int) -> None:
        self._samples.append(sample_us)

    def rank_ms(self, percent: int) -> float | None:
        """The smallest sample that `percent` of all do not exceed; None without any."""
        if not self._samples:
            return None
        ordered = sorted(self._samples)
        return round(ordered[max(0, -(-len(ordered) * percent // 100) - 1)] / 1000, 1)

    def figures(self) -> dict[str, Any] | None:
        """p50, p95, p99, max and the count n; None without any."""
        if not self._samples:
            return None
        ordered = sorted(self._samples)
        count = len(ordered)
        figures: dict[str, Any] = {
            f"p{percent}": round(ordered[max(0, -(-count * percent // 100) - 1)] / 1000, 1)
            for percent in (50, 95, 99)
        }
        return {**figures, "max": round(ordered[-1] / 1000, 1), "n": count}
