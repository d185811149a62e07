"""The report of phases 2 and 3: leaders that die, and crowds that press at once.

As with the baseline report, the document follows from recorded runs alone, and a few of the runs,
made anew, show whether the records still match the code.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pressel.sim.choice import Choice
from pressel.sim.commit import commit
from pressel.sim.targets import all_targets

from .plots import plot_shares
from .tables import table

PROFILES = ("clean", "busy")
SEEDS = range(1, 1001)  # of each profile, one death a seed
PARTICIPANTS = 6
FAULT_SEEDS = range(1, 101)  # of `failover`, on each profile: every fault at once
CROWDS = (10, 25, 50, 100)
CROWD_SEEDS = range(1, 4)
COST = (0, 1, 2, 3)  # standbys

Result = dict[str, Any]


def matrix() -> Iterator[Choice]:
    """Every run of the report; something of everything comes early."""
    for standbys in COST:
        yield Choice("one-talker", "clean", 100, standbys=standbys)
    for seed in SEEDS:
        for profile in PROFILES:
            yield Choice("takeover", profile, PARTICIPANTS, seed=seed)
            if seed in FAULT_SEEDS:
                yield Choice("failover", profile, 10, seed=seed)
            if seed in CROWD_SEEDS:
                for crowd in CROWDS:
                    yield Choice("storm", profile, crowd, seed=seed)


_KEPT = (
    "access_ms",
    "failover_ms",
    "election_ms",
    "elections",
    "unheard_after_a_kill",
    "queue_depth",
    "floor_conflicts",
    "double_talk_ms",
    "datagrams",
    "bytes",
    "host_datagrams",
    "host_bytes",
    "airtime_percent",
)


def kept(choice: Choice, result: Result) -> Result:
    """The part of a run's result that is recorded."""
    facts = {
        "source": result.get("commit") or commit() or "unknown",
        "scenario": choice.scenario,
        "profile": choice.profile,
        "participants": choice.participants,
        "seed": choice.seed,
        "standbys": choice.standbys,
    }
    kpis = {name: result["kpis"][name] for name in _KEPT if result["kpis"].get(name) is not None}
    violations = [f"{each['checker']}: {each['what']}" for each in result["violations"]]
    counts = {"digest": result["digest"][:12], "events": result["events"]}
    return {**facts, **counts, "violations": violations, "kpis": kpis}


def choice_of(record: Result) -> Choice:
    return Choice(
        record["scenario"],
        record["profile"],
        record["participants"],
        seed=record["seed"],
        standbys=record["standbys"],
    )


def write_records(file: Path, records: Iterable[Result]) -> None:
    """In the order of the matrix."""
    order = {choice: index for index, choice in enumerate(matrix())}
    lines = [
        json.dumps(record, sort_keys=True)
        for record in sorted(records, key=lambda each: order[choice_of(each)])
    ]
    file.write_text("\n".join(lines) + "\n", "utf-8")


def is_late(record: Result) -> bool:
    """A death after which the talker was heard later than promised."""
    (limit,) = [each.most for each in all_targets() if each.id == "failover"]
    spread = record["kpis"].get("failover_ms")
    return record["scenario"] == "takeover" and (spread is None or spread["max"] > limit)


# --- the document ---


def render(records: list[Result], report: Path) -> None:
    """Writes the report, and its plots to the folder "images" beside it."""
    images = report.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    for kpi, words, name in (
        ("failover_ms", "the talker is heard again, ms after the death", "failover"),
        ("election_ms", "another host leads, ms after the death", "election"),
    ):
        curves = {profile: samples(records, profile, kpi) for profile in PROFILES}
        plot_shares(curves, words, images / f"phase2-3-{name}.svg")
    report.write_text(text(records), "utf-8")


def samples(records: list[Result], profile: str, kpi: str) -> list[float]:
    """One figure a seed, of its worst listener, in order."""
    found = [
        record["kpis"][kpi]["max"]
        for record in chosen(records, "takeover", profile)
        if kpi in record["kpis"]
    ]
    return sorted(found)


def chosen(records: list[Result], scenario: str, profile: str) -> list[Result]:
    return [each for each in records if (each["scenario"], each["profile"]) == (scenario, profile)]


def rank(ordered: list[float], percent: float) -> float | None:
    """By nearest rank; None without any."""
    if not ordered:
        return None
    return ordered[max(0, math.ceil(len(ordered) * percent / 100) - 1)]


def text(records: list[Result]) -> str:
    parts = [_opening(records), _failover(records), _faults(records), _crowds(records)]
    return "\n\n".join([*parts, _cost(records)]) + "\n"


def _opening(records: list[Result]) -> str:
    events = sum(each["events"] for each in records)
    broken = sum(1 for each in records if each["violations"])
    verdict = "No checker saw" if not broken else f"**In {broken} of them** checkers saw"
    sources = ", ".join(sorted({each["source"] for each in records}))
    return f"""# Phases 2 and 3: one leader, one floor

{len(records):,} runs of the simulator, {events / 1e6:.0f} million events. Three hosts elect their
leader as `pressel host run` does; term and vote take 1 to 21 ms to the disk. Made by
`make report-phase2-3` from [phase2-3-runs.jsonl](phase2-3-runs.jsonl); `RECORD=1` makes the runs
anew. They are of source {sources}: the digests in the records belong to its engines.

{verdict} what must never be: two leases at once, two talkers in a listener's ear, a badge that
obeys a lower term; [test-harness.md](../test-harness.md) lists all of it."""


def _failover(records: list[Result]) -> str:
    (limit,) = [each.most for each in all_targets() if each.id == "failover"]
    rows = []
    for profile in PROFILES:
        runs = chosen(records, "takeover", profile)
        for kpi, words in (("election_ms", "another leads"), ("failover_ms", "heard again")):
            ordered = samples(records, profile, kpi)
            cells = [_text(rank(ordered, percent)) for percent in (50, 95, 99, 100)]
            p99 = rank(ordered, 99)
            verdict = "–"
            if kpi == "failover_ms" and p99 is not None:
                verdict = "yes" if p99 <= limit else "**no**"
            rows.append([profile, words, *cells, str(len(ordered)), str(len(runs)), verdict])
    unheard = sum(
        each["kpis"].get("unheard_after_a_kill", 0)
        for profile in PROFILES
        for each in chosen(records, "takeover", profile)
    )
    head = ["profile", "ms after the death", "p50", "p95", "p99", "max", "n", "seeds", "kept"]
    return "\n".join(
        [
            "## A leader dies in mid-burst",
            "",
            f"`takeover`: {PARTICIPANTS} badges, one talks, the leader is killed for good, and one",
            "of two standbys goes on under the same lease. There is one figure a seed: that of the",
            f"listener who waited longest. The target is p99 at most {limit:g} ms. `n` is the",
            "number of seeds in which somebody had the floor when the leader died.",
            f"{unheard} listeners never heard the talker again. The leader dies at the same time",
            "in each run, about 60 ms after a heartbeat of hosts: another moment adds up to 60 ms.",
            "",
            table(head, rows),
            "",
            "![Heard again](images/phase2-3-failover.svg)",
            "",
            "![Another one leads](images/phase2-3-election.svg)",
        ]
    )


def _faults(records: list[Result]) -> str:
    rows = []
    for profile in PROFILES:
        runs = chosen(records, "failover", profile)
        leaders = sum(each["kpis"].get("elections", 0) for each in runs)
        spreads = [each["kpis"]["failover_ms"] for each in runs if "failover_ms" in each["kpis"]]
        worst = sorted(each["max"] for each in spreads)
        cells = [profile, str(len(runs)), str(leaders), _text(rank(worst, 50))]
        doubled = sum(each["kpis"].get("double_talk_ms", 0) for each in runs)
        rows.append([*cells, f"{doubled:g}", str(sum(1 for each in runs if each["violations"]))])
    head = ["profile", "runs", "takeovers", "heard again p50", "two talkers, ms"]
    return "\n".join(
        [
            "## Every fault at once",
            "",
            "`failover`: the leader is killed, stands still for seconds, resigns or is cut off,",
            "alone or with a third of the badges, sometimes in one direction only; clocks drift",
            "and are stepped; disks are lost. A talker may be on the other side of a cut, so there",
            "is no target here except the invariants.",
            "",
            table([*head, "runs with violations"], rows),
        ]
    )


def _crowds(records: list[Result]) -> str:
    rows = []
    for profile in PROFILES:
        for crowd in CROWDS:
            runs = [e for e in chosen(records, "storm", profile) if e["participants"] == crowd]
            if not runs:
                continue
            queue = max(each["kpis"].get("queue_depth", 0) for each in runs)
            access = sorted(
                each["kpis"]["access_ms"]["p95"] for each in runs if "access_ms" in each["kpis"]
            )
            doubled = max(each["kpis"].get("double_talk_ms", 0) for each in runs)
            broken = sum(1 for each in runs if each["violations"])
            cells = [profile, str(crowd), str(len(runs)), str(queue), _text(rank(access, 100))]
            rows.append([*cells, f"{doubled:g}", str(broken)])
    head = ["profile", "press at once", "runs", "longest queue", "first of all waits, ms"]
    return "\n".join(
        [
            "## Crowds",
            "",
            "`storm`: everybody presses in the same instant, twice, and each time the leader is",
            "killed while most of them wait. The queue survives it.",
            "",
            table([*head, "two talkers, ms", "runs with violations"], rows),
        ]
    )


def _cost(records: list[Result]) -> str:
    rows = []
    for record in [each for each in records if each["scenario"] == "one-talker"]:
        kpis = record["kpis"]
        rows.append(
            [
                str(record["standbys"]),
                f"{kpis['datagrams']:,}",
                f"{kpis['bytes']:,}",
                f"{kpis['airtime_percent']:g}",
                f"{kpis.get('host_datagrams', 0):,}",
                f"{kpis.get('host_bytes', 0):,}",
            ]
        )
    head = ["standbys", "datagrams to and from badges", "bytes", "airtime %", "between hosts"]
    return "\n".join(
        [
            "## What standbys cost",
            "",
            "`one-talker`, 100 badges, 43 s with 30 s of speech. Hosts send each other",
            "heartbeats, the journal of what changes, and its answers; badges are told of standbys",
            "now and then.",
            "",
            table([*head, "bytes between hosts"], rows),
        ]
    )


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
