"""What the venue's log says of recordings: which are held, and which are deleted.

An entry's facts tell the burst; why somebody wanted a hold lies beside it as a text. The newest
entry about a burst holds, by term and number: clocks step back. What was to be deleted while it was
held, or was held afterwards, is not deleted. A host does by them what it has not done yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from pressel.errors import UsageError
from pressel.ledger.entry import Fact
from pressel.printable import is_printable
from pressel.registry.about_bursts import DELETE, HOLD, RELEASE, burst_of
from pressel.registry.log import Told

from .burst_mark import Mark

PLAY, EXPORT, EXPIRE = "recordings play", "recordings export", "recordings expire"
WHY_CHARACTERS_MAX = 200  # a sentence or two
WHY = "why"


@dataclass
class Rules:
    """`held` by burst, False: no longer; `deleted` bursts."""

    held: dict[Mark, bool] = field(default_factory=dict)
    deleted: set[Mark] = field(default_factory=set)


def rules_of(entries: Iterable[Told]) -> Rules:
    """Entries of another host that mean nothing here are passed over."""
    found = Rules()
    for told in sorted(entries, key=lambda each: each.entry.origin[::-1]):
        entry = told.entry
        burst = burst_of(entry.facts)
        if burst is None:
            continue
        mark = Mark(*burst)
        if entry.verb == DELETE and not found.held.get(mark):
            found.deleted.add(mark)
        elif entry.verb in (HOLD, RELEASE):
            found.held[mark] = entry.verb == HOLD
        if entry.verb == HOLD:
            found.deleted.discard(mark)
    return found


def facts_of(mark: Mark) -> dict[str, Fact]:
    return {"burst_term": mark.term, "burst": mark.burst}


def checked_why(given: object) -> str:
    """UsageError unless it is a short sentence on one line."""
    why = str(given or "").strip()
    if not why or len(why) > WHY_CHARACTERS_MAX or not is_printable(why):
        raise UsageError(f"say why in one line of 1 to {WHY_CHARACTERS_MAX} characters")
    return why
