"""Entries that say what becomes of what was said in a burst: see `pressel.recordings.rules`.

They are about the venue, and no part of the registry; the last word about each burst counts all the
same, so a checkpoint says it again.
"""

from __future__ import annotations

from collections.abc import Iterable

from pressel.ledger.entry import Fact
from pressel.registry.standing import Word

HOLD, RELEASE, DELETE = "recordings hold", "recordings release", "recordings delete"
ENDED_MAX = 100  # newest ones of what is held no longer, or deleted: who was away hears of them


def burst_of(facts: dict[str, Fact]) -> tuple[int, int] | None:
    """The leader's term and the burst's number; None where an entry is about none."""
    term, burst = facts.get("burst_term"), facts.get("burst")
    return (term, burst) if type(term) is int and type(burst) is int else None


def last_words(words: Iterable[Word]) -> list[Word]:
    """Of `words`, which are in order: all holds that stand, and the newest of the others."""
    last: dict[tuple[int, int], Word] = {}
    for word in words:
        burst = burst_of(word.entry.facts)
        if burst is not None and word.entry.verb in (HOLD, RELEASE, DELETE):
            last.pop(burst, None)
            last[burst] = word
    held = [word for word in last.values() if word.entry.verb == HOLD]
    return held + [word for word in last.values() if word.entry.verb != HOLD][-ENDED_MAX:]
