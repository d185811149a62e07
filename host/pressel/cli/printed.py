"""Tables as people and programs see them: as wide as a terminal, or one line a row in a file."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

_FILE_COLUMNS = 240  # in a file or a pipe: the longest row of all tables, an entry of the log


def print_table(table: Table) -> None:
    """To stdout, without emoji, which names may spell."""
    print_console().print(table)


def print_console() -> Console:
    """What prints to stdout in that width."""
    width = None if sys.stdout.isatty() else _FILE_COLUMNS
    return Console(emoji=False, highlight=False, width=width)
