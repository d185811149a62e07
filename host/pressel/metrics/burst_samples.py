"""Reads what metrics count of one burst: a sample of the burst, or one of each listener."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pressel.schema.metrics import MetricRow

from .samples import Sample

_HEARINGS = "hearings"


def burst_samples(row: MetricRow, burst: Mapping[str, Any]) -> list[Sample]:
    """What `burst`, a `BurstState`, adds to a metric. KeyError when its source is not there."""
    _, *path = row.source.split(".")
    labels = tuple((label, str(burst[label])) for label in row.labels)
    if not path:
        return [Sample(labels, 1.0)]
    if path[0] != _HEARINGS:
        return [Sample(labels, burst[path[0]] * row.scale)]
    values = [_of_hearing(path[1], each) for each in burst[_HEARINGS]]
    return [Sample(labels, value * row.scale) for value in values if value is not None]


def _of_hearing(name: str, hearing: Mapping[str, Any]) -> float | None:
    """None where the listener was to hear nothing."""
    if name != "lost":
        return hearing[name]
    frames = hearing["played"] + hearing["concealed"]
    return hearing["concealed"] / frames if frames else None
