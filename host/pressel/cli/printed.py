"""Tables as people and programs see them: as wide as a terminal, or one line a row in a file.

Nothing is cut on a narrow terminal: cells go on in the next line, and where not even their words
fit, each row stands on lines of its own.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence

from rich.console import Console, RenderableType
from rich.measure import Measurement
from rich.table import Table

_FILE_COLUMNS = 240  # in a file or a pipe: the longest row of all tables, an entry of the log


def print_table(table: Table, console: Console | None = None) -> None:
    """To stdout, without emoji, which names may spell; or to `console`."""
    console = console or print_console()
    for part in fitted(table, console):
        console.print(part)


def print_console() -> Console:
    """What prints to stdout in that width."""
    width = None if sys.stdout.isatty() else _FILE_COLUMNS
    return Console(emoji=False, highlight=False, width=width)


def fitted(table: Table, console: Console) -> Iterator[RenderableType]:
    """`table` as it fits the console; it may be changed."""
    if Measurement.get(console, console.options.update(width=10_000), table).maximum <= (
        console.width
    ):
        yield table
        return
    wants = [_wants(console, column.header, *column.cells) for column in table.columns]
    room = console.width - sum(each.minimum for each in wants) - len(wants) + 1
    if room < 0:
        yield from _as_lines(table)
        return
    table.pad_edge, table.padding = False, (0, 1, 0, 0)
    for column, width in zip(table.columns, _shared(wants, room), strict=True):
        column.width = width
    yield table


def _wants(console: Console, *cells: RenderableType) -> Measurement:
    """A column's longest word, and its longest cell."""
    each = [Measurement.get(console, console.options, cell) for cell in cells]
    return Measurement(max(one.minimum for one in each), max(one.maximum for one in each))


def _shared(wants: Sequence[Measurement], room: int) -> list[int]:
    """Widths of columns: `room` beyond their words goes first to those that want little more."""
    widths = [each.minimum for each in wants]
    order = sorted(range(len(wants)), key=lambda at: wants[at].span)
    for left, at in zip(range(len(order), 0, -1), order, strict=True):
        more = min(wants[at].span, room // left)
        widths[at] += more
        room -= more
    return widths


def _as_lines(table: Table) -> Iterator[RenderableType]:
    """Each row as lines of a head and what stands below it, where anything does."""
    heads = [column.header for column in table.columns]
    for cells in zip(*(column.cells for column in table.columns), strict=True):
        row = Table.grid("", "", padding=(0, 2, 0, 0))
        row.columns[0].no_wrap = True
        row.columns[0].style = "bold"
        row.columns[1].overflow = "fold"
        for head, cell in zip(heads, cells, strict=True):
            if cell != "":
                row.add_row(head, cell)
        yield row
        yield ""
