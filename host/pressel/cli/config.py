"""`pressel config`: what is configured on this machine, and where."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.config import sources
from pressel.config.keys import fields
from pressel.config.sources import Setting

from .printed import print_table

_DEFAULT = "default"


@click.group()
def config() -> None:
    """Show and check what is configured on this machine.

    A flag wins over a variable PRESSEL_SECTION_KEY, such as PRESSEL_HOST_LISTEN; that over
    pressel.toml in this folder, in your own configuration folder, and in /etc/pressel, in this
    order.
    """


@config.command()
@click.option("--origin", "with_origin", is_flag=True, help="Also show where each value was set.")
@click.option("--all", "with_text", is_flag=True, help="Also show what each key is.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def show(with_origin: bool, with_text: bool, as_json: bool) -> None:
    """Show what holds where no flag says otherwise."""
    found = sources.settings()
    rows = {key: _row(found.get(key), field.default) for key, field in fields().items()}
    if as_json:
        told = [{"key": k, "value": row.value, "origin": row.origin} for k, row in rows.items()]
        print(json.dumps(told, indent=2))
        return
    heads = ["Key", "Value", *["From"][: int(with_origin)], *["What it is"][: int(with_text)]]
    table = Table(*heads, box=None, pad_edge=False)
    for key, row in rows.items():
        cells = [key, _words(row.value)]
        cells += [row.origin] if with_origin else []
        cells += [fields()[key].description or ""] if with_text else []
        table.add_row(*map(escape, cells), style="" if row.origin == _DEFAULT else "bold")
    print_table(table)


@config.command()
@click.argument("file", required=False, type=click.Path(dir_okay=False, path_type=Path))
def check(file: Path | None) -> None:
    """Check all that is configured, or only FILE; exits with 2 and a line for each mistake."""
    if file is not None:
        found = sources.read_file(file)
        print(f"{file} is right: {_count(found)}")
        _say_moved(found)
        return
    found = sources.settings()
    print(f"all is right: {_count(found)}")
    for each in sources.files():
        is_read = "is obeyed" if sources.is_here(each) else "is not there"
        print(f"  {each.absolute()} {is_read}")
    _say_moved(found)


def _say_moved(found: dict[str, Setting]) -> None:
    for words in sources.moved(found).values():
        print(f"pressel: {words}", file=sys.stderr)


def _row(setting: Setting | None, default: Any) -> Setting:
    return Setting(default, _DEFAULT) if setting is None else setting


def _count(found: dict[str, Setting]) -> str:
    return f"{len(found)} key{'' if len(found) == 1 else 's'} set"


def _words(value: Any) -> str:
    if value is None or value == []:
        return "-"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return ", ".join(value) if isinstance(value, list) else str(value)
