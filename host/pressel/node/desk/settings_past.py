"""How the settings came to be what they are: each change is an entry of the venue's log.

The entry's facts tell the version. Beside it lie, as texts, the values of all settings from then
on, and why somebody wanted that.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.ledger.entry import Entry, Fact
from pressel.registry.log import WHO, Told
from pressel.registry.store import Registry
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
from ptt.cluster.versions import is_within_reach

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


def in_version(found: Sequence[Change], version: int) -> dict[str, int]:
    """The values that `version` had, by the changes `found`, oldest first. UsageError when they do
    not tell."""
    for each in reversed(found):
        if each.version == version:
            return each.now
        if each.version == version + 1:  # nothing was written of the first one
            return laid_over(each.now, each.was)
    if not found:
        raise UsageError("the log tells of no change of the settings")
    raise UsageError(
        f"the log does not tell of version {version}; it has {found[0].version - 1} to "
        f"{found[-1].version}"
    )


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


@dataclass(frozen=True)
class Newest:
    """`change`: the last one of the host that led latest; it holds. Of settings that its host did
    not know, the former ones hold on. `version`: the highest that any host has given out."""

    change: Change
    version: int


@dataclass(frozen=True)
class Past:
    """`told`: the changes that can be believed, with their entries, by version; where two hosts led
    at once, both. `doubted`: the first one that cannot be, and all of higher versions are not."""

    told: list[tuple[Entry, Change]]
    doubted: Change | None = None

    def changes(self) -> list[Change]:
        """The last CHANGES_MAX."""
        return [change for _, change in self.told[-CHANGES_MAX:]]

    def entries(self) -> list[Entry]:
        return [entry for entry, _ in self.told]

    def newest(self, removed: Removed) -> Newest | None:
        """None where no change is told of. A host that was cut off, and changed more meanwhile,
        gave out higher versions, and was outvoted. A host that was removed is no longer listened to
        where somebody who had heard it has changed the settings since."""
        if not self.told:
            return None
        found = [each for each in self.told if counts(each[0], removed)]
        found.sort(key=lambda each: (each[0].origin[1], each[1].version))
        now: dict[str, int] = {}
        for _, change in found:
            now = gone_on(now, change.now)
        return Newest(replace(found[-1][1], now=now), self.told[-1][1].version)


Removed = Mapping[str, int]  # host -> how many of its entries somebody else's change overrules


def past(entries: Iterable[Told], known: int) -> Past:
    """Of the log's `entries`; this host knows of version `known` without it. A version far above
    all others is a fault, or an attack: it must not use up the numbers that are left."""
    found = [(told.entry, change) for told in entries if (change := _read(told))]
    found.sort(key=lambda each: (each[1].version, each[1].time_s))
    for count, (_, change) in enumerate(found):
        if not is_within_reach(change.version, known):
            return Past(found[:count], change)
        known = max(known, change.version)
    return Past(found)


def removed(registry: Registry, entries: Iterable[Entry]) -> Removed:
    """Of the writers of `entries`, those that may no longer take part."""
    allowed = {registry.own_key(), *(each.public_key for each in registry.hosts())}
    last = {entry.host: entry for entry in sorted(entries, key=lambda each: each.origin)}
    heard = registry.log.standing.heard
    return {
        host: max((heard(last[each], host) for each in allowed & last.keys()), default=0)
        for host in last.keys() - allowed
    }


def counts(entry: Entry, removed: Removed) -> bool:
    return entry.origin[0] > removed.get(entry.host, 0)


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
