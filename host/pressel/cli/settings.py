"""`pressel settings`: show and change what an operator may set."""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import click
from pydantic import BaseModel, ValidationError
from rich.table import Table

from pressel.cli.options import control_options
from pressel.errors import PresselError
from pressel.node import control as sockets
from pressel.schema.settings import SettingRow, load_settings, parse_value
from pressel.schema.settings import settings as all_settings

from .printed import print_console

WAIT_S = 3.0  # for badges to answer: each is told again within half a second
_LOOK_S = 0.1

_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")


class State(BaseModel):
    """The desk's answer about settings; counts are None when this host's own copy answers."""

    version: int
    values: dict[str, int]
    badges: int | None
    applied: int | None
    refused: int | None

    def is_settled(self) -> bool:
        """Whether every badge has answered."""
        return (self.applied or 0) + (self.refused or 0) >= (self.badges or 0)

    def counts(self) -> str:
        if self.badges is None:
            return "as this host last knew them; no leader is reachable"
        if not self.badges:
            return "no badge is here"
        words = f"applied by {self.applied} of {self.badges} badges"
        return f"{words}, refused by {self.refused}" if self.refused else words


@click.group()
def settings() -> None:
    """Show and change what holds for the whole venue: docs/settings.md says what each does."""


@settings.command("list")
@control_options
@_JSON
def show_all(port: int | None, control: Path | None, as_json: bool) -> None:
    """Show all settings, and how many badges have them."""
    state = _ask(sockets.find(control, port))
    if as_json:
        rows = [_row(name, row, state) for name, row in all_settings().items()]
        print(json.dumps({**state.model_dump(exclude={"values"}), "settings": rows}, indent=2))
        return
    console = print_console()
    table = Table("Setting", "Value", "Default", "Range", "What it is", box=None, pad_edge=False)
    for name, row in all_settings().items():
        value = _value(name, state)
        words = row.in_words(value)
        cells = (row.in_words(row.default), row.range_words(), row.text)
        table.add_row(name, words if value == row.default else f"[bold]{words}[/]", *cells)
    console.print(table)
    console.print(f"Version {state.version}, {state.counts()}")


@settings.command("get")
@click.argument("name")
@control_options
@_JSON
def show_one(name: str, port: int | None, control: Path | None, as_json: bool) -> None:
    """Show the setting NAME, such as floor.talk_ms."""
    full, row = load_settings().find(name)
    state = _ask(sockets.find(control, port))
    if as_json:
        facts = {**_row(full, row, state), **state.model_dump(exclude={"values"})}
        print(json.dumps(facts, indent=2))
        return
    print(row.in_words(_value(full, state)))
    print(f"{full}: {row.text}; {state.counts()}", file=sys.stderr)


def _help() -> str:
    """The settings and their ranges, below the help of `set`."""
    lines = [f"{name}: {row.text}, {row.range_words()}" for name, row in all_settings().items()]
    return "\n".join(["\b", "Settings:", *lines])


@settings.command("set", epilog=_help())
@click.argument("name")
@click.argument("value")
@click.option(
    "--base",
    type=click.IntRange(1),
    help="Version that the change is based on; if the settings have another version by now, "
    "nothing is changed. Default: the current version.",
)
@control_options
@_JSON
def change(
    name: str, value: str, base: int | None, port: int | None, control: Path | None, as_json: bool
) -> int:
    """Set NAME to VALUE for the whole venue, for example: floor.talk_ms 90s"""
    full, row = load_settings().find(name)
    number = parse_value(full, row, value)
    path = sockets.find(control, port)
    before = _ask(path)
    sockets.ask(path, "settings set", setting=full, value=number, base=base or before.version)
    state = _settled(path)
    if as_json:
        print(json.dumps({**_row(full, row, state), **_changed(full, before, state)}, indent=2))
    else:
        _say(full, row, before, state)
    return 1 if state.refused else 0


def _ask(path: Path) -> State:
    reply = sockets.request(path, "settings")
    try:
        return State.model_validate(reply.answer)
    except ValidationError as error:
        raise PresselError(
            "the leader's answer is from another version of Pressel; update the older one"
        ) from error


def _settled(path: Path) -> State:
    """The state once every badge has answered, or when the wait is over."""
    deadline_s = time.monotonic() + WAIT_S
    while not (state := _ask(path)).is_settled() and time.monotonic() < deadline_s:
        time.sleep(_LOOK_S)
    return state


def _value(name: str, state: State) -> int:
    if name not in state.values:
        raise PresselError(f"the leader does not know {name} yet; update it")
    return state.values[name]


def _row(name: str, row: SettingRow, state: State) -> dict[str, Any]:
    facts = {"unit": row.unit, "default": row.default, "min": row.min, "max": row.max}
    return {"setting": name, "value": _value(name, state), **facts, "text": row.text}


def _changed(name: str, before: State, state: State) -> dict[str, Any]:
    return {"before": _value(name, before), **state.model_dump(exclude={"values"})}


def _say(name: str, row: SettingRow, before: State, state: State) -> None:
    old, new = _value(name, before), _value(name, state)
    was = f"was {row.in_words(old)}" if old != new else "as it was"
    print(f"{name} is {row.in_words(new)}, {was}; version {state.version}, {state.counts()}")
    silent = (state.badges or 0) - (state.applied or 0) - (state.refused or 0)
    if silent:
        print(
            f"{silent} {'has' if silent == 1 else 'have'} not answered yet and will be told again; "
            "see `pressel settings list`",
            file=sys.stderr,
        )
    if state.refused:
        print("a badge that refuses runs an older version: update it", file=sys.stderr)
