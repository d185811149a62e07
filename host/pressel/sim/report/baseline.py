"""The baseline report: the old app and protocol v2 over the same scripts, profiles and seeds.

`record` makes the runs (minutes), `render` the report from them (seconds). What is rendered follows
from the recorded runs alone, so that anybody can check text, tables and plots against the records;
and a few of the runs, made anew, show whether the records still match the code.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pressel.sim.targets import Target, all_targets

from .plots import plot_growth, plot_percentiles
from .tables import pooled, table

PROTOCOLS = ("v1", "v2")
PARTICIPANTS = (10, 25, 50, 100)
PROFILES = ("clean", "busy", "stress", "dtim", "roam", "airtime")
SCENARIOS = ("one-talker", "burst", "all-press", "churn")
SEEDS = (1,)

Result = dict[str, Any]


def matrix() -> Iterator[tuple[str, str, str, int, int]]:
    """Every run of the report: (protocol, scenario, profile, participants, seed)."""
    for participants in PARTICIPANTS:
        for scenario in SCENARIOS:
            for profile in PROFILES:
                for protocol in PROTOCOLS:
                    for seed in SEEDS:
                        yield protocol, scenario, profile, participants, seed


def identity(result: Result) -> tuple[str, str, str, int, int]:
    """Which run of the matrix a result is of."""
    return (
        result["protocol"],
        result["scenario"],
        result["profile"],
        result["participants"],
        result["seed"],
    )


def read_records(file: Path) -> list[Result]:
    """The recorded results, in the order of the matrix."""
    return [json.loads(line) for line in file.read_text("utf-8").splitlines()]


def write_records(file: Path, results: Iterable[Result]) -> None:
    """The result without what differs from machine to machine."""
    order = {key: index for index, key in enumerate(matrix())}
    lines = []
    for result in sorted(results, key=lambda each: order[identity(each)]):
        kept = {key: value for key, value in result.items() if key not in ("wall_s", "commit")}
        lines.append(json.dumps(kept, sort_keys=True))
    file.write_text("\n".join(lines) + "\n", "utf-8")


def render(results: list[Result], report: Path) -> None:
    """Writes the report, and its plots to the folder "images" beside it."""
    images = report.parent / "images"
    images.mkdir(parents=True, exist_ok=True)
    plot_growth(results, images / "phase0-traffic.svg")
    plot_percentiles(results, "mouth_to_ear_ms", images / "phase0-mouth-to-ear.svg")
    plot_percentiles(results, "access_ms", images / "phase0-access.svg")
    report.write_text(text(results), "utf-8")


def text(results: list[Result]) -> str:
    """The report's Markdown."""
    parts = [_opening(results), _verdict(results), _by_profile(results), _by_size(results)]
    return "\n\n".join(parts) + "\n"


def _opening(results: list[Result]) -> str:
    events = sum(each["events"] for each in results)
    seconds = sum(each["virtual_s"] for each in results)
    return f"""# Phase 0: the baseline

The old app (v1) and protocol v2 as it stands, in the simulator: {len(results)} runs,
{seconds / 3600:.1f} hours of virtual time, {events / 1e6:.0f} million events. Scripts, network and
seeds are the same for both. Made by `make report-phase0` from
[phase0-runs.jsonl](phase0-runs.jsonl); `make report-phase0 RECORD=1` makes the runs anew. Every run
can be replayed by its seed; its digest is in the records.

The old app is a model of its documented behaviour (full mesh over TCP, floor by announcement), not
the app itself. Terms and targets: [slo.md](../slo.md). Scenarios and profiles:
[test-harness.md](../test-harness.md)."""


def _verdict(results: list[Result]) -> str:
    """Each target at 100 participants, v1 beside v2."""
    rows = []
    for target in all_targets():
        for profile in target.profiles or PROFILES:
            cells = [target.id, profile, target.limit()]
            for protocol in PROTOCOLS:
                chosen = _chosen(results, protocol, profile, 100)
                cells += _judged(target, chosen)
            rows.append(cells)
    head = ["target", "profile", "limit", "v1", "n", "kept", "v2", "n", "kept"]
    return "\n".join(
        [
            "## Targets, 100 participants",
            "",
            "Pooled over seeds and over the scenarios that can give the figure; airtime is of",
            "whole runs of `one-talker`, a third of which is silence. A dash: no run gives it.",
            "Failover needs standbys; it is in [phase2-3.md](phase2-3.md). Airtime while somebody",
            "talks is in [phase4-capacity.md](phase4-capacity.md).",
            "",
            table(head, rows),
        ]
    )


def _chosen(results: list[Result], protocol: str, profile: str, count: int) -> list[Result]:
    return [
        each
        for each in results
        if (each["protocol"], each["profile"], each["participants"]) == (protocol, profile, count)
    ]


def _judged(target: Target, results: list[Result]) -> list[str]:
    kpi = target.kpi
    if target.id == "airtime":
        kpi = "airtime_percent"  # all that these records have
        results = [each for each in results if each["scenario"] == "one-talker"]
    value, samples = pooled(results, kpi, target.of)
    if value is None:
        return ["–", "0", "–"]
    return [f"{value:g}", str(samples), "yes" if value <= target.most else "**no**"]


def _by_profile(results: list[Result]) -> str:
    lines = ["## Percentiles at 100 participants", ""]
    for kpi, words in (("access_ms", "Access time"), ("mouth_to_ear_ms", "Mouth to ear")):
        rows = []
        for profile in PROFILES:
            for protocol in PROTOCOLS:
                chosen = _chosen(results, protocol, profile, 100)
                cells = [profile, protocol]
                cells += [_text(pooled(chosen, kpi, of)[0]) for of in ("p50", "p95", "p99", "max")]
                rows.append([*cells, str(pooled(chosen, kpi, "p50")[1])])
        head = ["profile", "protocol", "p50", "p95", "p99", "max", "n"]
        image = f"images/phase0-{kpi.removesuffix('_ms').replace('_', '-')}.svg"
        lines += [f"### {words}, ms", "", table(head, rows), "", f"![{words}]({image})", ""]
    return "\n".join(lines).rstrip()


def _by_size(results: list[Result]) -> str:
    """How traffic, loss and double talk grow with the venue, on the clean profile."""
    rows = []
    for participants in PARTICIPANTS:
        for protocol in PROTOCOLS:
            chosen = _chosen(results, protocol, "clean", participants)
            one = [each for each in chosen if each["scenario"] == "one-talker"]
            rows.append(
                [
                    str(participants),
                    protocol,
                    _text(pooled(one, "datagrams", "")[0]),
                    _text(pooled(one, "airtime_percent", "")[0]),
                    _text(pooled(chosen, "frame_loss", "")[0]),
                    _text(pooled(chosen, "floor_conflicts", "")[0]),
                    _text(pooled(chosen, "double_talk_ms", "")[0]),
                ]
            )
    head = ["participants", "protocol", "datagrams", "airtime %", "frame loss"]
    head += ["floor conflicts", "double talk, ms"]
    return "\n".join(
        [
            "## Growth, clean profile",
            "",
            "Datagrams and airtime are means over the seeds of `one-talker`; the others are of the",
            "worst run of all scenarios. Airtime above 100 % does not fit into the channel, whose",
            "use is only computed on `clean`, but modelled on `airtime`.",
            "",
            table(head, rows),
            "",
            "![Traffic by size of the venue](images/phase0-traffic.svg)",
        ]
    )


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:g}"
