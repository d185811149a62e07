"""The settings: reads shared/schema/settings.toml, checks values, renders code from it.

A setting is called by section and name, `floor.talk_ms`; the name alone will do where only one
section has it. This module does not know which values are in force.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, RootModel, StringConstraints

from pressel.errors import UsageError
from pressel.tree import ROOT

from .check import Wrong, did_you_mean, load

Sentence = Annotated[str, StringConstraints(min_length=1, max_length=160)]
Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9]*$", max_length=16)]
Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]

LARGEST = {"u8": 0xFF, "u16": 0xFFFF, "u32": 2**30 - 1}  # a badge keeps larger ones on its heap
SIZES = {"u8": 1, "u16": 2, "u32": 4}
BY_PLACE = 10  # version and the settings of before groups had their own: a format for ever
LINE_MAX = 100  # characters of a line of code
_FACTORS = {
    "ms": {"ms": 1, "s": 1000, "min": 60_000},
    "min": {"min": 1, "h": 60, "d": 1440},
    "days": {"days": 1, "d": 1},
}  # units in which a value may be given
_VALUE = re.compile(r"\s*(-?\d{1,18})\s*([A-Za-z%]*)\s*")  # more digits no setting has


OBEYED = ("obeys", "roomy", "apart")  # by badges, so that it can be tried out on some of them
UNTOLD = ("apart", "none")  # not in SETTINGS_SNAPSHOT


_SCOPES = {
    "venue": "the venue alone has a value",
    "group": "the venue and talk groups have values; that of its group holds",
    "board or badge": (
        "the venue, boards and badges have values; that of the badge holds before that of its "
        "board, and that before the venue's"
    ),
    "group, board or badge": (
        "the venue, talk groups, boards and badges have values; that of the badge holds before "
        "that of its group, that before that of its board, and that before the venue's"
    ),
}


class SettingRow(BaseModel):
    """One setting: how it travels, its inclusive range and default, and what it is about."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    number: int = Field(ge=1, le=255)
    type: Literal["u8", "u16", "u32"]
    unit: Annotated[str, StringConstraints(pattern=r"^[a-z]*$")]
    min: int = Field(ge=0)
    max: int
    words: list[Word] = []
    default: int
    off: int | None = None
    on: int | None = None
    text: Sentence
    reason: Sentence
    costs: Sentence
    since: int = Field(ge=0, le=15)
    scope: Literal["venue", "group", "board or badge", "group, board or badge"]
    changed_by: Literal["operator"]  # whoever has the leader box, until there are accounts
    badge: Literal["obeys", "roomy", "apart", "told", "none"]

    @property
    def of_groups(self) -> bool:
        """Whether a talk group may have a value of its own."""
        return self.scope in ("group", "group, board or badge")

    @property
    def of_badges(self) -> bool:
        """Whether a badge may, and all of one board."""
        return self.scope in ("board or badge", "group, board or badge")

    def scope_words(self) -> str:
        """Who has values of it."""
        return _SCOPES[self.scope]

    def range_words(self) -> str:
        """`20 to 400 ms`, or `off or on`."""
        if self.words:
            return " or ".join(self.words)
        return f"{self.min} to {self.max} {self.unit}".rstrip()

    def in_words(self, value: int) -> str:
        """`60 ms`, or `on`."""
        if self.words and 0 <= value < len(self.words):
            return self.words[value]
        return f"{value} {self.unit}".rstrip()


class SettingTable(RootModel[dict[Name, dict[Name, SettingRow]]]):
    """All settings by section and name."""

    def rows(self) -> dict[str, SettingRow]:
        """By `section.name`, in the order of their numbers, which is that of the wire."""
        found = {
            f"{section}.{name}": row
            for section, rows in self.root.items()
            for name, row in rows.items()
        }
        return dict(sorted(found.items(), key=lambda item: item[1].number))

    def find(self, word: str) -> tuple[str, SettingRow]:
        """The full name and the row of the setting that `word` names. UsageError unless it names
        exactly one."""
        rows = self.rows()
        if word in rows:
            return word, rows[word]
        meant = [name for name in rows if short(name) == word]
        if len(meant) == 1:
            return meant[0], rows[meant[0]]
        if meant:
            raise UsageError(f"'{word}' is the name of several settings: {', '.join(meant)}")
        guess = did_you_mean(word, [*rows, *map(short, rows)])
        raise UsageError(
            f"there is no setting '{word}'{guess or '; `pressel settings list` shows all'}"
        )


def told_settings(rows: Mapping[str, SettingRow]) -> dict[str, SettingRow]:
    """Those in SETTINGS_SNAPSHOT, in its order."""
    return {name: row for name, row in rows.items() if row.badge not in UNTOLD}


def roomy_tail(rows: Mapping[str, SettingRow]) -> int:
    """How many of the last fields of SETTINGS_SNAPSHOT only roomy badges read."""
    kinds = [row.badge for row in told_settings(rows).values()]
    while kinds and kinds[-1] == "roomy":
        kinds.pop()
    return len(told_settings(rows)) - len(kinds)


def short(name: str) -> str:
    """The name without its section, as messages and code have it."""
    return name.rpartition(".")[2]


def parse_value(name: str, row: SettingRow, text: str) -> int:
    """The value that `text` gives, with or without a unit. UsageError when it is not one."""
    if row.words:
        if text.strip().lower() in row.words:
            return row.words.index(text.strip().lower())
        raise UsageError(f"'{text}' is no value of {name}; it is {row.range_words()}")
    found = _VALUE.fullmatch(text)
    factors = units_of(row)
    if found is None or found.group(2) not in ("", *factors):
        example = row.in_words(row.default)
        units = f" of {' or '.join(factors)}" if row.unit else ""
        raise UsageError(
            f"'{text}' is no value of {name}; give a whole number{units}, such as: {example}"
        )
    value = int(found.group(1)) * factors.get(found.group(2), 1)
    check_value(name, row, value)
    return value


def units_of(row: SettingRow) -> Mapping[str, int]:
    """Those that a value may be given in, each with how much of the setting's own it is."""
    return _FACTORS.get(row.unit, {row.unit: 1})


def check_value(name: str, row: SettingRow, value: int) -> None:
    """UsageError unless `value` is within the setting's range."""
    if not row.min <= value <= row.max:
        raise UsageError(
            f"{name} cannot be {row.in_words(value)}; it goes from {row.range_words()}"
        )


def settings_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "settings.toml"


def load_settings(path: Path | None = None) -> SettingTable:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    return load(path or settings_path(), SettingTable, _rules)


@cache
def settings() -> Mapping[str, SettingRow]:
    """The settings of this build by full name, in the order of their numbers."""
    return load_settings().rows()


def flags() -> dict[str, SettingRow]:
    """Those that switch a feature."""
    return {name: row for name, row in settings().items() if row.off is not None}


def _rules(table: SettingTable) -> Wrong:
    taken: dict[int, str] = {}
    newest = 0
    for place, (name, row) in enumerate(table.rows().items(), 1):
        at = tuple(name.split("."))
        if row.number in taken:
            yield (*at, "number"), f"{row.number} is that of {taken[row.number]}; take the next"
        elif row.number > place:
            yield (*at, "number"), f"must be {place}, the next: hosts tell settings by it"
        taken[row.number] = name
        if row.since < newest:
            yield (*at, "since"), f"older than a setting before it ({newest}); append new ones"
        newest = max(newest, row.since)
        yield from (((*at, key), words) for key, words in _wrong_values(name, row))
    apart = [name for name, row in table.rows().items() if row.badge == "apart"]
    for name in apart[1:]:
        yield (*name.split("."), "badge"), f"one setting alone is told apart, and {apart[0]} is"
    if not table.rows():
        yield (), "has no setting; add the first"
    names = [short(name) for name in table.rows()]
    for name in table.rows():
        if names.count(short(name)) > 1:  # they are fields of one message
            yield tuple(name.split(".")), "another section has a setting of this name; rename one"


def _wrong_values(name: str, row: SettingRow) -> Iterator[tuple[str, str]]:
    if row.unit and not name.endswith(f"_{row.unit}"):
        yield "unit", f"the name must end in it: {name}_{row.unit}"
    if row.words and (row.min, row.max) != (0, len(row.words) - 1):
        yield (
            "words",
            f"they name 0 to {len(row.words) - 1}, and the range is {row.min} to {row.max}",
        )
    if len(set(row.words)) < len(row.words):
        yield "words", "two values have one word; name each differently"
    if row.badge == "apart" and row.scope != "venue":
        yield "scope", 'must be "venue": what is told apart is one value for all badges'
    elif row.of_badges and row.badge not in OBEYED:
        yield "scope", "a badge has a value of its own only of what badges obey"
    if row.max > LARGEST[row.type]:
        yield "max", f"{row.max} does not fit {row.type}, which holds {LARGEST[row.type]} at most"
    if (row.off is None) != (row.on is None) or (row.on is not None and row.on == row.off):
        yield "on" if row.off is None else "off", "a feature has two values: `off` and `on`"
    for key, value in (("off", row.off), ("on", row.on)):
        if value is not None and not row.min <= value <= row.max:
            yield key, f"{value} is outside of {row.range_words()}"
    if row.min > row.max:
        yield "min", f"{row.min} is above max {row.max}; swap them"
    elif not row.min <= row.default <= row.max:
        yield "default", f"{row.default} is outside of {row.range_words()}"


# --- code ---


def render_defaults(table: SettingTable) -> str:
    """The text of ptt/base/defaults.py: constants only, so a badge carries nothing of it."""
    lines = [
        '"""What holds until a leader says otherwise. Written by `make schema` from',
        "shared/schema/settings.toml, with the place of each value in SETTINGS_SNAPSHOT.",
        '"""',
        "",
        "from .compat import const",
        "",
    ]
    told = told_settings(table.rows())
    lines += [_constant(name, row) for name, row in told.items()]
    lines += ["", "AT_VERSION = const(0)"]
    for place, name in enumerate(told, start=1):
        lines.append(f"AT_{short(name).upper()} = const({place})")
    names = ["0", *(short(name).upper() for name in told)]
    lines += ["", *_assigned("DEFAULTS", names)]
    return "\n".join([*lines, ""])


def _imported(names: list[str]) -> list[str]:
    line = f"from ..base.defaults import {', '.join(names)}"
    if len(line) <= LINE_MAX:
        return [line]
    return ["from ..base.defaults import (", *(f"    {name}," for name in names), ")"]


def _assigned(name: str, parts: list[str]) -> list[str]:
    line = f"{name} = {_tuple(parts)}"
    if len(line) <= LINE_MAX:
        return [line]
    return [f"{name} = (", *(f"    {part}," for part in parts), ")"]


def _constant(name: str, row: SettingRow) -> str:
    return f"{short(name).upper()} = const({row.default})  # {row.reason}"


def render_record(table: SettingTable) -> str:
    """The text of ptt/cluster/settings_record.py."""
    rows = {short(name): row for name, row in table.rows().items()}
    sizes = ["4", *(str(SIZES[row.type]) for row in rows.values())]
    grouped = [str(at) for at, row in enumerate(rows.values(), 1) if row.of_groups]
    apart = [str(at) for at, row in enumerate(rows.values(), 1) if row.of_badges]
    lines = [
        '"""The settings as hosts keep them: of each value its bytes and its range. Written by',
        '`make schema` from shared/schema/settings.toml."""',
        "",
        "from ..base.numbers import INT_MAX",
        "",
        f"SIZES = {_tuple(sizes)}",
        "RANGES = (",
        "    (1, INT_MAX),  # version",
        *(f"    ({row.min}, {row.max}),  # {name}: {row.text}" for name, row in rows.items()),
        ")",
        "# In place of those that an older host does not know.",
        f"DEFAULTS = {_tuple(['1', *(str(row.default) for row in rows.values())])}",
        f"BY_PLACE = {BY_PLACE}  # of them lie at their places, the others follow by number",
        "# Places of those of which a talk group may have a value of its own.",
        f"OF_GROUPS = {_tuple(grouped)}",
        "# Places of those of which a badge may, and all of one board.",
        f"OF_BADGES = {_tuple(apart)}",
        "",
        "",
        'def is_in_range(values: "tuple | list") -> bool:',
        "    for index in range(len(values)):",
        "        low, high = RANGES[index]",
        "        if not low <= values[index] <= high:",
        "            return False",
        "    return True",
        "",
    ]
    return "\n".join(lines)


def render_class(table: SettingTable) -> str:
    """The text of ptt/leader/settings_in_force.py."""
    rows = {short(name): row for name, row in table.rows().items()}
    told = list(told_settings(rows))
    upper = [name.upper() for name in told]
    hosts = [_constant(name, row) for name, row in rows.items() if row.badge in UNTOLD]
    lines = [
        '"""The settings in force. Written by `make schema` from shared/schema/settings.toml."""',
        "",
        "from ..base.compat import const",
        *_imported(sorted(upper)),
        "",
        *hosts,
        "",
        "",
        "class Settings:",
        '    """`version` goes up with every change; a participant without any has 0. `own`: what',
        '    groups, badges and boards have of their own, as `settings_body.read_own` gives it."""',
        "",
        "    def __init__(",
        "        self,",
        "        version: int = 0,",
        *(f"        {name}: int = {name.upper()}," for name in rows),
        '        own: "dict | None" = None,',
        "    ) -> None:",
        "        self.version = version",
        *(f"        self.{name} = {name}" for name in rows),
        "        self.own = own or {}",
        "",
        '    def values(self) -> "tuple":',
        '        """Those of the venue, in the order of `cluster.settings_record`."""',
        *_returned([f"self.{name}" for name in ("version", *rows)]),
        "",
        '    def fields(self) -> "tuple":',
        '        """What badges are told, in the order of the message table."""',
        *_returned([f"self.{name}" for name in ("version", *told)]),
        "",
    ]
    return "\n".join(lines)


def _tuple(parts: list[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _returned(parts: list[str]) -> list[str]:
    """As the formatter has it."""
    line = f"        return {_tuple(parts)}"
    if len(line) <= LINE_MAX:
        return [line]
    return ["        return (", *(f"            {part}," for part in parts), "        )"]
