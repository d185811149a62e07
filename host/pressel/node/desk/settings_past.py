"""How the settings came to be what they are: each change is an entry of the venue's log.

The entry's facts tell the version. Beside it lie, as texts, the values of all settings from then
on, and why somebody wanted that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.ledger.entry import Fact
from pressel.registry.log import WHO, Told
from pressel.schema.settings import check_value, settings

SET = "settings set"  # the verb, and that of its entries
WHY_CHARACTERS_MAX = 200  # a sentence or two
CHANGES_MAX = 1000  # that are told at once, the newest: 400 KB
VERSION, NOW, WAS, WHY = "version", "now", "was", "why"


@dataclass(frozen=True)
class Change:
    """`now` holds all values from then on by full name, `was` the former ones of what changed."""

    version: int
    time_s: int
    who: str
    host: str
    why: str
    was: dict[str, int]
    now: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def checked_why(given: Any) -> str:
    """UsageError unless it is a short sentence on one line."""
    why = str(given or "").strip()
    if len(why) > WHY_CHARACTERS_MAX or not why.isprintable():
        raise UsageError(f"a reason is one line of {WHY_CHARACTERS_MAX} characters at most")
    return why


def facts(version: int) -> dict[str, Fact]:
    return {VERSION: version}


def texts(was: dict[str, int], now: dict[str, int], why: str) -> dict[str, str]:
    """What lies beside the entry of a change."""
    changed = {name: value for name, value in was.items() if now[name] != value}
    written = {NOW: json.dumps(now), WAS: json.dumps(changed)}
    return {**written, WHY: why} if why else written


def words(was: dict[str, int], now: dict[str, int]) -> str:
    """`floor.talk_ms 90000 ms (was 60000 ms)` of each that changed."""
    rows = settings()
    return ", ".join(
        f"{name} {rows[name].in_words(now[name])} (was {rows[name].in_words(value)})"
        for name, value in was.items()
        if now[name] != value
    )


def changes(entries: Iterable[Told]) -> list[Change]:
    """The changes among `entries`, by version; where two hosts led at once, both."""
    found = [change for change in map(_read, entries) if change is not None]
    return sorted(found, key=lambda each: (each.version, each.time_s))[-CHANGES_MAX:]


def _read(told: Told) -> Change | None:
    """None, too, of an entry that another host wrote, and that means nothing here."""
    entry = told.entry
    version = entry.facts.get(VERSION)
    if entry.verb != SET or not isinstance(version, int):
        return None
    try:
        was, now = _values(told.texts.get(WAS)), _values(told.texts.get(NOW))
    except ValueError:
        return None
    who, why = told.texts.get(WHO) or "", told.texts.get(WHY) or ""
    return Change(version, entry.time_s, who, entry.host, why, was, now)


def _values(text: str | None) -> dict[str, int]:
    """Those that this version knows. ValueError when they are none."""
    given = read_json(text or "")
    if not isinstance(given, dict):
        raise ValueError("no values by name")
    known = {name: given[name] for name in settings() if name in given}
    for name, value in known.items():
        if not isinstance(value, int) or isinstance(value, bool):
            raise ValueError("a value that is no number")
        try:
            check_value(name, settings()[name], value)
        except UsageError as error:
            raise ValueError(str(error)) from None
    return known
