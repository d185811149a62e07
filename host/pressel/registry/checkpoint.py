"""Compacts the chain of a host: what counts of its older entries is said again behind them, and a
signed checkpoint says that they are dropped. See docs/registry-log.md.

What counts is the last word about each device and host, and how far its host had heard of the
others when it was said. Tombstones are words, too. Who takes a checkpoint over compares this with
what it holds, before it forgets anything. The last words about recordings, loans, networks and
boards are said again, too, but nobody looks whether they were: hosts of a former version drop them.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from pressel.ledger.broken import BrokenError
from pressel.ledger.entry import Entry, Fact
from pressel.registry import about_boards, about_bursts, about_loans, about_networks
from pressel.registry.chains import Chains, Kept, start_told
from pressel.registry.standing import HEAR, Word, upto

COMPACT_AT = 4000  # entries: two seasons of a busy venue, 4 MB, a fifth of what others keep
TAIL = 1000  # of them stay as they are, for people: 10 pages


class Weight(NamedTuple):
    """What one word is worth beside others: where it was said first, what it says, and by host how
    far it had heard."""

    origin: tuple[int, int]
    verb: str
    said: tuple[tuple[str, Fact], ...]
    heard: tuple[tuple[str, int], ...]


def weights(chains: Chains, host: str) -> dict[tuple[str, bool], Weight]:
    """Of all that counts in the chain of `host`, by subject, and whether it ends a device."""
    heard: dict[str, int] = {}
    found: dict[tuple[str, bool], Weight] = {}
    for word in _in_order(chains, host):
        entry = word.entry
        kind, _, which = entry.subject.partition(" ")
        if entry.verb == HEAR:
            heard[which] = max(heard.get(which, 0), upto(entry))
        elif kind in ("device", "host"):
            said = tuple(sorted(entry.said.items()))
            known = tuple(sorted(heard.items()))
            found[entry.subject, word.ends] = Weight(entry.origin, entry.verb, said, known)
    return found


def to_say_again(chains: Chains, host: str, first: int) -> list[Kept]:
    """The entries of `host` before `first` without which something would count differently, in the
    order in which they were said."""
    last: dict[tuple[str, bool], Word] = {}
    words = list(_in_order(chains, host))
    for word in words:
        if word.entry.subject.startswith(("device ", "host ")):
            last[word.entry.subject, word.ends] = word
    left = [*last.values(), *_hears(words, last.values())]
    left += [*about_bursts.last_words(words), *about_loans.last_words(words)]
    left += [*about_networks.last_words(words), *about_boards.last_words(words)]
    left.sort(key=lambda word: word.entry.origin[0])
    return [word.kept for word in left if word.kept.number < first]


def check_copy(chains: Chains, entry: Entry) -> Kept | None:
    """The entry here that `entry` stands for; None when none is. BrokenError when it says
    something else, or there was none of that number."""
    was = entry.origin[0]
    there = chains.entry(entry.host, was)
    if there is not None and _shape(there.signed.entry()) == _shape(entry):
        return there
    for kept in chains.about(entry.subject, entry.host):
        held = kept.signed.entry()
        if held.origin[0] == was:
            if _shape(held) != _shape(entry):
                raise BrokenError(f"it says again what entry {was} has not said")
            return kept
    if there is not None:
        raise BrokenError(f"it says again what entry {was} has not said")
    return None


def check_start(chains: Chains, entry: Entry) -> int:
    """The first entry that is left behind the checkpoint `entry`. BrokenError when it does not say
    so, or names another entry before it than there is."""
    first = entry.facts.get("first")
    if not isinstance(first, int) or start_told(entry, first) is None or first > entry.index:
        raise BrokenError("its checkpoint does not say what lies before it")
    before = chains.entry(entry.host, first - 1)
    if before is not None and before.signed.hash() != entry.facts["before"]:
        raise BrokenError("its checkpoint names another entry than there was")
    return first


def drop(chains: Chains, host: str, first: int) -> None:
    """Leave the entries of `host` before `first` behind. BrokenError when something would count
    differently by that; then they are gone in this transaction, which must not be kept."""
    before = weights(chains, host)
    chains.drop(host, 1, first - 1)
    after = weights(chains, host)
    if before != after:
        subjects = {subject for subject, _ in before.keys() | after.keys()}
        lost = [
            subject
            for subject in sorted(subjects)
            if any(before.get((subject, end)) != after.get((subject, end)) for end in (True, False))
        ]
        raise BrokenError(f"its checkpoint leaves out what became of {lost[0]}")


# --- inside ---


def _in_order(chains: Chains, host: str) -> Iterator[Word]:
    """The entries of a chain as they were said first; a copy behind its original."""
    words = [Word(kept, kept.signed.entry()) for kept in chains.rows(host)]
    yield from sorted(words, key=lambda word: (word.entry.origin[0], word.kept.number))


def _hears(words: Iterable[Word], last: Iterable[Word]) -> list[Word]:
    """Of each host that was heard the last entry before each word that counts, and before what
    comes next."""
    counting = {word.kept for word in last}
    newest: dict[str, Word] = {}
    left: dict[Kept, Word] = {}
    for word in words:
        if word.entry.verb == HEAR:
            newest[word.entry.subject] = word
        elif word.kept in counting:
            left |= {each.kept: each for each in newest.values()}
    left |= {each.kept: each for each in newest.values()}
    return list(left.values())


def _shape(entry: Entry) -> tuple:
    return entry.verb, entry.subject, entry.time_s, entry.said, entry.texts, entry.origin
