"""`pressel demo NAME` on a terminal: what happens, at which second, and the verdict."""

from __future__ import annotations

import difflib
import sys

from rich.console import Console
from rich.table import Table
from rich.text import Text

from pressel.errors import UsageError
from pressel.sim.shows.all import SHOWS
from pressel.sim.shows.play import Stage, play

_COLUMNS = 100  # of what is no terminal
_BROKEN = 1


def list_shows() -> None:
    table = Table("Demo", "Phase", "What it shows", box=None, pad_edge=False, padding=(0, 2, 0, 0))
    for show in SHOWS.values():
        table.add_row(
            Text(show.name, style="bold"), show.phases, Text(f"{show.title}. {show.look}")
        )
    _console().print(table)


def show(name: str, seed: int, speed: float | None) -> int:
    """Play it; the exit code. UsageError when there is none of that name."""
    if name not in SHOWS:
        near = difflib.get_close_matches(name, SHOWS, n=1)
        guess = f" Did you mean '{near[0]}'?" if near else ""
        raise UsageError(f"there is no demo '{name}'; see `pressel demo list`.{guess}")
    chosen = SHOWS[name]
    console = _console()
    if speed is None:
        speed = 1.0 if sys.stdout.isatty() else 0.0
    console.print(Text(f"Phase {chosen.phases}: {chosen.title}", style="bold"))
    console.print(Text(chosen.look))

    def opens(words: str) -> None:
        console.print()
        console.print(Text(words, style="bold"))

    def tell(at_s: float, words: str) -> None:
        line = Table.grid(padding=(0, 1, 0, 0))
        line.add_column(justify="right", width=8, no_wrap=True, style="dim")
        line.add_column()
        line.add_row(f"{at_s:.2f} s", Text(words))
        console.print(line)

    promises = play(chosen, seed, Stage(opens, tell, speed))
    console.print()
    for each in promises:
        mark = Text("kept    ", style="green") if each.holds else Text("BROKEN  ", style="bold red")
        console.print(mark.append(Text(each.text, style="default")))
    broken = sum(not each.holds for each in promises)
    if broken:
        console.print(Text(f"{broken} of {len(promises)} promises were not kept", style="bold red"))
        return _BROKEN
    console.print(Text(f"All {len(promises)} promises were kept.", style="bold green"))
    return 0


def _console() -> Console:
    width = None if sys.stdout.isatty() else _COLUMNS
    return Console(emoji=False, highlight=False, width=width)
