"""`make console-load`: a venue of 250 in real time, once alone and once with everybody at its
console. Writes docs/reports/phase8-watched.jsonl, of which the report of phase 8 is made. With
--verdict it measures nothing, and judges what was measured last."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import click

from pressel.sim.commit import commit
from pressel.sim.profiles import load_profile
from pressel.sim.real.run import run_real
from pressel.sim.report.operations import SCENARIO
from pressel.sim.report.watched import RECORDS, read_records
from pressel.sim.report.watched_verdict import verdict
from pressel.sim.scenarios import read_scenario

from .lookers import Lookers, figures

VENUE = 250
LEAD_S = 45.0  # console and Chromium start beside a venue of 250
KEPT = ("access_ms", "mouth_to_ear_ms", "frame_loss", "gaps_over_100ms")
MACHINE = ("cores", "late_ms_p99", "late_ms_max", "leader_cpu_percent")


def measure(participants: int, seconds: int, is_watched: bool) -> dict[str, Any]:
    """One run: its figures as values."""
    scenario = {**read_scenario(SCENARIO).resolved(), "duration_s": seconds, "standbys": 0}
    spec = {
        "scenario": scenario,
        "profile": load_profile("clean").resolved(),
        "participants": participants,
        "protocol": "v2",
        "seed": 1,
    }
    lookers, load = Lookers(is_watched), os.getloadavg()
    result = run_real(spec, beside=lookers.beside, lead_s=LEAD_S)
    return {
        "source": commit() or "unknown",
        "participants": participants,
        "seconds": seconds,
        "watched": is_watched,
        "load": [round(each, 1) for each in load],
        "violations": [each["what"] for each in result["violations"]],
        **{name: result["kpis"][name] for name in KEPT},
        **{name: result["machine"][name] for name in MACHINE},
        **figures(lookers),
    }


@click.command()
@click.option("--minutes", type=click.IntRange(1, 600), default=5, help="Of each of both runs.")
@click.option("--participants", type=click.IntRange(2, 250), default=VENUE)
@click.option("--verdict", "is_verdict", is_flag=True, help="Judge the last runs; 4 if it is no.")
def main(minutes: int, participants: int, is_verdict: bool) -> None:
    """Measure, and keep what was measured."""
    if is_verdict:
        lines = verdict(read_records())
        click.echo("\n".join(each.text for each in lines))
        sys.exit(4 if any(each.holds is False for each in lines) else 0)
    records = []
    for is_watched in (False, True):
        records.append(measure(participants, 60 * minutes, is_watched))
        click.echo(json.dumps(records[-1]), err=True)
    lines = [json.dumps(each, sort_keys=True) + "\n" for each in records]
    RECORDS.write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()
