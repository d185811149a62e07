"""`pressel demo`: badges talk through a leader on this machine, and a report says how it was."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
from click.core import ParameterSource
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from pressel.cli import INTERRUPTED, completing
from pressel.cli.completing import offering
from pressel.errors import UsageError
from pressel.sim.choice import SEED_MOST

LIST = "list"
_SPEECH = ("out", "speech", "dies_with_parent")  # options of the demo without a name
_SHOW = ("seed", "speed")  # of one with a name


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
@click.option(
    "--seed",
    type=click.IntRange(0, SEED_MOST),
    default=1,
    show_default=True,
    help="The same seed gives the same run.",
)
@click.option(
    "--speed",
    type=click.FloatRange(0, 1000),
    help="Times as fast as it happens; 0: as fast as it can. Default: 1 on a terminal, else 0.",
)
@click.argument("name", required=False, shell_complete=offering(completing.demos))
@click.pass_context
def demo(
    ctx: click.Context,
    out: Path,
    speech: Path | None,
    dies_with_parent: bool,
    seed: int,
    speed: float | None,
    name: str | None,
) -> int:
    """Let three badges talk through a leader, and report how it sounded; or show the demo NAME.

    The badges run the real firmware on MicroPython, one process each. Exit code 0 means that every
    burst reached every listener whole and in time.

    A demo with a NAME shows what a phase of the project promises: a venue in virtual time, what
    happens in plain words, and a verdict. Exit code 0 means that all was kept, 1 that something was
    not. `pressel demo list` names them.
    """
    if name is not None:
        from pressel.cli.demo_show import list_shows, show

        _refuse(ctx, _SPEECH, f"is for the demo without a name; leave it out with '{name}'")
        if name == LIST:
            list_shows()
            return 0
        return show(name, seed, speed)
    _refuse(ctx, _SHOW, "is for a demo with a name; see `pressel demo list`")
    return _speak(out, speech, dies_with_parent)


def _refuse(ctx: click.Context, names: tuple[str, ...], why: str) -> None:
    """UsageError when one of these options stands on the command line."""
    for name in names:
        if ctx.get_parameter_source(name) is ParameterSource.COMMANDLINE:
            raise UsageError(f"--{name.replace('_', '-')} {why}")


def _speak(out: Path, speech: Path | None, dies_with_parent: bool) -> int:
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
