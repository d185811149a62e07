"""`pressel trace`: one burst across machines."""

from __future__ import annotations

import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.cli.health import all_bursts
from pressel.cli.options import control_options
from pressel.cli.printed import print_table
from pressel.errors import UnreachableError
from pressel.node import control as sockets
from pressel.node.burst_state import BurstState
from pressel.trace.logs import lines_about
from pressel.trace.story import Step, story


class BurstNumber(click.ParamType):
    """Alone, or as it ends the name of a recording."""

    name = "burst"
    _numbers = click.IntRange(1, (1 << 30) - 1)

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        term, _, burst = str(value).rpartition("-")
        number: Any = burst if term.isdecimal() else value
        return self._numbers.convert(number, param, ctx)


@click.command()
@click.argument("burst", type=BurstNumber())
@click.argument("logs", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
@control_options
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def trace(
    burst: int, logs: tuple[Path, ...], port: int | None, control: Path | None, as_json: bool
) -> None:
    """Show the life of one burst: what happened when, and whose each delay was.

    BURST is its number on the wire, which logs call its lease; an exemplar in metrics and the
    console's history name it, too. A recording's name, such as 41-1207, ends in it. The leader
    knows the last few hundred. LOGS are those of hosts, from `pressel host run --json`, and of
    badges, from their serial port; a badge's clock is its own.
    """
    steps = story(burst, _known(burst, port, control, bool(logs)), lines_about(burst, logs))
    if as_json:
        print(json.dumps([asdict(step) for step in steps], indent=2))
        return
    table = Table("When", "Where", "What", "Took", "By", box=None)
    for step in steps:
        table.add_row(*map(escape, _cells(step)))
    print_table(table)


def _known(burst: int, port: int | None, control: Path | None, has_logs: bool) -> BurstState | None:
    """What the leader keeps of it. With logs it need not be there."""
    try:
        known = all_bursts(sockets.find(control, port))
    except UnreachableError as error:
        if not has_logs:
            raise
        print(f"only from logs: {error}", file=sys.stderr)
        return None
    return next((each for each in known if each.burst == burst), None)


def _cells(step: Step) -> tuple[str, ...]:
    at = "its own clock"
    if step.at_s is not None:
        at = (
            time.strftime("%H:%M:%S", time.localtime(step.at_s))
            + f".{int(step.at_s * 1000) % 1000:03}"
        )
    took = "" if step.took_ms is None else f"{step.took_ms} ms"
    return at, step.source, step.words, took, step.owner
