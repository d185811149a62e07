"""The metrics: reads shared/schema/metrics.toml. `pressel.metrics` reads their values."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from pressel.tree import ROOT

from .check import Wrong, load

UNITS = ("seconds", "bytes", "ratio")  # Prometheus wants base units
Name = Annotated[str, StringConstraints(pattern=r"^pressel_[a-z0-9]+(_[a-z0-9]+)*$")]
Label = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Source = Annotated[
    str,
    StringConstraints(pattern=r"^((status|host|exporter)(\.[a-z0-9_]+)+|bursts(\.[a-z0-9_]+)*)$"),
]
Help = Annotated[str, StringConstraints(min_length=1, max_length=160, pattern=r"^[A-Z0-9].*\.$")]


class MetricRow(BaseModel):
    """One metric: what it is called for people, and where its value comes from."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    type: Literal["counter", "gauge", "histogram"]
    unit: Literal["", "seconds", "bytes", "ratio"] = ""
    help: Help
    source: Source
    labels: list[Label] = []
    value: Label | None = None
    scale: float = Field(default=1, gt=0)
    buckets: list[float] = []
    equals: str | None = Field(default=None, alias="is")

    @property
    def of_bursts(self) -> bool:
        """It counts bursts one by one; other metrics are read as they are."""
        return self.source.split(".")[0] == "bursts"


class MetricTable(RootModel[dict[Name, MetricRow]]):
    """All metrics by name."""


def metrics_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "metrics.toml"


def load_metrics(path: Path | None = None) -> MetricTable:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    return load(path or metrics_path(), MetricTable, _rules)


@cache
def metrics() -> dict[str, MetricRow]:
    """The metrics of this build by name."""
    return load_metrics().root


def _rules(table: MetricTable) -> Wrong:
    for name, row in table.root.items():
        is_total = name.endswith("_total")
        if is_total != (row.type == "counter"):
            yield (name, "type"), "a counter's name ends in _total, and no other's does"
        base = name.removesuffix("_total")
        if row.unit and not base.endswith(f"_{row.unit}"):
            yield (name, "unit"), f"the name must end in it: {base}_{row.unit}"
        named = next((unit for unit in UNITS if base.endswith(f"_{unit}")), "")
        if named and not row.unit:
            yield (name,), f'the name says {named}; add: unit = "{named}"'
        if (row.type == "histogram") != bool(row.buckets):
            yield (name, "buckets"), "a histogram has them, and nothing else has"
        if row.buckets != sorted(set(row.buckets)):
            yield (name, "buckets"), "each must be above the one before"
        if row.buckets and not row.of_bursts:
            yield (name, "source"), "only bursts are counted one by one"
        if row.type == "gauge" and row.of_bursts:
            yield (name, "type"), "what is read of bursts only adds up: a counter or histogram"
        if row.value is not None and not row.labels:
            yield (name, "value"), "of which entry? Add labels"
