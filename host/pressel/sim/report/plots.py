"""The plots of reports: SVG files that are the same, byte for byte, from the same figures."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

from .tables import pooled

_COLOURS = {"v1": "#b4552d", "v2": "#1f6f6b"}
_LINES = ("#b4552d", "#8a8a8a", "#1f6f6b")
_STYLE: Any = {
    "svg.hashsalt": "pressel",  # otherwise ids would differ from run to run
    "svg.fonttype": "none",
    "font.family": "sans-serif",
    "axes.spines.top": False,
    "axes.spines.right": False,
}

Results = list[dict[str, Any]]


def plot_growth(results: Results, file: Path) -> None:
    """Datagrams of one talker by participants, both axes logarithmic."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
        sizes: list[int] = []
        for protocol, colour in _COLOURS.items():
            by_size = _by(results, "participants", protocol, "one-talker")
            sizes = sorted(by_size)
            values = [pooled(by_size[size], "datagrams", "")[0] or 0 for size in sizes]
            axes.plot(sizes, values, "o-", color=colour, label=protocol)
        axes.set(xscale="log", yscale="log", xlabel="participants", ylabel="datagrams in a run")
        axes.set_xticks(sizes, [str(size) for size in sizes])
        axes.minorticks_off()
        axes.legend(frameon=False)
        _save(figure, file)


def plot_percentiles(results: Results, kpi: str, file: Path) -> None:
    """p50, p95 and p99 of `kpi` by profile at 100 participants, v1 beside v2."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7, 3.6), layout="constrained")
        profiles: list[str] = []
        for offset, (protocol, colour) in zip((-0.15, 0.15), _COLOURS.items(), strict=True):
            chosen = [each for each in results if each["participants"] == 100]
            by_profile = _by(chosen, "profile", protocol, None)
            profiles = list(by_profile)
            for at, profile in enumerate(profiles):
                low, middle, high = (
                    pooled(by_profile[profile], kpi, of)[0] for of in ("p50", "p95", "p99")
                )
                if low is None or middle is None or high is None:
                    continue
                axes.plot([at + offset] * 2, [low, high], color=colour, lw=6, alpha=0.35)
                label = protocol if at == 0 else None
                axes.plot(at + offset, middle, "o", color=colour, label=label)
        axes.set(yscale="log", ylabel=f"{kpi.removesuffix('_ms').replace('_', ' ')}, ms")
        axes.set_xticks(range(len(profiles)), profiles)
        axes.set_title("bar: p50 to p99, dot: p95", fontsize=9, loc="left", color="#666666")
        axes.legend(frameon=False)
        _save(figure, file)


def plot_shares(curves: Mapping[str, list[float]], words: str, file: Path) -> None:
    """The share of runs below each figure; `curves`: ordered figures by profile."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
        for (profile, ordered), colour in zip(curves.items(), _COLOURS.values(), strict=False):
            shares = [100 * (n + 1) / len(ordered) for n in range(len(ordered))]
            axes.step(ordered, shares, where="post", color=colour, label=profile)
        axes.set(xlabel=words, ylabel="% of runs", ylim=(0, 100.5))
        axes.set_xlim(left=0)
        axes.grid(alpha=0.2)
        axes.legend(frameon=False)
        _save(figure, file)


def plot_lines(
    curves: Mapping[str, list[tuple[float, float]]], across: str, up: str, file: Path
) -> None:
    """A line a name, through its points (x, y)."""
    with plt.rc_context(_STYLE):
        figure, axes = plt.subplots(figsize=(7, 3.2), layout="constrained")
        for (name, points), colour in zip(curves.items(), _LINES, strict=False):
            axes.plot(*zip(*points, strict=True), "o-", color=colour, label=name)
        axes.set(xlabel=across, ylabel=up)
        axes.set_xlim(left=0)
        axes.set_ylim(bottom=0)
        axes.grid(alpha=0.2)
        axes.legend(frameon=False)
        _save(figure, file)


def _by(results: Results, key: str, protocol: str, scenario: str | None) -> Mapping[Any, Results]:
    found: dict[Any, Results] = {}
    for result in results:
        if result["protocol"] == protocol and scenario in (None, result["scenario"]):
            found.setdefault(result[key], []).append(result)
    return found


def _save(figure: Any, file: Path) -> None:
    figure.savefig(file, metadata={"Date": None, "Creator": None})
    plt.close(figure)
