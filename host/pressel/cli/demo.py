"""`pressel demo`: badges talk through a leader on this machine, and a report says how it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pressel.cli import INTERRUPTED


@click.command()
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("build/demo"),
    show_default=True,
    help="Folder for report.json, report.html and the recordings.",
)
@click.option(
    "--speech",
    type=click.Path(path_type=Path),
    envvar="PRESSEL_SPEECH",
    help="WAV file to say instead of the built-in one.",
)
@click.option("--dies-with-parent", is_flag=True, help="End when the calling process is gone.")
def demo(out: Path, speech: Path | None, dies_with_parent: bool) -> int:
    """Let three badges talk through a leader, and report how it sounded.

    The badges run the real firmware on MicroPython, one process each. Exit code 0 means that every
    burst reached every listener whole and in time.
    """
    from pressel.demo.run import run_demo  # which needs the extra `simulator`
    from pressel.report.table import print_report

    with Steps() as steps:
        try:
            report, folder = run_demo(out, speech, dies_with_parent, steps.tell)
        except asyncio.CancelledError:  # terminated: all is cleaned up by now
            return INTERRUPTED
    print_report(report, Console())
    click.echo(f"\nThe whole report: {folder / 'report.html'}")
    return 0 if report.verdict.passed else 1


class Steps:
    """Progress on standard error: a bar on a terminal, plain lines elsewhere."""

    def __init__(self) -> None:
        self._console = Console(stderr=True)
        self._bar: Progress | None = None
        if self._console.is_terminal:
            self._bar = Progress(
                TextColumn("{task.description}"),
                BarColumn(),
                TimeElapsedColumn(),
                console=self._console,
                transient=True,
            )

    def __enter__(self) -> Steps:
        if self._bar:
            self._bar.start()
        return self

    def __exit__(self, *exception: object) -> None:
        if self._bar:
            self._bar.stop()

    def tell(self, words: str, seconds: float) -> None:
        """Begin a step that takes about `seconds`."""
        if self._bar is None:
            self._console.print(f"demo: {words}", markup=False)
            return
        for task in self._bar.task_ids:
            self._bar.remove_task(task)
        self._bar.add_task(words, total=None)
