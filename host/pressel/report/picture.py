"""Shapes for the page: a timeline as the outline of its peaks, lags as dots.

Makes SVG path data in a box of fixed height; colours, axes and words are the page's.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from .timeline import Pcm

COLUMNS = 1_400  # about two a pixel on a wide screen
HALF_HEIGHT = 50  # of the box: a path runs from 0 to 2 * HALF_HEIGHT


def outline(pcm: Pcm, full_scale: float) -> str:
    """The peaks of a timeline as one closed path, COLUMNS wide; `full_scale` fills the box.

    A run of equal columns is drawn as one line, so silence costs nothing.
    """
    edges = np.linspace(0, len(pcm), COLUMNS + 1).astype(int)
    if not len(pcm):
        return ""
    starts = np.minimum(edges[:-1], len(pcm) - 1)
    highs = np.maximum.reduceat(pcm, starts).astype(float)
    lows = np.minimum.reduceat(pcm, starts).astype(float)
    top = _rows(np.maximum(highs, 0), full_scale)
    bottom = _rows(np.minimum(lows, 0), full_scale)
    there = _corners(top)
    back = _corners(bottom)[::-1]
    return "M" + "L".join(f"{x} {y}" for x, y in there + back) + "Z"


def loudest(timelines: Sequence[Pcm]) -> float:
    """The largest sample of all, at least 5 % of full scale, so that noise is not blown up."""
    peaks = [float(np.abs(pcm.astype(np.int32)).max()) for pcm in timelines if len(pcm)]
    return max([0.05 * 32_768, *peaks])


def _rows(levels: np.ndarray, full_scale: float) -> list[int]:
    rows = HALF_HEIGHT - np.round(levels / full_scale * (HALF_HEIGHT - 2))
    return rows.astype(int).tolist()


def _corners(rows: list[int]) -> list[tuple[int, int]]:
    """Columns whose neighbours are both equal to them add nothing to a line."""
    last = len(rows) - 1
    return [
        (x, y) for x, y in enumerate(rows) if x in (0, last) or not rows[x - 1] == y == rows[x + 1]
    ]


def dots(lags_ms: Sequence[float], axis_ms: float, row: float) -> str:
    """One dot a lag: lines of no length, which a round cap makes dots at any scale."""
    places = (min(max(lag, 0.0), axis_ms) / axis_ms * 1000 for lag in lags_ms)
    return "".join(f"M{x:.1f} {row:.0f}h0" for x in sorted(set(places)))
