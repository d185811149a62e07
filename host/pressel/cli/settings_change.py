"""`pressel settings set | revert`: several settings are one change, made whole or not at all."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import UsageError
from pressel.node import control as sockets
from pressel.schema.setting_values import (
    AS_THE_VENUE,
    At,
    Change,
    difference_lines,
    differences,
    in_words,
    key_at,
    laid_over,
    to_become,
    value_in_words,
)
from pressel.schema.settings import load_settings, parse_value, settings

from .options import control_options
from .rollout import show
from .settings_room import tell_without_room
from .settings_show import JSON, version_of
from .settings_state import State, Values, ask, change, changed, say_left, touched_lines
from .settings_whose import at_option, whose_of
from .venue_now import venue_now

if TYPE_CHECKING:
    from pressel.node.control import Where

Network = tuple[str, str]  # name and password
NETWORK = "wifi.network"
_ANY = 1  # stands for the number that a network would get


def change_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every command that changes settings takes."""
    why = click.option("--why", default="", metavar="SENTENCE", help="Reason, for the history.")
    dry = click.option(
        "--dry-run", is_flag=True, help="Only say what would change, and who is concerned."
    )
    base = click.option(
        "--base",
        type=click.IntRange(1),
        help="Version that the change is based on; if the settings have another version by now, "
        "nothing is changed. Default: the current version.",
    )
    return why(dry(base(control_options(JSON(command)))))


def _help() -> str:
    """The settings and their ranges, below the help of `set`."""
    lines = [f"{name}: {row.text}, {row.range_words()}" for name, row in settings().items()]
    return "\n\n".join(["Settings:", *lines])


@click.command("set", epilog=_help())
@click.argument(
    "words", nargs=-1, required=True, metavar="NAME VALUE ...",
    shell_complete=offering(completing.settings),
)  # fmt: skip
@click.option(
    "--staged",
    is_flag=True,
    help="On a few badges first; on all when these are as well as the others. See "
    "`pressel rollout`.",
)
@at_option(
    "Only for talk group GROUP, for all badges of the board BOARD, or for the badge BADGE (its "
    "name or device); with the value 'venue' a group or a board follows the venue again, and a "
    "badge its groups."
)
@change_options
def set_some(words: tuple[str, ...], staged: bool, word: str | None, **options: Any) -> int:
    """Give each NAME its VALUE for the venue, one talk group, all badges of a board, or one badge.

    For example: floor.talk_ms 90s, or several at once: talk_ms=90s playout_delay_ms=80
    """
    values = _parsed(words, lambda name: whose_of(lambda: _path(options), name, word))
    tell_without_room(values, lambda: venue_now(options["control"], options["port"])[0])
    if staged and not options["dry_run"]:
        return start(values, **options)
    return put(values, **options)


def start(
    values: Change,
    *,
    why: str,
    base: int | None,
    port: int | None,
    control: Path | None,
    as_json: bool,
    dry_run: bool,
    network: Network | None = None,
) -> int:
    """Begin to roll the change out, and say how it stands; the exit code. `network`: name and
    password of the Wi-Fi network to change to."""
    path = sockets.find(control, port)
    given = {"values": dict(values), "base": base or ask(path).version, "why": why}
    if network is not None:
        given["network"] = list(network)
    return show(sockets.ask(path, "rollout start", **given), as_json)


@click.command()
@click.argument("version", type=click.IntRange(1))
@change_options
def revert(version: int, **options: Any) -> int:
    """Put all settings back to what they were in VERSION, as a new version."""
    path = _path(options)
    values = to_become(ask(path).values, version_of(path, version))
    options["why"] = options["why"] or f"back to version {version}"
    return put(values, **options)


def put(
    values: Change,
    *,
    why: str,
    dry_run: bool,
    base: int | None,
    port: int | None,
    control: Path | None,
    as_json: bool,
    network: Network | None = None,
) -> int:
    """Make the change and say what came of it; the exit code. `network` as for `start`."""
    path = sockets.find(control, port)
    if network is not None and dry_run:
        values = {**values, NETWORK: _ANY}
    before, state = change(path, values, base, why, is_dry=dry_run, network=network)
    if network is not None and not dry_run:
        values = {**values, NETWORK: state.value(NETWORK)}
    after = laid_over(before.values, values) if dry_run else state.values
    if as_json:
        told = {name: list(both) for name, both in differences(before.values, after).items()}
        facts = {"changed": told, "dry_run": dry_run, **state.model_dump(exclude={"values"})}
        print(json.dumps(facts, indent=2))
    else:
        _say(values, before, after, state, path if dry_run else None)
    return 1 if state.refused else 0


def _path(options: dict[str, Any]) -> Where:
    return sockets.find(options["control"], options["port"])


def _parsed(words: Sequence[str], whose_of: Callable[[str], At]) -> dict[str, int | None]:
    """`NAME VALUE` and `NAME=VALUE`, in any order; `whose_of` says of a setting whose value it
    is."""
    table = load_settings()
    values: dict[str, int | None] = {}
    left = list(words)
    while left:
        word, has_value, text = left.pop(0).partition("=")
        name, row = table.find(word)
        if not has_value:
            if not left:
                raise UsageError(f"{name} has no value; give one, such as: {row.range_words()}")
            text = left.pop(0)
        whose = whose_of(name)
        key = key_at(name, whose)
        if key in values:
            raise UsageError(f"{name} is there twice; give it one value")
        values[key] = None if whose and text == AS_THE_VENUE else parse_value(name, row, text)
    return values


def _say(values: Change, before: State, after: Values, state: State, dry: Where | None) -> None:
    """`dry`: the host that says who is touched; None when the change was made."""
    if not differences(before.values, after):
        if len(values) == 1:
            ((key, value),) = values.items()
            print(f"{in_words(key)} is {value_in_words(key, value)} already")
        else:
            print("all of it is so already")
    for line in difference_lines(before.values, after):
        print(line)
    if dry is not None:
        for line in touched_lines(dry, changed(before, values)):
            print(line)
        print("nothing was changed: this is a dry run", file=sys.stderr)
        return
    print(f"{state.name()}, {state.counts()}")
    say_left(state)
