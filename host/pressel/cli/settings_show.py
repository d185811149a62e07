"""`pressel settings list | get | status | explain | history | diff`: what is in force, who has it,
and how it came."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, TypeAdapter, ValidationError
from rich.markup import escape
from rich.table import Table

from pressel.errors import PresselError, UsageError
from pressel.node import control as sockets
from pressel.node.desk.settings_past import Change
from pressel.node.desk.venue_settings import APPLIED
from pressel.registry.identity import fingerprint
from pressel.schema.settings import SettingRow, load_settings, settings
from pressel.schema.settings_file import load_file

from .options import control_options
from .printed import print_console
from .settings_state import (
    State,
    Values,
    ask,
    difference_lines,
    differences,
    row_as_json,
    say_left,
)

JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


@click.command("list")
@click.option("--changed", is_flag=True, help="Only those that are not at their default.")
@control_options
@JSON
def show_all(changed: bool, port: int | None, control: Path | None, as_json: bool) -> None:
    """Show all settings, and how many badges have them."""
    state = ask(sockets.find(control, port))
    rows = {
        name: row
        for name, row in settings().items()
        if not changed or state.value(name) != row.default
    }
    if as_json:
        told = [row_as_json(name, row, state) for name, row in rows.items()]
        print(json.dumps({**state.model_dump(exclude={"values"}), "settings": told}, indent=2))
        return
    console = print_console()
    table = Table("Setting", "Value", "Default", "Range", "What it is", box=None, pad_edge=False)
    for name, row in rows.items():
        value = state.value(name)
        words = row.in_words(value)
        cells = (row.in_words(row.default), row.range_words(), row.text)
        table.add_row(name, words if value == row.default else f"[bold]{words}[/]", *cells)
    if rows:
        console.print(table)
    else:
        console.print("All settings are at their defaults.")
    console.print(f"Version {state.version}, {state.counts()}")


@click.command("get")
@click.argument("name")
@control_options
@JSON
def show_one(name: str, port: int | None, control: Path | None, as_json: bool) -> None:
    """Show the setting NAME, such as floor.talk_ms."""
    full, row = load_settings().find(name)
    state = ask(sockets.find(control, port))
    if as_json:
        facts = {**row_as_json(full, row, state), **state.model_dump(exclude={"values"})}
        print(json.dumps(facts, indent=2))
        return
    print(row.in_words(state.value(full)))
    print(f"{full}: {row.text}; {state.counts()}", file=sys.stderr)


class MemberRow(BaseModel):
    """A badge that is here; `version`: of the last that it answered, 0: none."""

    device: str
    name: str
    version: int
    state: str


class Members(State):
    members: list[MemberRow]


@click.command()
@control_options
@JSON
def status(port: int | None, control: Path | None, as_json: bool) -> int:
    """Show which badges have the settings in force, and which refuse them.

    Ends in 1 when a badge has not applied them.
    """
    answer = sockets.ask(sockets.find(control, port), "settings status")
    try:
        told = Members.model_validate(answer)
    except ValidationError as error:
        raise PresselError(
            "the leader's answer is from another version of Pressel; update the older one"
        ) from error
    if as_json:
        print(json.dumps(told.model_dump(exclude={"values"}), indent=2))
    else:
        if told.members:
            table = Table("Badge", "Device", "State", "Version", box=None, pad_edge=False)
            for each in sorted(told.members, key=lambda each: (each.state == APPLIED, each.name)):
                version = str(each.version) if each.version else "none yet"
                state = each.state if each.state == APPLIED else f"[bold]{each.state}[/]"
                table.add_row(escape(each.name), each.device, state, version)
            print_console().print(table)
        print(f"Version {told.version}, {told.counts()}")
        say_left(told)
    return 0 if told.applied == told.badges else 1


@click.command()
@click.argument("name")
@control_options
def explain(name: str, port: int | None, control: Path | None) -> None:
    """Say what the setting NAME does, what it costs, and who set it last."""
    full, row = load_settings().find(name)
    print(f"{full}: {row.text}")
    print(f"  range    {row.range_words()}")
    print(f"  default  {row.in_words(row.default)}: {row.reason}")
    print(f"  cost     {row.costs}")
    print(f"  badges   {_BADGES[row.badge]}")
    try:
        path = sockets.find(control, port)
        print(f"  now      {_now(path, full, row)}")
    except PresselError as error:
        print(f"  now      unknown: {error}")


_BADGES = {
    "obeys": "obey it",
    "told": "are told it; the leader sees to it",
    "none": "know nothing of it; it is about hosts",
}


def _now(path: Path, name: str, row: SettingRow) -> str:
    value = row.in_words(ask(path).value(name))
    last = next((each for each in reversed(changes(path)) if name in each.was), None)
    if last is None:
        return value
    why = f": {last.why}" if last.why else ""
    return f"{value}, since {_when(last)} by {last.who or 'somebody'}{why}"


@click.command()
@click.argument("name", required=False)
@click.option("--last", type=click.IntRange(1), metavar="COUNT", help="Only the newest COUNT.")
@control_options
@JSON
def history(
    name: str | None, last: int | None, port: int | None, control: Path | None, as_json: bool
) -> None:
    """Show who changed what, when and why; only changes of the setting NAME, when it is given."""
    full = None if name is None else load_settings().find(name)[0]
    found = [each for each in changes(sockets.find(control, port)) if full in (None, *each.was)]
    chosen = found[-(last or 0) :]
    if as_json:
        print(json.dumps([_change_as_json(each) for each in chosen], indent=2))
        return
    if not chosen:
        print("the log tells of no change", file=sys.stderr)
        return
    table = Table("Version", "When", "Who", "What", "Why", "Host", box=None, pad_edge=False)
    for each in chosen:
        what = "\n".join(difference_lines(each.was, each.now))
        cells = (str(each.version), _when(each), each.who, what, each.why)
        table.add_row(*map(escape, cells), fingerprint(each.host)[:9])
    print_console().print(table)


@click.command()
@click.argument("other", required=False)
@control_options
@JSON
def diff(other: str | None, port: int | None, control: Path | None, as_json: bool) -> int:
    """Show how the settings in force differ from OTHER: a version of the history, or a file.

    Without OTHER it shows what is not at its default. Ends in 1 when something differs.
    """
    path = sockets.find(control, port)
    old = values_of(path, other)
    now = ask(path).values
    if as_json:
        told = {name: list(both) for name, both in differences(old, now).items()}
        print(json.dumps(told, indent=2))
    else:
        print(*difference_lines(old, now), sep="\n", end="\n" if differences(old, now) else "")
    return 1 if differences(old, now) else 0


def values_of(path: Path, which: str | None) -> Values:
    """The values of a version, of a file, or the defaults. UsageError when there are none."""
    if which is None:
        return {name: row.default for name, row in settings().items()}
    if not which.isascii() or not which.isdigit():
        return load_file(Path(which))[0]
    return version_of(path, int(which))


def version_of(path: Path, version: int) -> Values:
    """The values that version had. UsageError when the log does not tell."""
    if version == ask(path).version:
        return ask(path).values
    found = changes(path)
    for each in reversed(found):
        if each.version == version:
            return each.now
        if each.version == version + 1:  # nothing was written of the first one
            return {**each.now, **each.was}
    if not found:
        raise UsageError("the log tells of no change of the settings")
    raise UsageError(
        f"the log does not tell of version {version}; it has {found[0].version - 1} to "
        f"{found[-1].version}"
    )


def changes(path: Path) -> list[Change]:
    """The history, oldest first."""
    try:
        return TypeAdapter(list[Change]).validate_python(sockets.ask(path, "settings history"))
    except ValidationError as error:
        raise PresselError(
            "the host's answer is from another version of Pressel; update the older one"
        ) from error


def _change_as_json(change: Change) -> dict[str, Any]:
    told = {name: value for name, value in change.as_json().items() if name not in ("was", "now")}
    return {**told, "changed": {k: list(v) for k, v in differences(change.was, change.now).items()}}


def _when(change: Change) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(change.time_s))
    except (OverflowError, ValueError, OSError):
        return f"{change.time_s} s"
