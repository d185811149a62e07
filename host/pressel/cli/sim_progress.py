"""How far a sweep has come, for people at a terminal."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

from pressel.sim.sweep import Tally


def count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"


def in_words(tally: Tally) -> str:
    """What a sweep has found, and the mark of all its runs."""
    return (
        f"{count(tally.runs, 'run')}, {len(tally.failing)} failing, "
        f"{count(tally.violations, 'violation')}, digest {tally.digest}"
    )


class SweepProgress:
    """A sweep's progress, on a terminal's standard error; lines for people go above the bar."""

    def __init__(self, total: int) -> None:
        console = Console(stderr=True)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not console.is_terminal,
            redirect_stdout=sys.stdout.isatty(),  # a bar must not get into a file
        )
        self._task = self._bar.add_task("sweeping", total=total)

    def __enter__(self) -> SweepProgress:
        self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        self._bar.stop()

    def skip(self, count: int) -> None:
        """So many were done before."""
        self._bar.update(self._task, advance=count)

    def advance(self, violations: int) -> None:
        words = f"[red]{count(violations, 'violation')}[/]" if violations else "sweeping"
        self._bar.update(self._task, advance=1, description=words)

    def print_line(self, words: str) -> None:
        print(words, flush=True)

    def tell(self, words: str) -> None:
        self._bar.console.print(Text(words, style="red"), soft_wrap=True)
