"""What cannot be undone is asked first of a person at a terminal; a script means what it says."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import click


def yes_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--yes`: see `confirm`."""
    return click.option("--yes", is_flag=True, help="Do not ask first.")(command)


def confirm(question: str, is_sure: bool) -> None:
    """Go on only when the person says yes. Abort, as by Ctrl-C, when not."""
    if not is_sure and sys.stdin.isatty():
        click.confirm(question, abort=True, err=True)
