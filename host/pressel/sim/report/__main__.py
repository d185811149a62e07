"""`make report-phase0`: the baseline report from its recorded runs, or from runs made anew.

--check makes nothing: it says whether report and records are still what the code makes.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.progress import track

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.workers import run_specs

from . import baseline

ROOT = Path(__file__).resolve().parents[4]
REPORT = ROOT / "docs" / "reports" / "phase0-baseline.md"
RECORDS = REPORT.with_name("phase0-runs.jsonl")
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
    """What is no longer what the code makes, in words; empty when all is current."""
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


@click.command()
@click.option("--record", is_flag=True, help="Make all runs anew first.")
@click.option("--check", is_flag=True, help="Only say whether the report is current.")
def main(record: bool, check: bool) -> None:
    """Write the baseline report."""
    if check:
        words = stale()
        for line in words:
            click.echo(line, err=True)
        sys.exit(1 if words else 0)
    if record:
        baseline.write_records(RECORDS, make_runs(list(baseline.matrix())))
    baseline.render(baseline.read_records(RECORDS), REPORT)
    click.echo(f"wrote {REPORT.relative_to(ROOT)}", err=True)


if __name__ == "__main__":
    main()
