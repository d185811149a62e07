"""The promises of `targets.toml`, and whether a run kept them.

A target is judged only where its figure exists: what a run cannot show is neither kept nor broken.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import Any

from pydantic import BaseModel, ConfigDict


class Target(BaseModel):
    """One promise. `of`: which percentile of the figure, "" for a plain number; `profiles`: those
    for which it is promised, empty for all."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    kpi: str
    of: str
    most: float
    unit: str
    profiles: tuple[str, ...]
    words: str
    why: str
    owner: str

    def is_owed_on(self, profile: str) -> bool:
        return not self.profiles or profile in self.profiles

    def figure(self, kpis: Mapping[str, Any]) -> float | None:
        """The figure in a run's `kpis`, or None where that run has none."""
        value = kpis.get(self.kpi)
        if isinstance(value, Mapping):
            value = value.get(self.of)
        return None if value is None else float(value)

    def is_kept(self, kpis: Mapping[str, Any]) -> bool | None:
        value = self.figure(kpis)
        return None if value is None else value <= self.most

    def limit(self) -> str:
        """Such as "p95 <= 60 ms"."""
        number = f"{self.most:g}"
        return " ".join(part for part in (self.of, "<=", number, self.unit) if part)


@cache
def all_targets() -> tuple[Target, ...]:
    """In the order of the file."""
    text = resources.files("pressel.sim").joinpath("targets.toml").read_text("utf-8")
    return tuple(Target.model_validate(row) for row in tomllib.loads(text)["target"])


def targets_on(profile: str) -> tuple[Target, ...]:
    """Those that are promised for a network profile."""
    return tuple(target for target in all_targets() if target.is_owed_on(profile))
