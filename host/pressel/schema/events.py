"""The events: reads shared/schema/events.toml and renders ptt/base/events.py from it.

`sentences` makes a sentence from an event and its value.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from pressel.tree import ROOT

from .check import Wrong, did_you_mean, load
from .messages import EnumValue, message_table

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$")]
Sentence = Annotated[str, StringConstraints(min_length=1, max_length=160)]

PLAIN_KINDS = ("number", "text", "device", "host", "node", "member")
_PLACE = re.compile(r"\{(\w+)\}")
_WIDTH = 100  # of the generated code


class Word(BaseModel):
    """A number that only events carry, and what it means."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    number: int = Field(ge=-1, le=255)
    text: str


class EventRow(BaseModel):
    """One event: what it carries by name and kind, and its sentence."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)
    number: int | None = Field(default=None, ge=0, le=127)
    value: dict[Name, str | list[str]] = {}
    adds: list[Name] = []
    text: Sentence
    advice: Sentence | None = None
    quiet: bool = False
    timeline: bool = False
    warning: bool = False

    def kinds(self, name: str) -> list[str]:
        """The kinds of a value's part, in the order in which they are tried."""
        kinds = self.value.get(name, [])
        return [kinds] if isinstance(kinds, str) else kinds

    def places(self) -> list[str]:
        """The parts that the sentence has a place for."""
        return _PLACE.findall(self.text)


class EventTable(BaseModel):
    """All events by name: of the engines, of the election, of the process."""

    model_config = ConfigDict(extra="forbid")
    words: dict[Name, dict[Name, Word]]
    engine: dict[Name, EventRow]
    election: dict[Name, EventRow]
    host: dict[Name, EventRow]

    def rows(self) -> dict[str, EventRow]:
        """Every event by name, whoever tells it: no two share a name."""
        return {**self.engine, **self.election, **self.host}

    def numbers(self, kind: str) -> dict[str, Word | EnumValue]:
        """The names of the numbers of `kind`; none for a plain kind."""
        return dict(self.words.get(kind) or message_table().enums.get(kind) or {})

    def word(self, kind: str, number: int) -> str:
        """The text of a number of `kind`; KeyError when it has no name."""
        for each in self.numbers(kind).values():
            if each.number == number:
                return each.text
        raise KeyError(number)


def events_path() -> Path:
    """Where the table lies in the source tree."""
    return ROOT / "shared" / "schema" / "events.toml"


def load_events(path: Path | None = None) -> EventTable:
    """The table as checked data; UsageError with file, line and reason of each mistake."""
    return load(path or events_path(), EventTable, _rules)


@cache
def event_table() -> EventTable:
    """The events of this build."""
    return load_events()


def _rules(table: EventTable) -> Wrong:
    seen: set[str] = set()
    for section in ("engine", "election", "host"):
        rows: dict[str, EventRow] = getattr(table, section)
        numbered = section != "host"
        for place, (name, row) in enumerate(rows.items()):
            at = (section, name)
            if name in seen:
                yield at, "another section has an event of this name; rename one"
            seen.add(name)
            if numbered and row.number != place:
                yield (*at, "number"), f"must be {place}: numbers count up from 0, without a gap"
            if not numbered and (row.number is not None or row.value):
                yield at, "a process reports by name and has `adds`; remove number and value"
            yield from ((at + where, words) for where, words in _wrong_row(table, row))
    for kind in table.words:
        if kind in message_table().enums:
            yield ("words", kind), "an enum of messages.toml has this name; take another"


def _wrong_row(table: EventTable, row: EventRow) -> Wrong:
    for part in row.value:
        for kind in row.kinds(part):
            known = (*PLAIN_KINDS, *table.words, *message_table().enums)
            if kind not in known:
                guess = did_you_mean(kind, known)
                yield ("value",), f"{part} is of an unknown kind '{kind}'{guess}"
    carried = [*row.value, *row.adds]
    for place in row.places():
        if place not in carried:
            guess = did_you_mean(place, carried)
            yield ("text",), f"nothing is carried for {{{place}}}{guess or '; name it in `value`'}"


# --- code ---


def render(table: EventTable) -> str:
    """The text of ptt/base/events.py."""
    lines = [
        '"""What an engine tells the person and the log, as (kind, value) pairs in order of',
        "happening. Written by `make schema` from shared/schema/events.toml.",
        "",
        "The value is an int, or a tuple of what the comment beside the kind names. `WORDS` and",
        '`NAMES` have the word for each kind."""',
        "",
        "from .compat import const",
        "",
    ]
    lines += [_constant(name, row) for name, row in table.engine.items()]
    return "\n".join([*lines, "", *_words(list(table.engine)), "NAMES = tuple(WORDS.split())", ""])


def _constant(name: str, row: EventRow) -> str:
    parts = [
        part if row.kinds(part) == ["number"] else f"{part} ({' or '.join(row.kinds(part))})"
        for part in row.value
    ]
    line = f"{name.upper()} = const({row.number})  # {', '.join(parts)}"
    said = f"{line}: {row.text}"
    return said if len(said) <= _WIDTH else line


def _words(names: list[str]) -> list[str]:
    lines = ["WORDS = ("]
    line = ""
    for name in names:
        if len(line) + len(name) > _WIDTH - 8:
            lines.append(f'    "{line}"')
            line = ""
        line += name + " "
    return [*lines, f'    "{line.rstrip()}"', ")"]
