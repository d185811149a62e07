"""`pressel sim farm`: several boxes that share a sweep, and the options by which one asks them."""

from __future__ import annotations

import contextlib
import datetime
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import click

from pressel.errors import UsageError
from pressel.sim.farm.address import PORT
from pressel.sim.workers import interpreter, outcomes

from .options import Address, AddressOption

Start = Callable[..., Any]  # as `pressel.sim.workers.outcomes`

_KEYS = click.option(
    "--keys",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder that 'pressel sim farm keys' has made.",
)


def sharing(command: Callable[..., Any]) -> Callable[..., Any]:
    """Adds the options --scheduler and --keys."""
    for add in (
        click.option(
            "--keys",
            type=click.Path(file_okay=False, path_type=Path),
            help="With --scheduler: folder of its keys.",
        ),
        click.option(
            "--scheduler",
            metavar="tls://HOST:PORT",
            help="Let the boxes do it that lend themselves there; see 'pressel sim farm'.",
        ),
    ):
        command = add(command)
    return command


@contextlib.contextmanager
def chosen(
    scheduler: str | None, keys: Path | None, python: str | None, processes: int | None
) -> Iterator[tuple[Start, Any]]:
    """Who does the runs, and the Python of this box that does."""
    if scheduler is None:
        if keys is not None:
            raise UsageError("--keys is for --scheduler; leave it out")
        yield outcomes, interpreter(python)
        return
    if keys is None:
        raise UsageError("--scheduler needs --keys, the folder of its keys")
    if processes is not None:
        raise UsageError(
            "how many processes there are is for each box to say; leave --processes out"
        )
    from pressel.sim.farm.asked import Farm

    farm = Farm(scheduler, keys, python)
    try:
        yield farm.outcomes, None
    finally:
        farm.close()


@click.group()
def farm() -> None:
    """Let several boxes share a sweep or a swarm.

    One box gives the runs out, others lend themselves, and 'sweep' or 'swarm' asks with
    --scheduler. They speak by TLS, under keys of their own: whoever has those can run any program
    on all of the boxes.
    """


@farm.command("keys")
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
def make_keys(folder: Path) -> None:
    """Make the keys of a farm; each of its boxes needs a copy of FOLDER."""
    from pressel.sim.farm.keys import DAYS, make

    make(folder, datetime.datetime.now(datetime.UTC))
    print(
        f"wrote {folder}, good for {DAYS} days; copy it to each box, by a way that nobody can read"
    )


@farm.command()
@_KEYS
@click.option(
    "--listen",
    type=AddressOption(PORT),
    default=f"0.0.0.0:{PORT}",
    show_default=True,
    help="Address and TCP port.",
)
def schedule(keys: Path, listen: Address) -> None:
    """Give runs out, until Ctrl-C ends it."""
    from pressel.sim.farm.serve import schedule as serve

    serve(*listen, keys, _say)


@farm.command()
@click.argument("scheduler", metavar="tls://HOST:PORT")
@_KEYS
@click.option("--processes", type=click.IntRange(1), help="Default: one per core.")
def work(scheduler: str, keys: Path, processes: int | None) -> None:
    """Do the runs that a scheduler gives out, until Ctrl-C or the scheduler ends it."""
    from pressel.sim.farm.serve import work as serve

    serve(scheduler, keys, processes, _say)


def _say(words: str) -> None:
    click.echo(f"farm: {words}", err=True)
