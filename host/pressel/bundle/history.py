"""How a host's figures went, for a bundle: columns that its metrics know, and how each is drawn."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pressel.schema.metrics import metrics

ROWS_MAX = 1000
_WIDTH, _HEIGHT = 240, 28  # of a drawing, in its own units


@dataclass(frozen=True)
class Drawn:
    """One column: `points` of a line as SVG has them; a counter is drawn by how much it rose."""

    name: str
    is_rise: bool
    least: float
    most: float
    last: float
    points: str


def history(
    told: Mapping[str, Any] | None, words: Collection[str], since_s: float
) -> dict[str, Any] | None:
    """{"every_s", "at", "columns": {name: values}} of what a host answered to `history`; None where
    it keeps none. A column that never changed has one value. `words` are labels that may leave."""
    if told is None:
        return None
    rows = [row for row in told["rows"] if _number(row[0]) and row[0] >= since_s][-ROWS_MAX:]
    columns: dict[str, list[float | None]] = {}
    for place, name in enumerate(told["columns"], start=1):
        if _is_known(str(name), words):
            values = [_number(row[place]) if place < len(row) else None for row in rows]
            columns[str(name)] = values[:1] if len(set(values)) == 1 else values
    return {
        "every_s": _number(told["every_s"]),
        "at": [int(row[0]) for row in rows],
        "columns": columns,
    }


def _is_known(name: str, words: Collection[str]) -> bool:
    """Is it what a metric reads, or of a table of such by a word of ours?"""
    for row in metrics().values():
        source = row.source.split(",")[0]
        if name == source or (
            name.startswith(f"{source}.") and name.removeprefix(f"{source}.") in words
        ):
            return True
    return False


def _number(value: Any) -> float | None:
    return value if isinstance(value, (int, float)) and not isinstance(value, bool) else None


def drawn(kept: Mapping[str, Any] | None) -> list[Drawn]:
    """Those that changed."""
    found = []
    for name, values in (kept or {}).get("columns", {}).items():
        if len(values) < 2:
            continue
        is_rise = any(
            row.type == "counter" and name.startswith(row.source) for row in metrics().values()
        )
        shown: Sequence[float | None] = values
        if is_rise:  # a host that was started anew counts from 0
            shown = [None if a is None or b is None else max(0, b - a) for a, b in pairwise(values)]
        known = [each for each in shown if each is not None]
        if known and min(known) < max(known):
            found.append(
                Drawn(name, is_rise, min(known), max(known), known[-1], _points(shown, known))
            )
    return found


def _points(values: Sequence[float | None], known: Iterable[float]) -> str:
    known = list(known)
    least, span = min(known), max(known) - min(known)
    step = _WIDTH / max(1, len(values) - 1)
    return " ".join(
        f"{n * step:.1f},{_HEIGHT - 2 - (value - least) / span * (_HEIGHT - 4):.1f}"
        for n, value in enumerate(values)
        if value is not None
    )
