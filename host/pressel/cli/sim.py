"""`pressel sim`: whole venues in virtual time: one, many seeds of them, or one event by event."""

from __future__ import annotations

import contextlib
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from click.core import ParameterSource
from rich.console import Console
from rich.table import Table
from rich.text import Text

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.cli.explore import explore_command, replay_way
from pressel.errors import InvariantError, PresselError, UsageError
from pressel.sim.choice import (
    PARTICIPANTS_LEAST,
    PARTICIPANTS_MOST,
    PROTOCOLS,
    SEALS,
    SEED_MOST,
    combinations,
    dealt,
    one_run,
    seeds_of,
)
from pressel.sim.commit import commit
from pressel.sim.explore.kept import SUFFIX
from pressel.sim.profiles import load_profile, profile_names
from pressel.sim.scenarios import load_scenario, scenario_names
from pressel.sim.workers import PYTHONS, Result, RunDied, interpreter, run_specs
from ptt.base.numbers import STANDBYS_MAX

from .sim_farm import chosen, farm, sharing
from .sim_progress import SweepProgress, in_words
from .sim_swarm import shrink, swarm

BROKEN = InvariantError.exit_code
FAILED = PresselError.exit_code
CHART_NODES = 8  # of a sequence chart, unless some are named
_REPLAY_COLUMNS = 120  # of what is no terminal

Command = Callable[..., Any]

_PARTICIPANTS = click.IntRange(PARTICIPANTS_LEAST, PARTICIPANTS_MOST)
_PYTHON = click.option(
    "--python", type=click.Choice(PYTHONS), help="Python that runs it; default: the fastest here."
)


_STANDBYS = click.option(
    "--standbys",
    type=click.IntRange(0, STANDBYS_MAX),
    help="Number of standbys; default: as in the scenario.",
)
_SEAL = click.option(
    "--seal",
    type=click.Choice(SEALS),
    help="Real tags and ciphers, or a cheap stand-in; default: real in one of 16 runs.",
)

_SMOOTH = click.option(
    "--smooth", is_flag=True, help="Badges with room for the smooth playout, as an ESP32-S3 has."
)


def _one_run(command: Command) -> Command:
    """The argument and options that name one run."""
    for add in (
        click.option("--seed", type=click.IntRange(0, SEED_MOST), default=1, show_default=True),
        click.option("--protocol", type=click.Choice(PROTOCOLS), default="v2", show_default=True),
        click.option(
            "--profile",
            default="clean",
            show_default=True,
            help="Name or .toml file.",
            shell_complete=offering(completing.profiles),
        ),
        click.option("--participants", type=_PARTICIPANTS, default=25, show_default=True),
        _STANDBYS,
        _SEAL,
        _SMOOTH,
        click.argument("scenario", shell_complete=offering(completing.scenarios)),
    ):
        command = add(command)
    return command


@click.group()
def sim() -> None:
    """Simulate venues: many badges, a bad network and faults, all from one seed."""


sim.add_command(explore_command)
sim.add_command(swarm)
sim.add_command(shrink)
sim.add_command(farm)


@sim.command("list")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def list_all(as_json: bool) -> None:
    """Show all scenarios and network profiles."""
    scenarios = [load_scenario(name) for name in scenario_names()]
    profiles = [load_profile(name) for name in profile_names()]
    if as_json:
        facts = {"scenarios": scenarios, "profiles": profiles}
        print(json.dumps({kind: [e.resolved() for e in each] for kind, each in facts.items()}))
        return
    console = Console()
    for head, rows in (("Scenario", scenarios), ("Profile", profiles)):
        table = Table(head, "What it is for", box=None, pad_edge=False, padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(Text(row.name, style="bold"), Text(row.why))
        console.print(table)
        console.print()


@sim.command()
@_one_run
@click.option("--real", is_flag=True, help="Run in real time, with real processes and sockets.")
@click.option(
    "--virtual-badges",
    type=click.IntRange(0, PARTICIPANTS_MOST),
    default=0,
    help="Number of participants that run the firmware itself.",
)
@_PYTHON
@click.option("--json", "as_json", is_flag=True, help="The result as one line of JSON.")
def run(real: bool, virtual_badges: int, python: str | None, as_json: bool, **which: Any) -> int:
    """Run SCENARIO once and show its figures.

    Exit code 4 means that something happened that must never happen.
    """
    choice = one_run(**which)
    if virtual_badges > choice.participants:
        raise UsageError(
            f"{virtual_badges} virtual badges are more than {choice.participants} participants"
        )
    spec = choice.spec()
    if real:
        result = _run_real(spec, virtual_badges, python)
    else:
        result = _run_virtual(spec, virtual_badges, python)
    if as_json:
        print(json.dumps(_with_commit(result)))
    else:
        from pressel.sim.figures import print_result

        print_result(_with_commit(result), Console(emoji=False))
        if result["violations"] and not real:
            click.echo(f"\nEvent by event: {choice.replay_command()}")
    return BROKEN if result["violations"] else 0


def _run_real(spec: dict[str, Any], virtual_badges: int, python: str | None) -> Result:
    if python:
        raise UsageError("--python is for virtual time; leave it out with --real")
    try:
        from pressel.sim.real.run import run_real
    except ImportError as error:
        raise PresselError(f"runs in real time are not available here: {error}") from error
    duration_s = spec["scenario"]["duration_s"]
    click.echo(f"sim: in real time, this takes {duration_s} s", err=True)
    return run_real(spec, virtual_badges, lambda words: click.echo(f"sim: {words}", err=True))


def _run_virtual(spec: dict[str, Any], virtual_badges: int, python: str | None) -> Result:
    if not virtual_badges:
        return next(run_specs([spec], interpreter(python)))[1]
    if python == "pypy":
        raise UsageError("virtual badges are run by CPython; leave --python out")
    try:
        from pressel.sim.firmware import run_with_firmware
    except ImportError as error:
        raise PresselError(f"virtual badges are not available here: {error}") from error
    return run_with_firmware(spec, virtual_badges)


def _with_commit(result: Result) -> Result:
    """The result with its source, in the order that docs/test-harness.md has."""
    first = ("scenario", "profile", "protocol", "participants", "seed", "seal", "smooth")
    facts = {name: result[name] for name in first if name in result}
    rest = {name: value for name, value in result.items() if name not in first}
    return {**facts, "commit": commit(), **rest}


@sim.command()
@click.option("--seeds", required=True, help="One seed, or first and last, such as 1..100.")
@click.option(
    "--scenario", "scenarios", multiple=True, help="Only this one; may be repeated.",
    shell_complete=offering(completing.scenarios),
)  # fmt: skip
@click.option(
    "--profile", "profiles", multiple=True, help="Only this one; may be repeated.",
    shell_complete=offering(completing.profiles),
)  # fmt: skip
@click.option(
    "--participants",
    type=_PARTICIPANTS,
    multiple=True,
    default=(25,),
    show_default=True,
    help="May be repeated.",
)
@click.option(
    "--protocol", type=click.Choice(PROTOCOLS), multiple=True, default=("v2",), show_default=True
)
@_STANDBYS
@click.option("--deal", is_flag=True, help="Run each scenario on one profile per seed, in turn.")
@_SEAL
@click.option(
    "--processes", type=click.IntRange(1), help="Number of processes; default: one per core."
)
@sharing
@_PYTHON
@click.option("--json", "as_json", is_flag=True, help="Print one line per run, and a summary line.")
def sweep(
    seeds: str,
    scenarios: tuple[str, ...],
    profiles: tuple[str, ...],
    participants: tuple[int, ...],
    protocol: tuple[str, ...],
    standbys: int | None,
    deal: bool,
    seal: str | None,
    processes: int | None,
    scheduler: str | None,
    keys: Path | None,
    python: str | None,
    as_json: bool,
) -> int:
    """Run all scenarios on all profiles, or the named ones, with many seeds on all cores.

    Print a line for each run that broke a promise, with the command that replays it. Exit code 4
    means that some run did.
    """
    from pressel.sim.sweep import Tally
    from pressel.sim.sweep import sweep as start

    choices = combinations(
        list(dict.fromkeys(scenarios)) or scenario_names(),
        list(dict.fromkeys(profiles)) or profile_names(),
        list(dict.fromkeys(participants)),
        list(dict.fromkeys(protocol)),
        seeds_of(seeds),
        standbys,
        seal,
    )
    choices = dealt(choices) if deal else choices
    tally = Tally()
    with chosen(scheduler, keys, python, processes) as (begin, using):
        finished = start(choices, using, processes, begin)
        with SweepProgress(len(choices)) as progress, contextlib.closing(finished):
            for choice, outcome in finished:
                failure = tally.add(choice, outcome)
                progress.advance(tally.violations)
                if as_json and not isinstance(outcome, RunDied):
                    print(json.dumps(_with_commit(outcome)), flush=True)
                elif failure and not as_json:
                    progress.print_line(f"{choice.replay_command()}  # {failure.first}")
                if failure and failure.last_words:
                    progress.tell(failure.last_words)
    print(json.dumps(tally.as_json()) if as_json else in_words(tally))
    if tally.violations:
        return BROKEN
    return FAILED if tally.failing else 0


@sim.command()
@_one_run
@click.option("--from", "from_s", type=click.FloatRange(0), default=0.0, help="In seconds.")
@click.option("--to", "to_s", type=click.FloatRange(0), help="End of the run, in seconds.")
@click.option("--nodes", help="For example 0,3,7-9; 0 is the leader. Default: the first talkers.")
@click.option("--all", "is_all", is_flag=True, help="Show heartbeats and every voice packet, too.")
@click.option(
    "--html",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write a sequence chart to this file.",
)
@click.option("--json", "as_json", is_flag=True, help="Print the timeline as lines of JSON.")
def replay(
    from_s: float,
    to_s: float | None,
    nodes: str | None,
    is_all: bool,
    html: Path | None,
    as_json: bool,
    **which: Any,
) -> int:
    """Run SCENARIO again and show what happened: one line per event, one column per node.

    It repeats the run of `run` and `sweep`: same seed, same digest. A file that `explore --out` has
    written is gone again instead, action by action.
    """
    if which["scenario"].endswith(SUFFIX):
        _see_alone(click.get_current_context())
        return replay_way(Path(which["scenario"]))
    from pressel.sim.replay import replay as record
    from pressel.sim.replay.columns import columns_at, lines
    from pressel.sim.replay.nodes import nodes_of

    choice = one_run(**which)
    if to_s is not None and to_s <= from_s:
        raise UsageError(f"--to {to_s:g} is not after --from {from_s:g}")
    chosen = None if nodes is None else nodes_of(nodes, choice.participants)
    width = Console().width if sys.stdout.isatty() else _REPLAY_COLUMNS
    is_text = html is None and not as_json
    most = columns_at(width) if is_text else CHART_NODES
    if html:
        _see_writable(html)  # before the run, which takes its time
    tape = record(choice, from_s, to_s, chosen, most)
    if html:
        from pressel.sim.replay.chart import render_chart

        try:
            html.write_text(render_chart(tape, commit()), "utf-8")
        except OSError as error:
            raise _unwritable(html, error) from error
        click.echo(f"wrote {html}", err=True)
    if as_json:
        for row in tape.rows():
            print(json.dumps(row))
    elif not html:
        console = Console(emoji=False, highlight=False, width=width)
        for line in lines(tape, width, is_all):
            console.print(line, soft_wrap=True)
    return BROKEN if tape.violations else 0


def _see_alone(context: click.Context) -> None:
    """UsageError when an option is given beside a file of the explorer."""
    given = [
        option.opts[0]
        for option in context.command.params
        if option.name != "scenario"
        and context.get_parameter_source(option.name or "") == ParameterSource.COMMANDLINE
    ]
    if given:
        raise UsageError(f"{given[0]} is for scenarios; a file of the explorer takes no options")


def _see_writable(file: Path) -> None:
    """Raise UsageError unless a file can be written there; its content stays."""
    is_new = not file.exists()
    try:
        with file.open("a"):
            pass
        if is_new:
            file.unlink()  # the run may still end without a chart
    except OSError as error:
        raise _unwritable(file, error) from error


def _unwritable(file: Path, error: OSError) -> UsageError:
    return UsageError(f"{file} cannot be written: {error.strerror}")
