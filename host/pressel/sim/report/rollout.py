"""The report of phase 9: simulated venues over as many shifts as a gate asks for, and what the
scorecard says of them.

As with the other reports, the document follows from recorded runs alone: one record a shift, with
what the scorecard counted in the logs of its hosts and badges.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.schema.scorecard import ScorecardTable, scorecard
from pressel.scorecard.card import Card, VenueCard, figure, judge
from pressel.scorecard.count import Count, count
from pressel.sim.commit import commit
from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import read_scenario
from pressel.sim.shift_log import ShiftLog
from pressel.sim.world.seal import STAND_IN
from pressel.sim.world.world import World

SHIFT = Path(__file__).with_name("shift.toml")
SHIFTS = 14  # as the gates "pilot" and "several" ask for
DAY_S = 86_400
MONDAY_S = 1_772_450_000  # any day: a day of the scorecard is one of the clock


@dataclass(frozen=True)
class Venue:
    """`profile`: the Wi-Fi that it has."""

    name: str
    participants: int
    profile: str


VENUES = (
    Venue("café", 6, "clean"),
    Venue("restaurant", 12, "clean"),
    Venue("mall", 25, "two-points"),
)
FULL = Venue("festival", 12, "busy")  # whose channel others fill
Record = dict[str, Any]


def matrix() -> Iterator[tuple[Venue, int]]:
    """Every venue and shift."""
    for shift in range(SHIFTS):
        for venue in (*VENUES, FULL):
            yield venue, shift


def make(venue: Venue, shift: int) -> Record:
    """Run one shift, and count it."""
    spec = {
        "scenario": read_scenario(SHIFT).resolved(),
        "profile": load_profile(venue.profile).resolved(),
        "participants": venue.participants,
        "protocol": "v2",
        "seed": 1 + shift,
        "seal": STAND_IN,
    }
    at_s = float(MONDAY_S + shift * DAY_S)
    world = World(spec)
    log = ShiftLog(world, at_s)
    try:
        world.run()
    finally:
        world.close()
    found = count(venue.name, log.lines, at_s, at_s + DAY_S)
    return {
        "source": commit() or "unknown",
        "venue": venue.name,
        "shift": shift,
        "bursts": found.bursts,
        "shifts": found.shifts,
        "found": dict(sorted(found.found.items())),
        "wanted": dict(sorted(found.wanted.items())),
        "badges": found.badges,
        "violations": [each["what"] for each in world.violations],
    }


def read_records(file: Path) -> list[Record]:
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def total(name: str, records: Iterable[Record]) -> Count:
    """All shifts of one venue together."""
    whole = Count(name)
    for each in sorted(records, key=lambda record: record["shift"]):
        if each["venue"] == name:
            at_s = float(MONDAY_S + each["shift"] * DAY_S)
            one = Count(name, each["shifts"], each["bursts"], badges=each["badges"])
            one.found.update(each["found"])
            one.wanted = dict(each["wanted"])
            one.first_s = one.last_s = at_s
            whole.add(one)
    return whole


# --- the document ---


def text(records: list[Record]) -> str:
    """The whole report."""
    table = scorecard()
    pilots = [judge([total(each.name, records)], "pilot", table) for each in (*VENUES, FULL)]
    three = judge([total(each.name, records) for each in VENUES], "several", table)
    sources = ", ".join(sorted({each["source"] for each in records}))
    violations = sum(len(each["violations"]) for each in records)
    return _TEXT.format(
        sources=sources,
        shifts=SHIFTS,
        violations=violations or "no",
        venues=_sentence(),
        pilots="\n".join(map(_pilot, pilots)),
        three=_card(three, table),
        full=_card(pilots[-1], table),
        full_name=FULL.name,
        full_profile=FULL.profile,
    )


_TEXT = """# Phase 9: simulated venues at the gates

Made by `make report-phase9` from `phase9-runs.jsonl`, recorded with {sources}. **Simulated**: no
venue has run this. A shift is a quarter of an hour in which all its talk lies together
(`host/pressel/sim/report/shift.toml`): people take turns, walk between access points, lay badges
down and take them up; once a shift somebody restarts the host that leads, and one time in ten its
power fails. Two hosts, {shifts} shifts, and the logs of all badges. No battery runs empty in it,
and nobody makes bundles.
{venues}
The checkers of the simulator found {violations} violations.

## Out of the gate "pilot", each venue alone

| venue | decision | what decided |
|---|---|---|
{pilots}

## Out of the gate "several", the first three together

{three}

## A venue whose channel is full

The {full_name}, on the network profile `{full_profile}`, at the gate "pilot":

{full}
"""


def _sentence() -> str:
    words = [f"the {v.name} has {v.participants} badges on `{v.profile}`" for v in VENUES]
    return f"{', '.join(words)}.".capitalize()


def _pilot(card: Card) -> str:
    return f"| {card.venues[0].count.venue} | {card.decision} | {'; '.join(card.why)} |"


def _card(card: Card, table: ScorecardTable) -> str:
    lines = [f"**{card.decision.capitalize()}.**", ""]
    lines += [f"- {each}" for each in card.why]
    names = [each.count.venue for each in card.venues]
    heads = [f"{name}" for name in names]
    lines += ["", f"| what is counted | {' | '.join(heads)} | at most |"]
    lines.append("|---" + "|--:" * (len(names) + 1) + "|")
    for place, (name, rule) in enumerate(table.rules.items()):
        cells = [_cell(each, place, name, table) for each in card.venues]
        most = figure(card.venues[0].marks[place].most, rule)
        lines.append(f"| {rule.text} | {' | '.join(cells)} | {most} |")
    bursts = [f"{each.count.bursts:,}" for each in card.venues]
    lines.append(f"| bursts | {' | '.join(bursts)} | |")
    return "\n".join(lines)


def _cell(venue: VenueCard, place: int, name: str, table: ScorecardTable) -> str:
    mark = venue.marks[place]
    assert mark.rule == name
    if mark.value is None:
        return "–"
    said = figure(mark.value, table.rules[name])
    return f"**{said}**" if mark.state == "broken" else said
