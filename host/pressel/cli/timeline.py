"""`pressel timeline`: from the logs of hosts, who led and who talked when."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path

import click
from rich.markup import escape
from rich.table import Table

from pressel.node.timeline import Figures, Row, figures, read_logs

from .printed import print_console


@click.command()
@click.argument("logs", nargs=-1, required=True, type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--json", "as_json", is_flag=True, help="Print events in order of time as JSON lines."
)
def timeline(logs: tuple[Path, ...], as_json: bool) -> None:
    """Show elections and floors from LOGS, each written by one `pressel host run --json`.

    The hosts' clocks must agree for several logs to be in order. `pressel sim replay` shows the
    same for a simulated run.
    """
    rows = read_logs(logs, lambda words: print(words, file=sys.stderr))
    if as_json:
        for row in rows:
            print(json.dumps(row.as_json()))
        return
    found = figures(rows)
    console = print_console()
    console.print(_chart(rows, list(found)))
    console.print()
    console.print(_summary(found))


def _chart(rows: list[Row], sources: list[str]) -> Table:
    """One column per log, one row per event; times from the first."""
    table = Table("Seconds", *map(escape, sources), box=None, pad_edge=False, padding=(0, 2, 0, 0))
    start = time.strftime("%H:%M:%S", time.localtime(rows[0].at_s))
    table.title, table.title_justify = f"From {start}", "left"
    for row in rows:
        cells = [""] * len(sources)
        text = escape(row.words())
        is_turn = row.event in ("became_leader", "lost_leadership")
        cells[sources.index(row.source)] = f"[bold]{text}[/]" if is_turn else text
        table.add_row(f"{row.at_s - rows[0].at_s:8.3f}", *cells)
    return table


def _summary(found: dict[str, Figures]) -> Table:
    heads = (
        "Log",
        "Attempts",
        "Failed",
        "Elected",
        "Demoted",
        "Search ms, most",
        "Grants",
        "Ended",
    )
    table = Table(*heads, box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for source, each in found.items():
        counts = [
            each.events[event]
            for event in ("attempt", "attempt_failed", "became_leader", "lost_leadership")
        ]
        longest = str(max(each.convergence_ms)) if each.convergence_ms else "-"
        causes = ", ".join(f"{count} {cause}" for cause, count in each.causes.most_common())
        cells = [*map(str, counts), longest, str(each.grants), escape(causes) or "-"]
        table.add_row(escape(source), *cells)
    return table
