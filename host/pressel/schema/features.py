"""What a badge may have: reads shared/schema/features.toml and renders ptt/base/features.py.

It does not know what a feature takes of a badge's heap, see `boards.heap`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pressel.tree import ROOT

from .check import Wrong, load

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=80)]

MODULE = "ptt/base/features.py"  # what `render` writes, by module path
_ENGINES = "ptt."  # modules that every kind of participant has


class FeatureRow(BaseModel):
    """One feature: its bit in HELLO, the modules that nothing else needs, and the features that it
    needs."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    name: Name
    number: int = Field(ge=0, le=29)  # a u32 of the protocol has 30 bits
    text: Sentence
    modules: list[str] = []
    part: str = ""
    needs: list[str] = []

    @property
    def is_of_engines(self) -> bool:
        """True when a soft badge has it, too."""
        return self.is_on_badges and all(each.startswith(_ENGINES) for each in self.modules)

    @property
    def is_on_badges(self) -> bool:
        """True when firmware may have it."""
        return bool(self.modules)


class FeatureTable(BaseModel):
    """All features, those first that are chosen first."""

    model_config = ConfigDict(extra="forbid")
    feature: list[FeatureRow]


def features_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "features.toml"


def load_features(path: Path | None = None) -> list[FeatureRow]:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    return load(path or features_path(), FeatureTable, _rules).feature


@cache
def features() -> tuple[FeatureRow, ...]:
    """The features of this build."""
    return tuple(load_features())


def badge_features() -> tuple[FeatureRow, ...]:
    """Those that firmware may have."""
    return tuple(row for row in features() if row.is_on_badges)


def without_needy(names: Collection[str]) -> set[str]:
    """What a build goes without that goes without the features `names`: those, and what needs
    one of them."""
    gone = set(names)
    for row in features():  # what is needed stands above
        if gone.intersection(row.needs):
            gone.add(row.name)
    return gone


def names_of(bits: int) -> list[str]:
    """The names of the features that a participant's HELLO claims. A newer build's bit is
    "feature 17"."""
    known = {row.number: row.name for row in features()}
    return [known.get(n, f"feature {n}") for n in range(bits.bit_length()) if bits >> n & 1]


def _rules(table: FeatureTable) -> Wrong:
    names: set[str] = set()
    numbers: set[int] = set()
    for place, row in enumerate(table.feature):
        if row.name in names:
            yield ("feature", place, "name"), f"'{row.name}' is taken; take another name"
        if row.number in numbers:
            yield ("feature", place, "number"), f"{row.number} is taken; take an unused number"
        if not names.issuperset(row.needs):
            yield ("feature", place, "needs"), "what a feature needs must stand above it"
        names.add(row.name)
        numbers.add(row.number)


def render(rows: Iterable[FeatureRow], without: Collection[str] = ()) -> str:
    """The text of ptt/base/features.py, for a build that leaves out the features `without`."""
    rows = list(rows)
    bits = sum(1 << row.number for row in rows if row.is_of_engines and row.name not in without)
    lines = [
        '"""What a participant may have, as bits of `features` in HELLO. Written by `make schema`',
        "from shared/schema/features.toml.",
        "",
        "`HAS_...` says whether this build has it: a build for a small badge leaves out what does",
        'not fit. `OF_ENGINES` are the bits of what every participant of this build has."""',
        "",
        "from .compat import const",
        "",
    ]
    lines += [f"{row.name.upper()} = const({1 << row.number})  # {row.text}" for row in rows]
    lines += ["", f"OF_ENGINES = const({bits})", ""]
    lines += [
        f"HAS_{row.name.upper()} = {row.name not in without}" for row in rows if row.is_on_badges
    ]
    return "\n".join([*lines, ""])
