"""`make report-phase0`, `make report-phase2-3`: a report from its recorded runs, or from runs anew.

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

from . import baseline, failover

ROOT = Path(__file__).resolve().parents[4]
REPORT = ROOT / "docs" / "reports" / "phase0-baseline.md"
RECORDS = REPORT.with_name("phase0-runs.jsonl")
FAILOVER_REPORT = REPORT.with_name("phase2-3.md")
FAILOVER_RECORDS = REPORT.with_name("phase2-3-runs.jsonl")
FAILOVER_SAMPLE_EVERY = 250  # of the small runs
SAMPLE_EVERY = 24  # runs between two that --check makes anew: seconds instead of minutes

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


def stale() -> list[str]:
    """What no longer matches the code, in words; empty when all is current."""
    words = []
    records = baseline.read_records(RECORDS)
    if REPORT.read_text("utf-8") != baseline.text(records):
        words.append(f"{REPORT.name} is not what its records give; run: make report-phase0")
    digests = {baseline.identity(each): each["digest"] for each in records}
    for result in make_runs(sample()):
        key = baseline.identity(result)
        if digests.get(key) != result["digest"]:
            words.append(f"run {key} goes another way now; run: make report-phase0 RECORD=1")
            break
    return words


def failover_stale() -> list[str]:
    """As `stale`, of the report of phases 2 and 3. Its runs take too long to be made anew with
    every change of an engine: the report names its source, and a few of its runs, made now, must
    still keep what it says."""
    words = []
    records = baseline.read_records(FAILOVER_RECORDS)
    if FAILOVER_REPORT.read_text("utf-8") != failover.text(records):
        words.append(f"{FAILOVER_REPORT.name} is not what its records give: make report-phase2-3")
    some = [each for each in records if each["participants"] <= 10][::FAILOVER_SAMPLE_EVERY]
    choices = [failover.choice_of(each) for each in some]
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


@click.command()
@click.argument("which", type=click.Choice(("phase0", "phase2-3")), default="phase0")
@click.option("--record", is_flag=True, help="Make all runs anew first.")
@click.option("--check", is_flag=True, help="Only say whether the report is current.")
def main(which: str, record: bool, check: bool) -> None:
    """Write a report."""
    is_baseline = which == "phase0"
    if check:
        words = stale() if is_baseline else failover_stale()
        for line in words:
            click.echo(line, err=True)
        sys.exit(1 if words else 0)
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
