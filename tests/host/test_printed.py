"""Tables on narrow terminals: nothing is cut, and no line is longer than the terminal."""

from __future__ import annotations

import io
import re

import pytest
from rich.cells import cell_len
from rich.console import Console
from rich.table import Table

from pressel.cli.printed import fitted

NAMES = (
    *("Мария Иванова", "田中さくら", "سارة", "שרה", "Ζωή"),
    *("अनिता", "สมชาย", "김민준", "José Ñandú", "Bar 🍕"),
)
LONG = "calls.a_name_that_is_longer_than_some_terminals_are"


def devices() -> Table:
    table = Table("Device", "Name", "Groups", "Rights", "State", "Key epoch", box=None)
    for number, name in enumerate(NAMES):
        table.add_row(
            f"{number:016x}", name, "1", "emergency" if number == 3 else "", "active", "1"
        )
    return table


def settings() -> Table:
    table = Table("Setting", "Value", "Range", "", box=None, pad_edge=False)
    for name in ("floor.talk_ms", LONG):
        table.add_row(name, "60000 ms", "1000 to 1300000 ms", "[bold]how long one may talk[/]")
    return table


def shown(table: Table, width: int) -> str:
    out = io.StringIO()
    console = Console(file=out, width=width, emoji=False, highlight=False)
    for part in fitted(table, console):
        console.print(part)
    return out.getvalue()


@pytest.mark.parametrize("width", [200, 80, 60, 40, 20])
@pytest.mark.parametrize("make", [devices, settings])
def test_nothing_is_cut(make, width: int) -> None:
    table = make()
    cells = [re.sub(r"\[.*?\]", "", str(c)) for column in table.columns for c in column.cells]
    said = shown(table, width)
    assert max(map(cell_len, said.splitlines())) <= width
    assert "\u2026" not in said
    left = re.sub(r"\s", "", said)
    for word in " ".join(cells).split():
        assert word in left or width < len(word) + 12  # folded, with its head between
    if width < 60:
        return
    for word in " ".join(cells).split():
        assert word in said.split() or width < cell_len(word)  # to be copied


def test_where_there_is_room_a_row_is_a_line() -> None:
    assert len(shown(devices(), 120).splitlines()) == 1 + len(NAMES)
    assert len(shown(devices(), 60).splitlines()) <= 2 + 2 * len(NAMES)
