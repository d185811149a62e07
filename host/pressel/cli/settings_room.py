"""Which badges cannot do what settings ask of them: by the features that those which are here have
told, or that a board has room for."""

from __future__ import annotations

import sys
from collections.abc import Callable, Collection, Iterable

from pressel.boards.board import board_ids, load_board
from pressel.boards.heap import features_of
from pressel.node.leader_state import LeaderState
from pressel.pack import PACKINGS
from pressel.schema.concerned import named
from pressel.schema.setting_values import is_board, is_device, split_key
from pressel.schema.settings import settings

ROOMY = {"smooth_playout"}  # what a badge has that obeys settings of the kind "roomy"
_SOFT = "soft "  # how the build of a computer's badge begins


def lacking(state: LeaderState, needed: Collection[str], device: str = "") -> list[str]:
    """Names of the badges that are here, or of this one, without all of the features `needed`.
    Computers are none of them: they have a network and power of their own."""
    return [
        each.name
        for each in state.members
        if not set(each.features) >= set(needed)
        and not each.build.startswith(_SOFT)
        and device in ("", each.device)
    ]


def tell_without_room(keys: Iterable[str], now: Callable[[], LeaderState]) -> None:
    """Say on standard error which badges go on as they are when the values of `keys` change.
    `now` asks the leader, and is asked only if a badge may be without room for one of them."""
    for name, whose in map(split_key, keys):
        if settings()[name].badge != "roomy":
            continue
        if is_board(whose):
            staying = f"badges on board {whose}" if _lacks(str(whose)) else ""
        else:
            names = lacking(now(), ROOMY, str(whose) if is_device(whose) else "")
            staying = named(names) if names else ""
        if staying:
            told = "cannot obey it for want of memory, and will go on as before"
            print(f"{name}: {staying} {told}", file=sys.stderr)


def _lacks(board_id: str) -> bool:
    """Of a board that we know; what others have is not known."""
    if board_id not in board_ids():
        return False
    board = load_board(board_id)
    return not any(set(features_of(board, packing)) >= ROOMY for packing in PACKINGS)
