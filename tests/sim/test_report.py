"""The baseline report: pooled figures, tables, and a document that follows from its records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pressel.sim.choice import Choice
from pressel.sim.report import baseline, failover
from pressel.sim.report.__main__ import failover_stale, stale
from pressel.sim.report.tables import pooled, table
from pressel.sim.targets import all_targets


def spread(value: float, n: int = 10) -> dict[str, Any]:
    return {"p50": value, "p95": value * 2, "p99": value * 3, "max": value * 4, "n": n}


def result(key: tuple[str, str, str, int, int], **kpis: Any) -> dict[str, Any]:
    protocol, scenario, profile, participants, seed = key
    facts = {"access_ms": spread(20), "mouth_to_ear_ms": spread(100), "late_entry_ms": None}
    plain = {"datagrams": participants * 100, "airtime_percent": 5.0, "frame_loss": 0.0}
    counts = {"floor_conflicts": 0, "double_talk_ms": 0, "clipped_ms": 0.0, "failover_ms": None}
    return {
        "protocol": protocol,
        "scenario": scenario,
        "profile": profile,
        "participants": participants,
        "seed": seed,
        "digest": "00",
        "virtual_s": 30.0,
        "wall_s": 1.0,
        "events": 1000,
        "violations": [],
        "kpis": {**facts, **plain, **counts, **kpis},
    }


def test_the_worst_run_counts_and_traffic_is_averaged() -> None:
    one = result(("v2", "burst", "clean", 10, 1), datagrams=100)
    two = result(("v2", "burst", "clean", 10, 2), datagrams=300, access_ms=spread(50, n=5))
    assert pooled([one, two], "access_ms", "p95") == (100, 15)
    assert pooled([one, two], "datagrams", "") == (200, 2)


def test_a_figure_that_no_run_gives_is_none_and_not_zero() -> None:
    assert pooled([result(("v2", "burst", "clean", 10, 1))], "late_entry_ms", "p95") == (None, 0)
    assert pooled([result(("v2", "burst", "clean", 10, 1))], "elections", "") == (None, 0)


def test_a_table_is_markdown() -> None:
    assert table(["a", "b", "c"], [["x", "y", "1"]]) == (
        "| a | b | c |\n| --- | --- | ---: |\n| x | y | 1 |"
    )


def test_records_are_kept_in_the_order_of_the_matrix_and_without_the_machine(
    tmp_path: Path,
) -> None:
    keys = list(baseline.matrix())[:4]
    file = tmp_path / "runs.jsonl"
    baseline.write_records(file, [result(key) for key in reversed(keys)])
    records = baseline.read_records(file)
    assert [baseline.identity(each) for each in records] == keys
    assert "wall_s" not in records[0]


def test_the_report_follows_from_the_records_alone(tmp_path: Path) -> None:
    results = [result(key) for key in baseline.matrix()]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        baseline.render(json.loads(json.dumps(results)), tmp_path / name / "report.md")
    files = sorted(file.relative_to(tmp_path / "one") for file in (tmp_path / "one").rglob("*.*"))
    assert len(files) == 4
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes()
    text = (tmp_path / "one" / "report.md").read_text()
    assert all(target.id in text for target in all_targets())


@pytest.mark.parametrize("value, words", [(29, "yes"), (31, "**no**")])
def test_a_broken_promise_is_shown(value: float, words: str) -> None:
    results = [result(key, access_ms=spread(value)) for key in baseline.matrix()]
    (row,) = (line for line in baseline.text(results).splitlines() if "| access-clean |" in line)
    assert row.count(words) == 2


def test_the_committed_reports_are_what_their_records_give() -> None:
    assert stale(is_run=False) == [] and failover_stale(is_run=False) == []


@pytest.mark.proof
def test_the_committed_report_is_what_the_code_makes() -> None:
    assert stale() == []


@pytest.mark.proof
def test_the_failover_report_is_what_the_code_makes() -> None:
    assert failover_stale() == []


def test_a_missed_target_and_a_violation_are_shown() -> None:
    records = []
    for profile in failover.PROFILES:
        for seed in range(1, 4):
            choice = Choice("takeover", profile, failover.PARTICIPANTS, seed=seed)
            made = result(("v2", "takeover", profile, failover.PARTICIPANTS, seed))
            slow = {"failover_ms": spread(150 + 100 * seed), "election_ms": spread(300)}
            made["kpis"] = {**made["kpis"], **slow}
            records.append(failover.kept(choice, made))
    assert failover.text(records).count("**no**") == 2  # 1,800 ms is the worst of the slowest
    assert [failover.is_late(each) for each in records] == [False, False, True] * 2
    records[0]["violations"] = ["one voice: two at once"]
    assert "**In 1 of them**" in failover.text(records)
