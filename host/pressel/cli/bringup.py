"""`pressel badge bringup`: the numbered tests of a new board, run on the badge itself."""

from __future__ import annotations

import contextlib
import signal
import sys
from pathlib import Path

import click

from pressel.bringup.badge import Bench
from pressel.bringup.plan import Test, chosen, plan
from pressel.bringup.result import Done, Measured
from pressel.bringup.run import Bringup, Person, begun
from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import UsageError
from pressel.flash.line import Stop
from pressel.flash.port import held


@click.command()
@click.argument("port", required=False, shell_complete=offering(completing.ports))
@click.option(
    "--only", multiple=True, metavar="TEST", help="Only this one, by number or name.",
    shell_complete=offering(completing.tests),
)  # fmt: skip
@click.option(
    "--skip", multiple=True, metavar="TEST", help="Not this one, by number or name.",
    shell_complete=offering(completing.tests),
)  # fmt: skip
@click.option("--again", is_flag=True, help="Also those that have passed before.")
@click.option("--nobody", is_flag=True, help="Leave out what needs a person at the badge.")
@click.option(
    "--out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Where the result goes; default bringup-ADDRESS.json here.",
)
@click.option(
    "--talk-minutes", type=click.FloatRange(0.1, 600.0), default=60.0, show_default=True,
    help="How long the last test talks.",
)  # fmt: skip
@click.option("--list", "is_list", is_flag=True, help="List the tests and do nothing.")
def bringup(
    port: str | None,
    only: tuple[str, ...],
    skip: tuple[str, ...],
    again: bool,
    nobody: bool,
    out: Path | None,
    talk_minutes: float,
    is_list: bool,
) -> int:
    """Test the badge on PORT, which `pressel flash` has made, and keep what was measured.

    Each test says what it measured, what was expected, and which number of ours that confirms or
    changes. A run that was broken off goes on where it stopped. Hold the result against a board
    with `pressel board check BOARD --measured FILE`.
    """
    tests = chosen(only, skip)
    if is_list:
        for test in tests:
            print(f"{test.number:2}  {test.id:12} {test.title}")
        return 0
    if port is None:
        raise UsageError("say on which port the badge is; `pressel ports` lists them")
    stop = Stop()
    former = signal.signal(signal.SIGINT, lambda *_: stop.ask())
    try:
        with held(port), contextlib.closing(Bench(port, stop)) as bench:
            person = Person(_say, None if nobody else _ask)
            run = begun(port, bench, out, person)
            run.talk_minutes = talk_minutes
            return _run(run, tests, again=again or bool(only))
    finally:
        signal.signal(signal.SIGINT, former)


def _run(run: Bringup, tests: list[Test], *, again: bool) -> int:
    done = {name for name, each in run.result.tests.items() if each.outcome == "passed"}
    left = [each for each in tests if again or each.id not in done]
    if len(left) < len(tests):
        _say(f"{len(tests) - len(left)} of {len(tests)} tests have passed before; --again repeats")
    run.run(left, _tell)
    wanted = {each.id for each in tests}
    failed = [name for name in run.result.failed if name in wanted]
    print(f"{run.file}: {_summary(run)}")
    if failed:
        print(f"not as expected: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _summary(run: Bringup) -> str:
    outcomes = [each.outcome for each in run.result.tests.values()]
    words = [f"{outcomes.count(each)} {each}" for each in ("passed", "failed", "broken", "left out")
             if each in outcomes]  # fmt: skip
    more = len(plan()) - len(outcomes)
    words += [f"{more} to come"] if more else []
    what = "emulated, so nothing of it was measured on silicon: " if run.result.emulated else ""
    return what + ", ".join(words)


def _tell(test: Test, done: Done) -> None:
    why = f": {done.why}" if done.why else ""
    print(f"{test.number:2}  {test.id:12} {done.outcome}{why}", flush=True)
    for each in done.values:
        print("      " + _line(each), flush=True)


def _line(each: Measured) -> str:
    """`key value unit, expected so; confirms NUMBER (now 5)`."""
    value = "nothing" if each.value is None else each.value
    if isinstance(value, float):
        value = f"{value:,.10g}"
    words = f"{each.key.replace('_', ' ')}: {value if value != '' else 'none'}"
    words += f" {each.unit}" if each.unit else ""
    if each.expected:
        words += f", expected {each.expected}"
    if each.number:
        now = f" (now {each.now})" if each.now else ""
        words += f"; {'confirms' if each.ok else 'CHANGES'} {each.number}{now}"
    return words + (f" [{each.why}]" if each.why and not each.ok else "")


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _ask(question: str) -> bool:
    return click.confirm(question, err=True)
