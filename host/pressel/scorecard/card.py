"""Judges what was counted by the rules of one gate: go, no go, or not yet, and by which rule."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from pressel.schema.scorecard import Gate, Rule, ScorecardTable

from .count import Count

GO, NO_GO, NOT_YET = "go", "no go", "not yet"
KEPT, BROKEN, UNKNOWN = "kept", "broken", "not known"


@dataclass(frozen=True)
class Mark:
    """One rule in one venue: `value` in the rule's measure, None where its logs are missing."""

    rule: str
    value: float | None
    most: float
    state: str  # KEPT, BROKEN or UNKNOWN


@dataclass(frozen=True)
class VenueCard:
    """`short`: why its time is not enough, "" when it is."""

    count: Count
    marks: tuple[Mark, ...]
    short: str


@dataclass(frozen=True)
class Card:
    """`why` are the sentences that decided, the first of them foremost."""

    gate: str
    decision: str
    why: tuple[str, ...]
    venues: tuple[VenueCard, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "gate": self.gate,
            "decision": self.decision,
            "why": list(self.why),
            "venues": [_venue_json(each) for each in self.venues],
        }


def judge(counts: Sequence[Count], gate: str, table: ScorecardTable) -> Card:
    """`gate` is a name of the table's. One broken rule in one venue is a no; too little time or a
    figure that nobody measured is not yet a yes."""
    asked = table.gates[gate]
    place = list(table.gates).index(gate)
    venues = tuple(
        VenueCard(
            each,
            tuple(_mark(name, rule, place, each) for name, rule in table.rules.items()),
            _short(each, asked),
        )
        for each in counts
    )
    broken = [
        f"{venue.count.venue}: {in_words(mark, table.rules[mark.rule])}"
        for venue in venues
        for mark in venue.marks
        if mark.state == BROKEN
    ]
    if broken:
        return Card(gate, NO_GO, tuple(broken), venues)
    missing = [f"{venue.count.venue}: {venue.short}" for venue in venues if venue.short]
    if len(venues) < asked.venues:
        missing.append(f"{len(venues)} of at least {asked.venues} venues")
    missing += [
        f"{venue.count.venue}: {in_words(mark, table.rules[mark.rule])}"
        for venue in venues
        for mark in venue.marks
        if mark.state == UNKNOWN
    ]
    if missing:
        return Card(gate, NOT_YET, tuple(missing), venues)
    return Card(gate, GO, (f"every rule of the gate {gate} is kept",), venues)


def in_words(mark: Mark, rule: Rule) -> str:
    """The mark as a sentence without its venue."""
    if mark.value is None:
        return f"{rule.text}: not known without logs of {rule.needs or 'hosts'}"
    return f"{rule.text}: {figure(mark.value, rule)}, at most {figure(mark.most, rule)}"


def figure(value: float, rule: Rule) -> str:
    """In the rule's measure."""
    if rule.per == "share":
        return f"{value:.1%}"
    return f"{value:.2f} a shift" if rule.per == "shift" else f"{value:.0f}"


def _mark(name: str, rule: Rule, place: int, count: Count) -> Mark:
    most = rule.most[place]
    if rule.needs == "badges" and not count.wanted.get(name):
        return Mark(name, None, most, UNKNOWN)
    found = float(count.found[name])
    if rule.per == "share":
        wanted = count.wanted.get(name, 0)
        value = found / wanted if wanted else 0.0
    else:
        value = found / max(1, count.shifts) if rule.per == "shift" else found
    return Mark(name, value, most, KEPT if value <= most else BROKEN)


def _short(count: Count, gate: Gate) -> str:
    if count.shifts < gate.shifts:
        return f"{count.shifts} of at least {gate.shifts} shifts"
    if count.bursts < gate.bursts:
        return f"{count.bursts} of at least {gate.bursts} bursts"
    return ""


def _venue_json(venue: VenueCard) -> dict[str, Any]:
    count = venue.count
    return {
        "venue": count.venue,
        "from_s": count.first_s,
        "to_s": count.last_s,
        "shifts": count.shifts,
        "bursts": count.bursts,
        "badge_logs": count.badges,
        "short": venue.short,
        "marks": {
            mark.rule: {"value": mark.value, "most": mark.most, "state": mark.state}
            for mark in venue.marks
        },
    }
