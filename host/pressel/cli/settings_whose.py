"""Whose value of a setting a command is about: that of the venue, a talk group, a board or a
badge."""

from __future__ import annotations

import contextlib
import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import click

from pressel.boards.board import board_ids
from pressel.errors import PresselError, UsageError
from pressel.node.door import DeskRoll
from pressel.registry.choice import chosen
from pressel.registry.device import GROUP_MAX
from pressel.registry.roll import Roll
from pressel.schema.setting_values import At, is_device, is_known, key_at, split_key, whose_words

from . import completing
from .completing import offering

if TYPE_CHECKING:
    from pressel.node.control import Where

    from .settings_state import State

_NUMBER = re.compile(r"-?[0-9]{1,5}")  # longer ones are devices
_OWN, _VENUES = "of its own", "the venue's"


def at_option(text: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """`--at GROUP|BOARD|BADGE`, with its help; None: the venue."""
    return click.option(
        "--at", "word", type=_Whose(), metavar="GROUP|BOARD|BADGE", help=text,
        shell_complete=offering(
            lambda: [*completing.groups(), *completing.boards(), *completing.devices()]
        ),
    )  # fmt: skip


class _Whose(click.ParamType[str]):
    """A number is a talk group's; anything else the name of a board, or means a badge, as in
    `pressel device`."""

    name = "group, board or badge"

    def convert(self, value: Any, param: Any, ctx: Any) -> str:
        word = str(value).strip()
        if not word:
            self.fail(
                "give the number of a talk group, or the name of a board or a badge", param, ctx
            )
        if _NUMBER.fullmatch(word) and not 1 <= int(word) <= GROUP_MAX:
            self.fail(
                f"{word} is no talk group; they go from 1 to {GROUP_MAX}. To mean a badge of that "
                "name, give its device",
                param, ctx,
            )  # fmt: skip
        return str(int(word)) if _NUMBER.fullmatch(word) else word


def whose_of(find: Callable[[], Where], name: str, word: str | None) -> At:
    """What `word` means; None: the venue. `find` gives a host, which is asked about badges.
    UsageError unless that may have a value of the setting `name` of its own."""
    if word is None:
        return 0
    whose: At = int(word) if _NUMBER.fullmatch(word) else _named(find(), word)
    split_key(key_at(name, whose))
    return whose


def _named(path: Where, word: str) -> str:
    """The board or the device of that name. UsageError when it is none, or one of each."""
    with DeskRoll(path, _say_nothing) as roll:
        devices, board = roll.devices(), word.casefold()
        if board not in {*board_ids(), *_boards(roll).values()}:
            return chosen(devices, word).id
        same = next((each for each in devices if each.name.casefold() == board), None)
    if same is not None:
        raise UsageError(
            f"'{word}' is a board, and the badge {same.id} is called so, too: give its device, or "
            "rename it with `pressel device rename`"
        )
    return board


def known_boards(path: Where) -> set[str]:
    """The names of all boards that the venue knows: ours, and those that somebody has told it."""
    with DeskRoll(path, _say_nothing) as roll:
        return {*board_ids(), *roll.boards().values()}


def _boards(roll: Roll) -> dict[str, str]:
    """By device; none where a host of an earlier version does not tell."""
    with contextlib.suppress(PresselError):
        return roll.boards()
    return {}


def holding(path: Where, state: State, name: str, whose: At) -> tuple[int, str]:
    """The value of the setting `name` that holds there, and whose it is, in words. Of several
    groups of a badge the highest counts, each that has none with that of the badge's board."""
    own, value = state.own(name), state.value(name)
    if not whose:
        return value, ""
    if whose in own:
        return own[whose], _OWN
    if not is_device(whose):
        return value, _VENUES
    with DeskRoll(path, _say_nothing) as roll:
        groups = chosen(roll.devices(), str(whose)).groups
        board = _boards(roll).get(str(whose), "")
    usual = (own[board], f"that of the board {board}") if board in own else (value, _VENUES)
    found = [(own[group], f"that of group {group}") if group in own else usual for group in groups]
    return max(found, default=usual)


def names(path: Where, state: State) -> Callable[[At], str]:
    """How a group, a board, or a badge with its name, is called, where somebody can be asked."""
    known: dict[str, str] = {}
    if any(is_device(split_key(key)[1]) for key in state.values if is_known(key)):
        try:
            with DeskRoll(path, _say_nothing) as roll:
                known = {each.id: each.name for each in roll.devices()}
        except PresselError:
            known = {}

    def words(whose: At) -> str:
        name = known.get(str(whose))
        return f"at badge {name} ({whose})" if name else whose_words(whose)

    return words


def _say_nothing(words: str) -> None:
    """Who asked has been told already that a copy answers."""
