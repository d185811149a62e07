"""Reads the values of metrics from what a host says of itself. It does not know the format in which
they are served."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pressel.schema.metrics import MetricRow

State = Mapping[str, Any]  # "host" and, where it leads, "status", as of `pressel.node.tally`


@dataclass(frozen=True)
class Sample:
    """One value, in the metric's unit, under its labels."""

    labels: tuple[tuple[str, str], ...]
    value: float


def samples(row: MetricRow, state: State) -> list[Sample]:
    """The values of one metric; none where the host does not know them now. KeyError when its
    source is not there at all."""
    verb, *path = row.source.split(".")
    if verb not in state:
        return []
    found: Any = state[verb]
    for part in path:
        found = found[part]
    return [] if found is None else list(_samples(row, found))


def _samples(row: MetricRow, found: Any) -> Iterator[Sample]:
    if isinstance(found, Mapping):
        for key, value in found.items():
            yield Sample(((row.labels[0], str(key)),), _number(row, value))
    elif row.value is not None:
        for entry in found:
            labels = tuple((label, str(entry[label])) for label in row.labels)
            value = entry[row.value]
            if value is not None:
                yield Sample(labels, _number(row, value))
    else:
        yield Sample((), _number(row, found))


def _number(row: MetricRow, value: Any) -> float:
    if row.equals is not None:
        return float(value == row.equals)
    return (len(value) if isinstance(value, list) else value) * row.scale
