"""Does a process's memory stay flat? By samples at even distances, and the slope of the later."""

from __future__ import annotations

import numpy as np

SAMPLE_EVERY_S = 5.0
SLOPE_MIN_S = 600.0  # half of a run of 20 minutes: what is read and freed moves more than a leak


def slope_mib_hour(samples_mib: list[float]) -> float | None:
    """How fast memory grows in the second half of a run, by least squares; None when that lasted
    for less than `SLOPE_MIN_S`."""
    late = samples_mib[len(samples_mib) // 2 :]
    if len(late) * SAMPLE_EVERY_S < SLOPE_MIN_S:
        return None
    return float(np.polyfit(range(len(late)), late, 1)[0]) * 3600 / SAMPLE_EVERY_S
