"""`--json` of commands that do something and have no answer of their own: what came of it.

Its shape is the same everywhere: `ok`, `exit_code`, `output` and `notes` (lines of standard output
and standard error), and `error` (a sentence, or null). It asks nothing: whoever reads JSON is no
person.
"""

from __future__ import annotations

import contextlib
import functools
import io
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import click

from pressel.errors import PresselError

# They go on until they are ended, or talk with a person.
STREAMS = ("demo", "badge", "emulate", "logs", "shell", "bringup", "metrics", "schedule", "work")
_KEY = "pressel.json"


def with_outcome(command: click.Command) -> click.Command:
    """The same command, and all below it, with `--json`."""
    if isinstance(command, click.Group):
        for each in command.commands.values():
            with_outcome(each)
        return command
    has_json = any("--json" in each.opts for each in command.params)
    if has_json or command.name in STREAMS or command.callback is None:
        return command
    option = click.Option(
        ["--json"], is_flag=True, expose_value=False, callback=_wish,
        help="Print the outcome as JSON: ok, exit_code, output, notes, error.",
    )  # fmt: skip
    command.params.append(option)
    command.callback = _telling(command.callback)
    return command


def is_outcome(command: click.Command) -> bool:
    """Whether its `--json` is this one."""
    return any("--json" in each.opts and each.callback is _wish for each in command.params)


def _wish(ctx: click.Context, param: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[_KEY] = True


def _telling(act: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(act)
    def told(*values: Any, **options: Any) -> Any:
        if not click.get_current_context().meta.get(_KEY):
            return act(*values, **options)
        error, out, notes = None, io.StringIO(), io.StringIO()
        try:
            with _alone(out, notes):
                result = act(*values, **options)
            code = result if isinstance(result, int) else 0
        except PresselError as fault:
            error, code = str(fault), fault.exit_code
        except click.ClickException as fault:
            error, code = fault.format_message(), fault.exit_code
        lines, said = out.getvalue().splitlines(), notes.getvalue().splitlines()
        facts = {"ok": code == 0, "exit_code": code, "output": lines, "notes": said, "error": error}
        print(json.dumps(facts, indent=2))
        return code

    return told


@contextlib.contextmanager
def _alone(out: io.StringIO, notes: io.StringIO) -> Iterator[None]:
    """Nobody is there to be asked, and all that is said is kept."""
    before = sys.stdin
    with (
        open(os.devnull, encoding="utf-8") as nobody,
        contextlib.redirect_stdout(out),
        contextlib.redirect_stderr(notes),
    ):
        sys.stdin = nobody
        try:
            yield
        finally:
            sys.stdin = before
