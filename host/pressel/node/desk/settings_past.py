"""How the settings came to be what they are: each change is an entry of the venue's log.

The entry's facts tell the version. Beside it lie, as texts, the values of all settings from then
on, and why somebody wanted that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.ledger.entry import Fact
from pressel.registry.log import WHO, Told
from pressel.schema.setting_values import (
    check_values,
    differences,
    gone_on,
    in_words,
    is_known,
    laid_over,
    value_in_words,
)
from ptt.base.numbers import INT_MAX

SET = "settings set"  # the verb, and that of its entries
WHY_CHARACTERS_MAX = 200  # a sentence or two
CHANGES_MAX = 1000  # that are told at once, the newest: 400 KB
VERSION, NOW, WAS, WHY = "version", "now", "was", "why"


@dataclass(frozen=True)
class Change:
    """`now` holds all values from then on by key, `was` the former ones of what changed; None: the
    group had none of its own."""

    version: int
    time_s: int
    who: str
    host: str
    why: str
    was: dict[str, int | None]
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
    changed = {key: before for key, (before, _) in differences(was, now).items()}
    written = {NOW: json.dumps(now), WAS: json.dumps(changed)}
    return {**written, WHY: why} if why else written


def words(was: dict[str, int], now: dict[str, int]) -> str:
    """`floor.talk_ms 90000 ms (was 60000 ms)` of each that changed and is known here."""
    return ", ".join(
        f"{in_words(key)} {value_in_words(key, after)} (was {value_in_words(key, before)})"
        for key, (before, after) in differences(was, now).items()
    )


def changes(entries: Iterable[Told]) -> list[Change]:
    """The changes among `entries`, by version; where two hosts led at once, both."""
    found = [change for change in map(_read, entries) if change is not None]
    return sorted(found, key=lambda each: (each.version, each.time_s))[-CHANGES_MAX:]


@dataclass(frozen=True)
class Newest:
    """`change`: the last one of the host that led latest; it holds. Of settings that its host did
    not know, the former ones hold on. `version`: the highest that any host has given out."""

    change: Change
    version: int


def newest(entries: Iterable[Told]) -> Newest | None:
    """None where no change is told of. A host that was cut off, and changed more meanwhile, gave
    out higher versions, and was outvoted."""
    found = [(told.entry.origin[1], change) for told in entries if (change := _read(told))]
    if not found:
        return None
    found.sort(key=lambda each: (each[0], each[1].version))
    now: dict[str, int] = {}
    for _, change in found:
        now = gone_on(now, change.now)
    last = replace(found[-1][1], now=now)
    return Newest(last, max(change.version for _, change in found))


def _read(told: Told) -> Change | None:
    """None, too, of an entry that another host wrote, and that means nothing here."""
    entry = told.entry
    version = entry.facts.get(VERSION)
    if entry.verb != SET or not isinstance(version, int) or not 0 < version <= INT_MAX:
        return None
    try:
        was, now = _values(told.texts.get(WAS)), laid_over({}, _values(told.texts.get(NOW)))
    except ValueError:
        return None
    who, why = told.texts.get(WHO) or "", told.texts.get(WHY) or ""
    return Change(version, entry.time_s, who, entry.host, why, was, now)


def _values(text: str | None) -> dict[str, int | None]:
    """Those that this version knows. ValueError when they are none."""
    given = read_json(text or "")
    if not isinstance(given, dict):
        raise ValueError("no values by name")
    known = {key: value for key, value in given.items() if is_known(key)}
    if any(
        not isinstance(value, int | None) or isinstance(value, bool) for value in known.values()
    ):
        raise ValueError("a value that is no number")
    try:
        check_values(known)
    except UsageError as error:
        raise ValueError(str(error)) from None
    return known
