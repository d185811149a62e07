"""The rules of the scorecard: reads shared/schema/scorecard.toml. `pressel.scorecard` counts and
judges by them."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pressel.tree import ROOT

from .check import Wrong, load

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z_]*$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=160)]


class Gate(BaseModel):
    """What a version shows before it passes: days with talk and bursts in each venue; venues."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    shifts: int = Field(ge=1, le=366)
    bursts: int = Field(ge=1, le=1_000_000)
    venues: int = Field(ge=1, le=100)
    reason: Text


class Rule(BaseModel):
    """`most`: a number a gate, in the order of the gates."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    text: Text
    per: Literal["shift", "share", "all"]
    most: list[Annotated[float, Field(ge=0)]]
    reason: Text
    needs: Literal["", "badges"] = ""


class ScorecardTable(BaseModel):
    """Gates and rules by name, in their order."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    gates: dict[Word, Gate]
    rules: dict[Word, Rule]


def scorecard_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "scorecard.toml"


def load_scorecard(path: Path | None = None) -> ScorecardTable:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    return load(path or scorecard_path(), ScorecardTable, _rules)


@cache
def scorecard() -> ScorecardTable:
    """The table of this build."""
    return load_scorecard()


def _rules(table: ScorecardTable) -> Wrong:
    for name, rule in table.rules.items():
        if len(rule.most) != len(table.gates):
            yield ("rules", name, "most"), f"one number for each of {len(table.gates)} gates"
        elif rule.most != sorted(rule.most, reverse=True):
            yield ("rules", name, "most"), "a later gate must not allow more"
        if rule.per == "share" and any(most > 1 for most in rule.most):
            yield ("rules", name, "most"), "a share is 1 at most"
