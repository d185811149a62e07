"""`make budgets CHANGE="what is new"`: measures this commit, and appends its row to
docs/reports/budgets.jsonl. With --figures it prints the figures and keeps nothing.
"""

from __future__ import annotations

import datetime
import json
import sys
import time
from collections.abc import Callable

import click
from tests.budgets import badge, battery, leader_cost, leader_memory, network

from pressel.docs import budget_table
from pressel.docs.budget_table import CHANGE_CHARACTERS_MAX, FIGURES, Row
from pressel.errors import PresselError, UsageError
from pressel.sim.commit import commit
from pressel.sim.world.speed import measure

_SIMULATOR_LIMIT_S = 5.0  # one run or a few; the best of them is taken

Figures = dict[str, float]


def leader() -> Figures:
    return {
        "leader_copies": leader_cost.delivered_packet_ratio(),
        "leader_mib": leader_memory.leader_mib(),
    }


def badge_step() -> Figures:
    talk, listen = badge.frame_ratios()
    return {"badge_talk_loops": talk, "badge_listen_loops": listen}


def badge_memory() -> Figures:
    live, peak = badge.memory_bytes()
    return {"badge_live_bytes": live, "badge_peak_bytes": peak}


def simulator() -> Figures:
    told = measure(network.spec(network.SHORT_S, is_talking=True), _SIMULATOR_LIMIT_S)
    return {"simulator_steps": told["reference_steps_a_virtual_s"]}


def cell() -> Figures:
    least, most = battery.charge_mah()
    return {"battery_least_mah": least, "battery_most_mah": most}


def traffic() -> Figures:
    idle, talk = network.loads()
    return {
        "idle_datagrams_per_s": idle.datagrams_per_s,
        "idle_bytes_per_s": idle.bytes_per_s,
        "talk_datagrams_per_s": talk.datagrams_per_s,
        "talk_bytes_per_s": talk.bytes_per_s,
    }


MEASURES: dict[str, Callable[[], Figures]] = {
    "a badge's memory": badge_memory,
    "the leader": leader,
    "a badge's step": badge_step,
    "the simulator": simulator,
    "the battery": cell,
    "the network": traffic,
}


def measured() -> tuple[Figures, list[str]]:
    """All figures that can be had, and the names of the measures that failed, which were told."""
    figures: Figures = {}
    failed: list[str] = []
    for name, figures_of in MEASURES.items():
        begun_s = time.monotonic()
        try:
            found = figures_of()
        except PresselError as error:  # the row has the others, and no figure here
            print(f"{name}: not measured: {error}", file=sys.stderr, flush=True)
            failed.append(name)
            continue
        words = ", ".join(
            f"{FIGURES[key].number(value)} {FIGURES[key].unit}" for key, value in found.items()
        )
        took_s = time.monotonic() - begun_s
        print(f"{name}: {words} (took {took_s:.0f} s)", file=sys.stderr, flush=True)
        figures.update({key: round(value, 3) for key, value in found.items()})
    return figures, failed


@click.command()
@click.option(
    "--change",
    default="",
    envvar="PRESSEL_CHANGE",
    help="What is new since the row before, in a few words.",
)
@click.option("--figures", "only_figures", is_flag=True, help="Print the figures; keep nothing.")
def main(change: str, only_figures: bool) -> None:
    change = " ".join(change.split())  # a row of the table is one line
    at = None if only_figures else _commit(change)
    found, failed = measured()
    if at is None:
        print(json.dumps(found))
    else:
        today = datetime.datetime.now(datetime.UTC).date()
        budget_table.append(Row(date=today, commit=at, change=change, figures=found))
        print(f"docs/reports/budgets.jsonl has the row of {at}: commit it", file=sys.stderr)
    if failed:
        raise PresselError(f"not measured: {', '.join(failed)}; run it again, or say why")


def _commit(change: str) -> str:
    """The commit that is measured. UsageError when there is none, or nothing is said of it."""
    if not 0 < len(change) <= CHANGE_CHARACTERS_MAX:
        raise UsageError(
            f"say what changed, in at most {CHANGE_CHARACTERS_MAX} characters: "
            'make budgets CHANGE="receipts are shorter"'
        )
    at = commit()
    if at is None:
        raise UsageError(
            "a row belongs to a commit, and this is no git checkout: clone the repository"
        )
    if at.endswith("+"):
        raise UsageError(
            "there are uncommitted changes in host, shared or firmware: commit them, then measure"
        )
    return at


if __name__ == "__main__":
    try:
        main()
    except PresselError as error:
        print(f"make budgets: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
