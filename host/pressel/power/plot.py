"""A picture of an estimate: the charge that is left, hour by hour, as a band."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .estimate import USABLE, Estimate

_STYLE: Any = {
    "svg.hashsalt": "pressel",  # otherwise ids would differ from run to run
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}


def plot_charge(title: str, found: Estimate, cell_mah: float, file: Path) -> None:
    """Writes an SVG file. OSError when that cannot be."""
    ends = [[cell_mah * USABLE[n], *(max(0.0, each.left[n]) for each in found.hours)]
            for n in (0, 1)]  # fmt: skip
    times = list(range(len(found.hours) + 1))
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
        axes.fill_between(times, ends[0], ends[1], color="#1f6f6b", alpha=0.35, linewidth=0)
        axes.plot(times, ends[0], color="#b4552d", label="by the highest published currents")
        axes.plot(times, ends[1], color="#1f6f6b", label="by the lowest")
        first = found.hours[0].hour
        axes.set_xticks(times, [f"{(first + each) % 24}" for each in times])
        axes.set(title=title, xlabel="hour of the day", ylabel="left, mAh", ylim=(0, None))
        axes.legend(frameon=False)
        figure.savefig(file, format="svg", metadata={"Date": None})
        plt.close(figure)
