"""`pressel health`: how well people hear each other, and why not."""

from __future__ import annotations

import json
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli.options import control_options
from pressel.cli.printed import print_table
from pressel.cli.told import read_answer
from pressel.health.order import disorder
from pressel.health.verdict import VenueHealth, judge
from pressel.node import control as sockets
from pressel.node.burst_state import BurstPage, BurstState
from pressel.node.leader_state import LeaderState

if TYPE_CHECKING:
    from pressel.node.control import Where


@click.command()
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def health(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show how well people heard each other in the last 15 minutes, and why not."""
    path = sockets.find(control, port)
    status = read_answer(LeaderState, sockets.ask(path, "status"))
    found = judge(all_bursts(path), time.time(), disorder(status))
    if as_json:
        print(json.dumps(asdict(found), indent=2))
    else:
        _show(found)


def all_bursts(path: Where) -> list[BurstState]:
    """Those that the leader still has, oldest first."""
    found: list[BurstState] = []
    while True:
        after = found[-1].place if found else 0
        page = read_answer(BurstPage, sockets.ask(path, "bursts", after=after))
        found += page.bursts
        if not page.bursts or found[-1].place >= page.newest:
            return found


def _show(found: VenueHealth) -> None:
    print(f"{found.why[:1].upper()}{found.why[1:]}.")
    table = Table("Name", "Hears", "R", "Lost", "Bursts heard", "Why", box=None)
    for badge in sorted(found.badges.values(), key=lambda each: (each.r is None, each.r)):
        table.add_row(
            escape(badge.name),
            badge.word or "too little to say",
            "-" if badge.r is None else f"{badge.r:.0f}",
            f"{badge.heard.lost * 100:.1f} %" if badge.heard.frames else "-",
            str(badge.heard.bursts),
            escape(badge.why),
        )
    if found.badges:
        print_table(table)
