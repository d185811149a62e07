"""Figures of many runs pooled into one, and Markdown tables of them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_MEANS = ("datagrams", "bytes", "airtime_percent")  # figures whose mean says more than the worst


def pooled(results: Iterable[Mapping[str, Any]], kpi: str, of: str) -> tuple[float | None, int]:
    """(figure, samples) over runs: the mean of traffic, else the worst run's; None without any.

    The worst run, because percentiles of runs cannot be averaged and a promise holds in each."""
    values: list[float] = []
    samples = 0
    for result in results:
        value = result["kpis"].get(kpi)
        if isinstance(value, Mapping):
            samples += value["n"]
            value = value[of]
        elif value is not None:
            samples += 1
        if value is not None:
            values.append(value)
    if not values:
        return None, 0
    if kpi in _MEANS:
        return round(sum(values) / len(values), 1), samples
    return round(max(values), 4), samples


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Markdown; numbers are right-aligned, which all but the first two columns hold."""
    align = ["---" if index < 2 else "---:" for index in range(len(head))]
    lines = [head, align, *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)
