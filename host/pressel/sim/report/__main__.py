"""`make report-phase0`, `-phase2-3`, `-phase4`, `-phase8`, `-phase9`: a report from its recorded
runs, or from runs anew.

--check makes nothing: it says whether report and records still match the code.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from pressel.sim.choice import specs_of
from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.workers import run_specs

from . import (
    baseline,
    capacity,
    capacity_matrix,
    capacity_records,
    failover,
    operations,
    rollout,
    talked,
    watched,
)

ROOT = Path(__file__).resolve().parents[4]
REPORT = ROOT / "docs" / "reports" / "phase0-baseline.md"
RECORDS = REPORT.with_name("phase0-runs.jsonl")
FAILOVER_REPORT = REPORT.with_name("phase2-3.md")
FAILOVER_RECORDS = REPORT.with_name("phase2-3-runs.jsonl")
CAPACITY_REPORT = REPORT.with_name("phase4-capacity.md")
CAPACITY_RECORDS = REPORT.with_name("phase4-runs.jsonl")
ROLLOUT_REPORT = REPORT.with_name("phase9-rollout.md")
ROLLOUT_RECORDS = REPORT.with_name("phase9-runs.jsonl")
OPERATIONS_REPORT = REPORT.with_name("phase8-operations.md")
OPERATIONS_RECORDS = REPORT.with_name("phase8-runs.jsonl")
FAILOVER_SAMPLE_EVERY = 250  # of the small runs
OPERATIONS_SAMPLE_EVERY = 17  # of 18 runs: a healthy venue, and the last fault
SAMPLE_EVERY = 24  # runs between two that --check makes anew: seconds instead of minutes
PHASES = ("phase0", "phase2-3", "phase4", "phase8", "phase9")
CAPACITY_MOST_AGAIN = 10  # participants of the runs that --check makes anew

Key = tuple[str, str, str, int, int]


def spec_of(key: Key) -> dict[str, Any]:
    """The facts of one run of the matrix."""
    protocol, scenario, profile, participants, seed = key
    return {
        "scenario": load_scenario(scenario).resolved(),
        "profile": load_profile(profile).resolved(),
        "participants": participants,
        "protocol": protocol,
        "seed": seed,
    }


def make_runs(keys: Sequence[Key]) -> list[baseline.Result]:
    """The results of `keys`, made now on all cores, with a progress bar on a terminal."""
    specs = [spec_of(key) for key in keys]
    done = track(
        run_specs(specs),
        "making runs",
        total=len(specs),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
    )
    return [result for _, result in done]


def sample() -> list[Key]:
    """The smaller runs of the matrix, a few of them."""
    small = [key for key in baseline.matrix() if key[3] <= 25]
    return small[::SAMPLE_EVERY]


def stale(*, is_run: bool = True) -> list[str]:
    """What no longer matches the code, in words; empty when all is current. A few runs are made
    anew if `is_run`."""
    words = []
    records = baseline.read_records(RECORDS)
    if REPORT.read_text("utf-8") != baseline.text(records):
        words.append(f"{REPORT.name} is not what its records give; run: make report-phase0")
    digests = {baseline.identity(each): each["digest"] for each in records}
    for result in make_runs(sample()) if is_run else ():
        key = baseline.identity(result)
        if digests.get(key) != result["digest"]:
            words.append(f"run {key} goes another way now; run: make report-phase0 RECORD=1")
            break
    return words


def failover_stale(*, is_run: bool = True) -> list[str]:
    """As `stale`, of the report of phases 2 and 3. Its runs take too long to be made anew with
    every change of an engine: the report names its source, and a few of its runs, made now, must
    still keep what it says."""
    words = []
    records = baseline.read_records(FAILOVER_RECORDS)
    if FAILOVER_REPORT.read_text("utf-8") != failover.text(records):
        words.append(f"{FAILOVER_REPORT.name} is not what its records give: make report-phase2-3")
    some = [each for each in records if each["participants"] <= 10][::FAILOVER_SAMPLE_EVERY]
    choices = [failover.choice_of(each) for each in some] if is_run else []
    for index, result in run_specs(specs_of(choices)):
        now = failover.kept(choices[index], result)
        if now["violations"] or failover.is_late(now):
            words.append(f"{choices[index]} does not keep what the report says")
    return words


def record_failover() -> None:
    """Makes all runs. Finished runs are kept beside the records until all are done."""
    beside = FAILOVER_RECORDS.with_suffix(".part")
    done = baseline.read_records(beside) if beside.exists() else []
    known = {failover.choice_of(each) for each in done}
    choices = [each for each in failover.matrix() if each not in known]
    hidden = not sys.stderr.isatty()
    finished = run_specs(specs_of(choices))
    console = Console(stderr=True)
    with beside.open("a", encoding="utf-8") as out:
        for index, result in track(
            finished, "making runs", total=len(choices), console=console, disable=hidden
        ):
            done.append(failover.kept(choices[index], result))
            out.write(json.dumps(done[-1]) + "\n")
            out.flush()
    failover.write_records(FAILOVER_RECORDS, done)
    beside.unlink()


def capacity_stale(makes_runs: bool = True) -> list[str]:
    """As `stale`, of the report of phase 4; its smallest runs, made now, must still work or not as
    it says. They go another way with every change of an engine, so digests are not compared."""
    budget, records = capacity_records.read_records(CAPACITY_RECORDS)
    words = []
    if CAPACITY_REPORT.read_text("utf-8") != capacity.text(budget, records):
        words.append(f"{CAPACITY_REPORT.name} is not what its records give: make report-phase4")
    by_cell = {capacity_matrix.Cell(**each["cell"]): each for each in records}
    if list(by_cell) != capacity_matrix.matrix():
        words.append("other runs are asked for than were made: make report-phase4 RECORD=1")
    if not makes_runs:
        return words
    some = [each for each in by_cell if each.participants <= CAPACITY_MOST_AGAIN]
    for index, result in run_specs([each.spec() for each in some]):
        now = capacity_records.kept(some[index], result)
        if now["violations"] or capacity_records.works(now) != capacity_records.works(
            by_cell[some[index]]
        ):
            words.append(f"{some[index]} is not what the report says: make report-phase4 RECORD=1")
    return words


def record_capacity() -> None:
    """Makes all runs of the report of phase 4."""
    cells = capacity_matrix.matrix()
    finished = track(
        run_specs([each.spec() for each in cells]), "making runs", total=len(cells),
        console=Console(stderr=True), disable=not sys.stderr.isatty(),
    )  # fmt: skip
    records = [capacity_records.kept(cells[index], result) for index, result in finished]
    capacity_records.write_records(CAPACITY_RECORDS, records)


def rollout_stale() -> list[str]:
    """As `stale`, of the report of phase 9; its runs take minutes and are not made anew."""
    if ROLLOUT_REPORT.read_text("utf-8") != rollout.text(rollout.read_records(ROLLOUT_RECORDS)):
        return [f"{ROLLOUT_REPORT.name} is not what its records give: make report-phase9"]
    return []


def operations_text(records: list[operations.Record]) -> str:
    """The report of phase 8: faults, and a venue that is looked at."""
    looked_at = watched.text(watched.read_records())
    return operations.text(records) + talked.text(talked.read_record()) + looked_at


def operations_stale() -> list[str]:
    """As `stale`, of the report of phase 8; a few of its runs, made now, must show the same."""
    records = operations.read_records(OPERATIONS_RECORDS)
    words = []
    if OPERATIONS_REPORT.read_text("utf-8") != operations_text(records):
        words.append(f"{OPERATIONS_REPORT.name} is not what its records give: make report-phase8")
    known = {(each["fault"], each["seed"]): each for each in records}
    for fault, seed in list(operations.matrix())[::OPERATIONS_SAMPLE_EVERY]:
        if not operations.is_found(fault, known[fault.name, seed]) or not operations.is_found(
            fault, operations.make(fault, seed)
        ):
            words.append(f"the fault '{fault.name}' is not found with seed {seed}")
    return words


def record_operations() -> None:
    """Makes all runs, one after the other."""
    console = Console(stderr=True)
    runs = list(operations.matrix())
    hidden = not sys.stderr.isatty()
    with OPERATIONS_RECORDS.open("w", encoding="utf-8") as out:
        for fault, seed in track(runs, "making runs", console=console, disable=hidden):
            out.write(json.dumps(operations.make(fault, seed), sort_keys=True) + "\n")


def record_rollout() -> None:
    """Makes all shifts, one after the other. Finished ones are kept until all are done."""
    beside = ROLLOUT_RECORDS.with_suffix(".part")
    known = rollout.read_records(beside) if beside.exists() else []
    done = {(each["venue"], each["shift"]) for each in known}
    left = [each for each in rollout.matrix() if (each[0].name, each[1]) not in done]
    console = Console(stderr=True)
    with beside.open("a", encoding="utf-8") as out:
        for venue, shift in track(
            left, "making shifts", console=console, disable=not sys.stderr.isatty()
        ):
            out.write(json.dumps(rollout.make(venue, shift), sort_keys=True) + "\n")
            out.flush()
    beside.replace(ROLLOUT_RECORDS)


@click.command()
@click.argument("which", type=click.Choice(PHASES), default="phase0")
@click.option("--record", is_flag=True, help="Make all runs anew first.")
@click.option("--check", is_flag=True, help="Only say whether the report is current.")
def main(which: str, record: bool, check: bool) -> None:
    """Write a report."""
    is_baseline = which == "phase0"
    if check:
        words = {
            "phase0": stale,
            "phase2-3": failover_stale,
            "phase4": capacity_stale,
            "phase8": operations_stale,
            "phase9": rollout_stale,
        }[which]()
        for line in words:
            click.echo(line, err=True)
        sys.exit(1 if words else 0)
    if which == "phase4":
        if record:
            record_capacity()
        capacity.render(*capacity_records.read_records(CAPACITY_RECORDS), CAPACITY_REPORT)
        click.echo(f"wrote {CAPACITY_REPORT.relative_to(ROOT)}", err=True)
        return
    if which == "phase8":
        if record:
            record_operations()
        records = operations.read_records(OPERATIONS_RECORDS)
        OPERATIONS_REPORT.write_text(operations_text(records), "utf-8")
        click.echo(f"wrote {OPERATIONS_REPORT.relative_to(ROOT)}", err=True)
        return
    if which == "phase9":
        if record:
            record_rollout()
        ROLLOUT_REPORT.write_text(rollout.text(rollout.read_records(ROLLOUT_RECORDS)), "utf-8")
        click.echo(f"wrote {ROLLOUT_REPORT.relative_to(ROOT)}", err=True)
        return
    if not is_baseline:
        if record:
            record_failover()
        failover.render(baseline.read_records(FAILOVER_RECORDS), FAILOVER_REPORT)
        click.echo(f"wrote {FAILOVER_REPORT.relative_to(ROOT)}", err=True)
        return
    if record:
        baseline.write_records(RECORDS, make_runs(list(baseline.matrix())))
    baseline.render(baseline.read_records(RECORDS), REPORT)
    click.echo(f"wrote {REPORT.relative_to(ROOT)}", err=True)


if __name__ == "__main__":
    main()
