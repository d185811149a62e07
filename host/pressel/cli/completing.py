"""What the Tab key offers: all that has a name. It never says what is wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable
from typing import Any

import click
from click.shell_completion import CompletionItem

Complete = Callable[[click.Context, click.Parameter, str], list[CompletionItem]]


def offering(found: Callable[[], Iterable[tuple[str, str]]]) -> Complete:
    """Of the (word, help) that `found` gives those that begin with what is typed."""

    def complete(ctx: click.Context, param: click.Parameter, typed: str) -> list[CompletionItem]:
        # Whatever keeps the list from being read keeps the command from being done, and it says so.
        with contextlib.suppress(Exception):
            return [
                CompletionItem(word, help=text)
                for word, text in found()
                if word.casefold().startswith(typed.casefold())
            ]
        return []

    return complete


def devices() -> Iterable[tuple[str, str]]:
    from pressel.node.door import open_roll

    with open_roll(None, writes=False) as roll:
        found: list[Any] = roll.devices()
    return [(each.name, f"{each.id} {each.state}") for each in found]


def boards() -> Iterable[tuple[str, str]]:
    from pressel.boards.board import board_ids

    return [(each, "") for each in board_ids()]


def ports() -> Iterable[tuple[str, str]]:
    from serial.tools import list_ports

    return [(each.device, each.description) for each in list_ports.comports()]


def waiting() -> Iterable[tuple[str, str]]:
    """Devices that wait for approval, by their check codes."""
    from pressel.node.door import open_roll
    from pressel.registry.device import PENDING

    with open_roll(None, writes=False) as roll:
        found: list[Any] = roll.devices(PENDING)
    return [(each.check_code, each.name) for each in found]


def groups() -> Iterable[tuple[str, str]]:
    """Talk groups in which there is a device."""
    from pressel.node.door import open_roll

    with open_roll(None, writes=False) as roll:
        found: list[Any] = roll.devices()
    names: dict[int, list[str]] = {}
    for each in found:
        for group in each.groups:
            names.setdefault(group, []).append(each.name)
    return [(str(group), ", ".join(names[group])) for group in sorted(names)]


def hosts() -> Iterable[tuple[str, str]]:
    from pressel.node.door import open_roll
    from pressel.registry.identity import fingerprint

    with open_roll(None, writes=False) as roll:
        found: list[Any] = roll.hosts()
    return [(each.name, fingerprint(each.public_key)) for each in found]


def recordings() -> Iterable[tuple[str, str]]:
    from pressel.node import control

    told = control.ask(control.find(None, None), "recordings list")
    return [(each["mark"], each["talker"]) for each in told["recordings"]]


def consoles() -> Iterable[tuple[str, str]]:
    from pressel.remote.logins import read_logins

    return [(each.place, each.name) for each in read_logins()]


def settings() -> Iterable[tuple[str, str]]:
    from pressel.schema.settings import settings as rows

    return [(name, row.text) for name, row in rows().items()]


def gates() -> Iterable[tuple[str, str]]:
    from pressel.schema.scorecard import scorecard

    return [(name, "") for name in scorecard().gates]


def scenarios() -> Iterable[tuple[str, str]]:
    from pressel.sim.scenarios import scenario_names

    return [(name, "") for name in scenario_names()]


def profiles() -> Iterable[tuple[str, str]]:
    from pressel.sim.profiles import profile_names

    return [(name, "") for name in profile_names()]


def searches() -> Iterable[tuple[str, str]]:
    from pressel.sim.explore.searches import SEARCHES

    return [(each.name, each.why) for each in SEARCHES]


def images() -> Iterable[tuple[str, str]]:
    from pressel.flash.pins import known_pins

    return [(each.name, each.chip) for each in known_pins()]


def sounds() -> Iterable[tuple[str, str]]:
    """Microphones and speakers, by name."""
    from pressel.soft.sound import load_portaudio

    return [(str(each["name"]), "") for each in load_portaudio().query_devices()]


def tests() -> Iterable[tuple[str, str]]:
    """Those of a board's first hour."""
    from pressel.bringup.plan import plan

    return [(each.id, str(each.number)) for each in plan()]


def shifts() -> Iterable[tuple[str, str]]:
    from pressel.power.facts import shifts as known

    return [(name, "") for name in known()]


def policies() -> Iterable[tuple[str, str]]:
    from pressel.power.facts import policies as known

    return [(name, "") for name in known()]


def demos() -> Iterable[tuple[str, str]]:
    from pressel.sim.shows.all import SHOWS

    return [("list", "all demos"), *((name, show.title) for name, show in SHOWS.items())]
