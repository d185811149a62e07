"""What holds of a device when several hosts have written about it, whatever order it came in.

An entry overrules those that its host had heard of when it wrote, which the entries `registry hear`
in its chain tell. Of entries that did not know of each other that of the higher term holds, and the
others are conflicts. What somebody has revoked stays revoked. See docs/registry-log.md.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from pressel.ledger.entry import Entry
from pressel.registry.chains import Chains, Kept
from pressel.registry.device import REVOKED

BEGIN = "registry begin"
FOLLOW = "registry follow"  # of earlier versions: as the leader's list said, and no more than that
HEAR = "registry hear"

Counts = Callable[[Kept], bool]


@dataclass(frozen=True)
class Word:
    """An entry about a subject, and what it says."""

    kept: Kept
    entry: Entry

    @property
    def weight(self) -> int:
        """What hosts found when their log began is less than what somebody asked for."""
        return {FOLLOW: 0, BEGIN: 1}.get(self.entry.verb, 2)

    @property
    def rank(self) -> tuple[int, int, str]:
        index, term = self.entry.origin
        return term, index, self.kept.host

    @property
    def ends(self) -> bool:
        return self.entry.facts.get("state") == REVOKED and self.entry.verb != FOLLOW


def _all(kept: Kept) -> bool:
    return True


class Standing:
    """By the entries in `chains`, of which `own` is this host's."""

    def __init__(self, chains: Chains, own: str) -> None:
        self._chains = chains
        self._own = own

    def of(self, subject: str, counts: Counts = _all) -> Word | None:
        """The entry that says what holds of it; None when nothing does. Only those count of which
        `counts` says so."""
        return self._first(self._words(subject, counts))

    def conflicts(self, subject: str) -> tuple[Word, list[Word]] | None:
        """The entry that holds, and those that did not know of it and say something else."""
        words = self._words(subject, _all)
        first = self._first(words)
        if first is None:
            return None
        last = self._unheard(_last(words))
        others = [
            each
            for each in last
            if each.kept != first.kept and not self._has_heard(first, each) and _differ(each, first)
        ]
        return (first, others) if others else None

    def heard(self, entry: Entry, host: str) -> int:
        """How many of the entries of `host` its writer had heard of when it wrote `entry`: what it
        says of that, if it is so. Else it could overrule what will be written only after it."""
        about = (each.signed.entry() for each in self._chains.about(f"log {host}", entry.host))
        said = [told for told in about if told.origin[0] < entry.origin[0]]
        for told in sorted(said, key=upto, reverse=True):
            if self._is_so(told, host):
                return upto(told)
        return 0

    def comes_true(self, host: str, before: int) -> bool:
        """Whether somebody has said that he had heard of entries of `host` that came here only
        now, behind entry `before`: who overrules whom may be another one by that."""
        last = self._chains.head(host).index
        if last == before:
            return False
        behind: set[str] = set()  # writers whose earlier entries say less
        for each in reversed(self._chains.about(f"log {host}")):
            heard = 0 if each.host in behind else upto(each.signed.entry())
            if before < heard <= last:
                return True
            if heard <= before:
                behind.add(each.host)
        return False

    # --- inside ---

    def _is_so(self, told: Entry, host: str) -> bool:
        """Whether `host` has written what `told` says that it has. What a checkpoint has dropped is
        believed; what has not come here is not, unless nothing comes any more."""
        number = upto(told)
        kept = self._chains.entry(host, number)
        if kept is not None:
            return kept.signed.hash() == told.facts.get("head")
        goes_on = host == self._own or self._chains.is_allowed(host)
        return number < self._chains.first(host) or not goes_on

    def _words(self, subject: str, counts: Counts) -> list[Word]:
        host = self._own if subject.startswith("host ") else None  # each says it for itself
        about = filter(counts, self._chains.about(subject, host))
        return [Word(each, each.signed.entry()) for each in about]

    def _first(self, words: list[Word]) -> Word | None:
        last = _last([each for each in words if each.ends] or words)
        return max(self._unheard(last) or last, key=lambda each: each.rank, default=None)

    def _unheard(self, words: list[Word]) -> list[Word]:
        """Those that weigh most, without those of which the host of another one had heard."""
        most = max((each.weight for each in words), default=0)
        left = [each for each in words if each.weight == most]
        return [
            each
            for each in left
            if not any(self._has_heard(other, each) for other in left if other is not each)
        ]

    def _has_heard(self, later: Word, earlier: Word) -> bool:
        return self.heard(later.entry, earlier.kept.host) >= earlier.entry.origin[0]


def upto(entry: Entry) -> int:
    """How far an entry says that its host has heard of another one; 0 when it says nothing."""
    told = entry.facts.get("upto")
    return told if entry.verb == HEAR and isinstance(told, int) else 0


def _last(words: Iterable[Word]) -> list[Word]:
    """Of each chain; of an entry and its copy the copy, since the other one will be dropped."""
    in_order = sorted(words, key=lambda each: (each.entry.origin[0], each.kept.number))
    return list({each.kept.host: each for each in in_order}.values())


def _differ(one: Word, other: Word) -> bool:
    if one.ends and other.ends:
        return False
    return one.weight == 2 or one.entry.said != other.entry.said
