"""`pressel sim swarm | shrink`: runs drawn from seeds, and a failing one made small."""

from __future__ import annotations

import contextlib
import functools
import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from rich.console import Console
from rich.table import Table

from pressel.errors import InvariantError, PresselError, UsageError
from pressel.json_text import read_json
from pressel.sim.choice import SEED_MOST, Choice, seeds_of, swarm_run
from pressel.sim.commit import commit
from pressel.sim.workers import PYTHONS, RunDied, interpreter, outcomes

from .sim_farm import Start, chosen, sharing
from .sim_progress import SweepProgress, in_words

_PYTHON = click.option(
    "--python", type=click.Choice(PYTHONS), help="Python that runs it; default: the fastest here."
)
_KEPT_BYTES_MAX = 4096  # of the file that says how far a swarm has come
_CHUNK = 400  # seeds whose facts are in memory at once


@click.command()
@click.option("--seeds", required=True, help="One seed, or first and last, such as 1..10000.")
@click.option("--minutes", type=click.FloatRange(0, min_open=True), help="End after so long.")
@click.option(
    "--keep",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Go on where the last swarm of this commit ended that kept this file.",
)
@click.option("--processes", type=click.IntRange(1), help="Default: one per core.")
@sharing
@_PYTHON
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def swarm(
    seeds: str,
    minutes: float | None,
    keep: Path | None,
    processes: int | None,
    scheduler: str | None,
    keys: Path | None,
    python: str | None,
    as_json: bool,
) -> int:
    """Run venues that nobody thought of: each seed draws size, network, speech and faults.

    Every run ends in calm: then all must be members again, and whoever is called up must be heard.
    Print a line for each run that broke a promise, and how often each kind of fault has struck.
    Exit code 4 means that some run did.
    """
    from pressel.sim.swarm.tally import SwarmTally

    wanted = seeds_of(seeds)
    first = _next_seed(keep, wanted)
    tally = SwarmTally()
    end_s = None if minutes is None else time.monotonic() + minutes * 60
    with (
        chosen(scheduler, keys, python, processes) as (start, using),
        SweepProgress(len(wanted)) as progress,
    ):
        progress.skip(first - wanted.start)
        while first < wanted.stop and (end_s is None or time.monotonic() < end_s):
            chunk = range(first, min(first + _CHUNK, wanted.stop))
            begin = functools.partial(start, using=using, processes=processes)
            first = _run(chunk, tally, progress, end_s, begin, is_quiet=as_json)
            _note(keep, first)
    if as_json:
        print(json.dumps({"commit": commit(), "next_seed": first, **tally.as_json()}))
    else:
        _show(tally)
        if first < wanted.stop:
            print(f"ended at seed {first} of {wanted.stop - 1}", file=sys.stderr)
    if tally.tally.violations:
        return InvariantError.exit_code
    return PresselError.exit_code if tally.tally.failing else 0


def _run(
    chunk: range,
    tally: Any,
    progress: SweepProgress,
    end_s: float | None,
    start: Start,
    *,
    is_quiet: bool,
) -> int:
    """Run the seeds of `chunk` until the time is over; the first that has not ended."""
    specs = [swarm_run(seed).spec() for seed in chunk]
    done: set[int] = set()
    with contextlib.closing(start(specs)) as finished:
        for index, outcome in finished:
            choice = swarm_run(chunk[index])
            failure = tally.add(choice, outcome)
            done.add(chunk[index])
            progress.advance(tally.tally.violations)
            if failure and not is_quiet:
                progress.print_line(f"{choice.replay_command()}  # {failure.first}")
            if failure and failure.last_words:
                progress.tell(failure.last_words)
            if end_s is not None and time.monotonic() >= end_s:
                break
    return next((seed for seed in chunk if seed not in done), chunk.stop)


def _show(tally: Any) -> None:
    from pressel.sim.swarm.kinds import KINDS

    table = Table("Kind of fault", "Runs", "Times", box=None, pad_edge=False)
    for name, kind in KINDS.items():
        table.add_row(kind.words, f"{tally.runs_with[name]:,}", f"{tally.struck[name]:,}")
    console = Console(emoji=False, highlight=False, width=None if sys.stdout.isatty() else 100)
    console.print(table)
    idle, rules = tally.idle_rules(), len(tally.fired)
    if rules:
        console.print(f"{rules - len(idle)} of {rules} rules of the engines' tables have fired")
        for rule in idle:
            console.print(f"  never: {rule}")
    console.print(in_words(tally.tally))


def _next_seed(keep: Path | None, wanted: range) -> int:
    """Where to begin. UsageError when the file cannot be read."""
    if keep is None or not keep.exists():
        return wanted.start
    try:
        with keep.open("rb") as file:
            kept = read_json(file.read(_KEPT_BYTES_MAX))
        seed, of = kept["next_seed"], kept["commit"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise UsageError(f"{keep} is no file that a swarm has kept: {error}; delete it") from error
    if of != commit() or not isinstance(seed, int) or not wanted.start <= seed <= wanted.stop:
        return wanted.start
    return seed


def _note(keep: Path | None, seed: int) -> None:
    if keep is None:
        return
    try:
        beside = keep.with_name(keep.name + ".new")
        beside.write_text(json.dumps({"commit": commit(), "next_seed": seed}), "ascii")
        beside.replace(keep)
    except OSError as error:
        raise UsageError(f"cannot write {keep}: {error.strerror}") from error


@click.command()
@click.argument("seed", type=click.IntRange(0, SEED_MOST))
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="Folder for the scenario and the profile of the smaller run.",
)
@_PYTHON
def shrink(seed: int, out: Path, python: str | None) -> int:
    """Make the failing run of SEED smaller: leave out what it does not need to fail."""
    from pressel.sim.swarm.draw import Drawn, draw
    from pressel.sim.swarm.files import write
    from pressel.sim.swarm.shrink import shrink as smaller

    using = interpreter(python)

    def failing(drawn: Drawn) -> str | None:
        _, outcome = next(outcomes([drawn.spec()], using, 1))
        if isinstance(outcome, RunDied):
            return "broke down"
        violations = outcome["violations"]
        return violations[0]["checker"] if violations else None

    try:
        found = smaller(draw(seed), failing, lambda what: click.echo(what, err=True))
    except ValueError:
        raise UsageError(
            f"the run of seed {seed} breaks no promise; there is nothing to do"
        ) from None
    choice: Choice = write(found, out)
    print(choice.replay_command())
    return 0
