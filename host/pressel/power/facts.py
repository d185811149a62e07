"""Currents, policies and shifts, read from files in boards. Nothing of it was measured by us."""

from __future__ import annotations

import tomllib
from functools import cache
from typing import Any, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, model_validator

from pressel.errors import UsageError
from pressel.schema.check import did_you_mean
from pressel.tree import ROOT

FOLDER = ROOT / "boards"
_Kind = TypeVar("_Kind")


class _Data(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Current(_Data):
    """mA from the cell, [least, most], and where that was published."""

    ma: tuple[float, float]
    source: str = Field(min_length=1)

    @model_validator(mode="after")
    def _order(self) -> Current:
        if not 0 <= self.ma[0] <= self.ma[1]:
            raise ValueError(f"ma {list(self.ma)} must rise")
        return self


class Policy(_Data):
    """What a badge does; policies.toml explains the keys."""

    text: str
    quiet: Literal["awake", "save"]
    hold_s: float = Field(ge=0, le=60)
    delay_ms: tuple[int, int]
    clock_mhz: Literal[160, 240]
    speaker_permille: int = Field(ge=0, le=1000)


class Shift(_Data):
    """A working day; shifts.toml explains the keys."""

    text: str
    first_hour: int = Field(ge=0, le=23)
    hours: list[tuple[int, int, int]] = Field(min_length=1, max_length=48)
    charging: list[int] = []

    @model_validator(mode="after")
    def _shares(self) -> Shift:
        for hour in self.hours:
            if min(hour) < 0 or sum(hour) > 1000:
                raise ValueError(f"the shares of {list(hour)} are more than 1,000")
        return self


Part = dict[str, Current]


@cache
def parts() -> dict[str, Part]:
    """All currents, by part and state."""
    return {name: {state: Current.model_validate(each) for state, each in states.items()}
            for name, states in _read("currents").items()}  # fmt: skip


def policies() -> dict[str, Policy]:
    return {name: Policy.model_validate(each) for name, each in _read("policies").items()}


def shifts() -> dict[str, Shift]:
    return {name: Shift.model_validate(each) for name, each in _read("shifts").items()}


def chosen(kind: str, known: dict[str, _Kind], name: str) -> _Kind:
    """UsageError names those known."""
    if name not in known:
        near = did_you_mean(name, list(known)) or f"; there are {', '.join(known)}"
        raise UsageError(f"no {kind} is called '{name}'{near}")
    return known[name]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text("utf-8"))
