"""What the Tab key offers: devices, boards, ports, groups. It never says what is wrong."""

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
