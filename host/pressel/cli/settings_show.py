"""`pressel settings list | get | status | explain | history | diff`: what is in force, who has it,
and how it came."""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from pydantic import BaseModel
from rich.markup import escape
from rich.table import Table

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import PresselError, UsageError
from pressel.node import control as sockets
from pressel.node.desk.mends import Mend
from pressel.node.desk.settings_past import Change, in_version
from pressel.node.desk.venue_settings import APPLIED
from pressel.registry.identity import fingerprint
from pressel.schema.setting_values import (
    difference_lines,
    differences,
    key_at,
    only,
    split_key,
)
from pressel.schema.settings import load_settings, settings
from pressel.schema.settings_file import load_file

from .options import control_options
from .printed import print_console, print_table
from .settings_state import State, Values, ask, row_as_json, say_left, unknown
from .settings_whose import at_option, holding, names, whose_of
from .told import read_answer

if TYPE_CHECKING:
    from pressel.node.control import Where

Some = Mapping[str, int | None]  # values by key; None: a group has none of its own
JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.command("list")
@click.option("--changed", is_flag=True, help="Only those that are not at their default.")
@control_options
@JSON
def show_all(changed: bool, port: int | None, control: Path | None, as_json: bool) -> None:
    """Show all settings, and how many badges have them."""
    path = sockets.find(control, port)
    state = ask(path)
    rows = {
        name: row
        for name, row in settings().items()
        if not changed or state.values.get(name, row.default) != row.default or state.own(name)
    }
    lacking = [unknown(name) for name in settings() if name not in state.values]
    if as_json:
        told = [row_as_json(name, row, state) for name, row in rows.items()]
        print(json.dumps({**state.model_dump(exclude={"values"}), "settings": told}, indent=2))
        return
    console = print_console()
    table = Table("Setting", "Value", "Default", "Range", "What it is", box=None, pad_edge=False)
    whose_name = names(path, state)
    for name, row in rows.items():
        value = state.values.get(name)
        words = "unknown" if value is None else row.in_words(value)
        cells = (row.in_words(row.default), row.range_words(), row.text)
        table.add_row(name, words if value == row.default else f"[bold]{words}[/]", *cells)
        for whose, own in state.own(name).items():
            table.add_row(f"  {escape(whose_name(whose))}", f"[bold]{row.in_words(own)}[/]")
    if rows:
        print_table(table, console)
    else:
        console.print("All settings are at their defaults.")
    console.print(f"{state.name()}, {state.counts()}")
    for words in lacking:
        print(words, file=sys.stderr)


@click.command("get")
@click.argument("name", shell_complete=offering(completing.settings))
@at_option("What holds in talk group GROUP, on the board BOARD, or at the badge BADGE.")
@control_options
@JSON
def show_one(
    name: str, word: str | None, port: int | None, control: Path | None, as_json: bool
) -> None:
    """Show the setting NAME, such as floor.talk_ms."""
    full, row = load_settings().find(name)
    whose = whose_of(lambda: sockets.find(control, port), full, word)
    path = sockets.find(control, port)
    state = ask(path)
    value, source = holding(path, state, full, whose)
    if as_json:
        facts = {**row_as_json(full, row, state), **state.model_dump(exclude={"values"})}
        print(json.dumps({**facts, "value": value}, indent=2))
        return
    print(row.in_words(value))
    where = f", {source}" if source else ""
    print(f"{full}{where}: {row.text}; {state.counts()}", file=sys.stderr)


class MemberRow(BaseModel):
    """A badge that is here; `version`: of the last that it answered, 0: none; `why` it refuses, as
    far as the leader knows, or what its yes may not mean."""

    device: str
    name: str
    version: int
    state: str
    why: str = ""


class Members(State):
    members: list[MemberRow]
    mended: list[Mend] = []  # an older leader tells none


@click.command()
@control_options
@JSON
def status(port: int | None, control: Path | None, as_json: bool) -> int:
    """Show which badges have applied the settings that they are to have, and which refuse them;
    and which host has found other settings on its disk and written its own again.

    Exits with 1 when a badge has not applied them.
    """
    told = read_answer(Members, sockets.ask(sockets.find(control, port), "settings status"))
    if as_json:
        print(json.dumps(told.model_dump(exclude={"values"}), indent=2))
    else:
        if told.members:
            table = Table("Badge", "Device", "State", "Version", box=None, pad_edge=False)
            for each in sorted(told.members, key=lambda each: (each.state == APPLIED, each.name)):
                version = str(each.version) if each.version else "none yet"
                state = each.state if each.state == APPLIED else f"[bold]{each.state}[/]"
                state += f": {escape(each.why)}" if each.why else ""
                table.add_row(escape(each.name), each.device, state, version)
            print_table(table)
        print(f"{told.name()}, {told.counts()}")
        for mend in told.mended:
            print(mend.in_words())
        say_left(told, has_reasons=True)
    return 0 if told.applied == told.badges or not told.are_told else 1


@click.command()
@click.argument("name", shell_complete=offering(completing.settings))
@at_option(
    "Say what holds in talk group GROUP, on the board BOARD, or at the badge BADGE, and where that "
    "comes from."
)
@control_options
def explain(name: str, word: str | None, port: int | None, control: Path | None) -> None:
    """Say what the setting NAME does, what it costs, who may have a value, and who set it last."""
    full, row = load_settings().find(name)
    print(f"{full}: {row.text}")
    print(f"  range    {row.range_words()}")
    print(f"  default  {row.in_words(row.default)}: {row.reason}")
    print(f"  cost     {row.costs}")
    print(f"  badges   {_BADGES[row.badge]}")
    print(f"  scope    {row.scope_words()}")
    try:
        path = sockets.find(control, port)
        whose = whose_of(lambda: path, full, word)
        state = ask(path)
        whose_name = names(path, state)
        for each in (0, *state.own(full)):
            key = key_at(full, each)
            at = f" {whose_name(each)}" if each else ""
            print(f"  now      {row.in_words(state.value(key))}{at}{_since(path, key)}")
        if whose:
            value, source = holding(path, state, full, whose)
            print(f"  holds    {row.in_words(value)} {whose_name(whose)}, {source}")
    except UsageError:
        raise
    except PresselError as error:
        print(f"  now      unknown: {error}")


_BADGES = {
    "obeys": "obey it",
    "roomy": "obey it if they are soft badges, or have room (the feature smooth_playout)",
    "apart": "try it, and keep it if they find a leader, if they have the feature networks",
    "told": "are told it; the leader sees to it",
    "none": "know nothing of it; it is about hosts",
}


def _since(path: Where, key: str) -> str:
    """Since when, and by whom; "": nobody has set it."""
    last = next((each for each in reversed(changes(path)) if key in each.was), None)
    if last is None:
        return ""
    why = f": {last.why}" if last.why else ""
    return f", since {_when(last)} by {last.who or 'somebody'}{why}"


@click.command()
@click.argument("name", required=False, shell_complete=offering(completing.settings))
@click.option("--last", type=click.IntRange(1), metavar="COUNT", help="Only the newest COUNT.")
@control_options
@JSON
def history(
    name: str | None, last: int | None, port: int | None, control: Path | None, as_json: bool
) -> None:
    """Show who changed what, when and why; only changes of the setting NAME, when it is given."""
    full = None if name is None else load_settings().find(name)[0]
    found = [
        each
        for each in changes(sockets.find(control, port))
        if full in (None, *(split_key(key)[0] for key in each.was))
    ]
    chosen = found[-(last or 0) :]
    if as_json:
        print(json.dumps([_change_as_json(each) for each in chosen], indent=2))
        return
    if not chosen:
        print("the log tells of no change", file=sys.stderr)
        return
    table = Table("Version", "When", "Who", "What", "Why", "Host", box=None, pad_edge=False)
    for each in chosen:
        what = "\n".join(difference_lines(each.was, only(each.now, each.was)))
        cells = (str(each.version), _when(each), each.who, what, each.why)
        table.add_row(*map(escape, cells), fingerprint(each.host)[:9])
    print_table(table)


@click.command()
@click.argument("other", required=False)
@control_options
@JSON
def diff(other: str | None, port: int | None, control: Path | None, as_json: bool) -> int:
    """Show how the settings in force differ from OTHER: a version of the history, or a file.

    Without OTHER it shows what is not at its default. Exits with 1 when something differs.
    """
    path = sockets.find(control, port)
    old, now = compared(path, other)
    if as_json:
        told = {name: list(both) for name, both in differences(old, now).items()}
        print(json.dumps(told, indent=2))
    else:
        print(*difference_lines(old, now), sep="\n", end="\n" if differences(old, now) else "")
    return 1 if differences(old, now) else 0


def compared(path: Where, which: str | None) -> tuple[Some, Some]:
    """The values of a version, of a file, or the defaults; and those in force, of which a file may
    leave some out. UsageError when there are none."""
    now = ask(path).values
    if which is None:
        return {name: row.default for name, row in settings().items()}, now
    if not which.isascii() or not which.isdigit():
        told = load_file(Path(which))[0]
        return told, only(now, told)
    return version_of(path, int(which)), now


def version_of(path: Where, version: int) -> Values:
    """The values that version had. UsageError when the log does not tell."""
    state = ask(path)
    return state.values if version == state.version else in_version(changes(path), version)


def changes(path: Where) -> list[Change]:
    """The history, oldest first."""
    return read_answer(list[Change], sockets.ask(path, "settings history"), "host")


def _change_as_json(change: Change) -> dict[str, Any]:
    told = {name: value for name, value in change.as_json().items() if name not in ("was", "now")}
    changed = differences(change.was, only(change.now, change.was))
    return {**told, "changed": {key: list(both) for key, both in changed.items()}}


def _when(change: Change) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(change.time_s))
    except (OverflowError, ValueError, OSError):
        return f"{change.time_s} s"
