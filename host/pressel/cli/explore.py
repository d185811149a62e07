"""`pressel sim explore`: every course that a small venue can take, not only the likely ones."""

from __future__ import annotations

import json
import shlex
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import InvariantError, UsageError
from pressel.schema.check import did_you_mean
from pressel.sim.commit import commit
from pressel.sim.explore.kept import SUFFIX, again, keep, load
from pressel.sim.explore.search import Found, explore, timeline
from pressel.sim.explore.searches import SEARCHES, Search


@click.command("explore")
@click.argument(
    "names", nargs=-1, metavar="[SEARCH]...", shell_complete=offering(completing.searches)
)
@click.option("--nodes", type=click.IntRange(2, 3), help="Only elections with this many hosts.")
@click.option("--badges", type=click.IntRange(2, 2), help="Only floors with this many badges.")
@click.option(
    "--depth", type=click.IntRange(1, 99), help="Depth of all searches, in actions from the start."
)
@click.option("--states", type=click.IntRange(1), help="Start no further level beyond this many.")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    help="Write the way to each broken promise into this folder, for `pressel sim replay`.",
)
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def explore_command(
    names: tuple[str, ...],
    nodes: int | None,
    badges: int | None,
    depth: int | None,
    states: int | None,
    out: Path | None,
    as_json: bool,
) -> int:
    """Try every course that a small cluster, floor, or log of a venue can take: the real engines,
    all interleavings of deliveries, losses, timeouts, presses, crashes and pauses, breadth first,
    up to a depth.

    Without a SEARCH, all are run. The same search sees the same number of states in every run. Exit
    code 4 means that a promise was broken; the shortest way to it is shown.
    """
    chosen = [each for each in _chosen(names) if _is_meant(each, nodes, badges)]
    results = [_made(search, depth, states) for search in chosen]
    if as_json:
        print(json.dumps([row for row, _ in results], indent=2))
    else:
        _show([row for row, _ in results])
    for (row, found), search in zip(results, chosen, strict=True):
        if found.broken and not as_json:
            print(f"\n{row['search']}: {found.broken}\nThe shortest way there:")
            print("\n".join(timeline(search.model(), found.way)))
        if found.broken and out is not None:
            file = out / f"{search.name}{SUFFIX}"
            keep(file, search, found, commit())
            click.echo(f"\nStep by step: pressel sim replay {shlex.quote(str(file))}", err=as_json)
    return InvariantError.exit_code if any(found.broken for _, found in results) else 0


def replay_way(file: Path) -> int:
    """Go the way in `file` again and show it; 4 when it breaks a promise still."""
    search, way = load(file)
    lines, broken = again(search.model(), way)
    print(f"{search.name}: {search.why}")
    print("\n".join(lines))
    print(broken or "no promise is broken on this way")
    return InvariantError.exit_code if broken else 0


def _chosen(names: tuple[str, ...]) -> list[Search]:
    by_name = {search.name: search for search in SEARCHES}
    for name in names:
        if name not in by_name:
            near = did_you_mean(name, list(by_name)) or f"; there are: {', '.join(by_name)}"
            raise UsageError(f"there is no search '{name}'{near}")
    return [by_name[name] for name in names] if names else list(SEARCHES)


def _is_meant(search: Search, nodes: int | None, badges: int | None) -> bool:
    if nodes is None and badges is None:
        return True
    return badges == search.badges if search.badges else nodes == search.nodes


def _made(
    search: Search, depth: int | None, states_max: int | None
) -> tuple[dict[str, Any], Found]:
    started_s = time.monotonic()
    is_shown = sys.stderr.isatty()

    def show(found: Found) -> None:
        if is_shown:
            text = f"{search.name}: depth {found.depth}, {found.states:,} states"
            print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)

    found = explore(search.model(), depth or search.depth, states_max, show)
    if is_shown:
        print("\r\x1b[K", end="", file=sys.stderr, flush=True)
    row = {
        "search": search.name,
        "why": search.why,
        "depth": found.depth,
        "states": found.states,
        "transitions": found.transitions,
        "levels": found.levels,
        "is_whole": found.is_whole,
        "broken": found.broken,
        "seconds": round(time.monotonic() - started_s, 1),
    }
    return row, found


def _show(rows: list[dict[str, Any]]) -> None:
    table = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for head in ("Search", "What", "Depth", "States", "Ways on", "Seconds", "Promises"):
        table.add_column(head, justify="right" if head in _NUMBERS else "left")
    for row in rows:
        kept = "broken" if row["broken"] else "kept, all there is" if row["is_whole"] else "kept"
        counts = (f"{row['depth']}", f"{row['states']:,}", f"{row['transitions']:,}")
        table.add_row(row["search"], row["why"], *counts, f"{row['seconds']:.1f}", kept)
    width = None if sys.stdout.isatty() else 140
    Console(width=width).print(table)


_NUMBERS = ("Depth", "States", "Ways on", "Seconds")
