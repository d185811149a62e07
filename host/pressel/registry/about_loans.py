"""Entries that say who has which badge: see `lending`.

They are about the venue, and no part of the registry; the last word about each device counts all
the same, so a checkpoint says it again: also that it is back, or what another host wrote before
would count once more.
"""

from __future__ import annotations

from collections.abc import Iterable

from pressel.ledger.entry import Entry, Fact
from pressel.registry.chains import Chains
from pressel.registry.standing import Word

LEND, GIVE_BACK = "device lend", "device return"  # the verbs, and those of their entries
_DIGITS = 8  # of half an id: a whole one is no number that JSON counts exactly


def facts_of(device: str, is_lent: int) -> dict[str, Fact]:
    return {**halves(device), "lent": is_lent}


def halves(device: str) -> dict[str, Fact]:
    """Its id as facts."""
    return {"high": int(device[:_DIGITS], 16), "low": int(device[_DIGITS:], 16)}


def device_of(facts: dict[str, Fact]) -> str | None:
    """Its id; None where an entry is about none."""
    high, low = facts.get("high"), facts.get("low")
    if not isinstance(high, int) or not isinstance(low, int) or max(high, low) >> 32:
        return None
    return f"{high:0{_DIGITS}x}{low:0{_DIGITS}x}"


def device_lent(entry: Entry) -> str | None:
    """The device that this entry is about; None when it is about none, or no loan."""
    return device_of(entry.facts) if entry.verb in (LEND, GIVE_BACK) else None


def erase(chains: Chains, subject: str, device: str) -> None:
    """Who had it, what was noted, and how it was called: of all entries of `subject`."""
    for kept in chains.about(subject):
        if device_lent(kept.signed.entry()) == device:
            chains.forget_all_texts(kept)


def last_words(words: Iterable[Word]) -> list[Word]:
    """Of `words`, which are in order: one for each device that was ever lent."""
    last: dict[str, Word] = {}
    for word in words:
        device = device_lent(word.entry)
        if device is not None:
            last[device] = word
    return list(last.values())
