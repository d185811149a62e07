"""What badges have and how much memory is left, as Markdown."""

from __future__ import annotations

from pressel.boards.board import board_ids, load_board
from pressel.boards.heap import features_of, measured, missing_of, room
from pressel.boards.schema import Board
from pressel.pack import PACKINGS
from pressel.schema.features import badge_features

_OPTIONS = {  # of boards/heap.json; no features, since HELLO does not say them
    "power_save": "was flashed with `--power-save`",
    "off_duty": "was flashed with `--off-duty-after`",
}


def feature_table(_: str) -> str:
    """Each feature, and what it takes."""
    heads = ["feature", "a badge that has it", *(f"{name}, bytes" for name in PACKINGS)]
    rows = [f"| {' | '.join(heads)} |", "|---|---|" + "--:|" * len(PACKINGS)]
    taken = [measured().of(name) for name in PACKINGS]
    none = ["(none)", "talks and listens", *(f"{each.base:,}" for each in taken)]
    rows.append(f"| {' | '.join(none)} |")
    for row in badge_features():
        cells = [f"`{row.name}`", row.text, *(f"{each.features[row.name]:,}" for each in taken)]
        rows.append(f"| {' | '.join(cells)} |")
    for option, text in _OPTIONS.items():
        cells = [f"({option.replace('_', ' ')})", text,
                 *(f"{each.options[option]:,}" for each in taken)]  # fmt: skip
        rows.append(f"| {' | '.join(cells)} |")
    return "\n".join(rows)


def heap(_: str) -> str:
    """What each board has in each packing, and what is left in each state."""
    rows = [
        "| board | packing | heap | has | goes without | live | left, talking | left, updating |",
        "|---|---|--:|---|---|--:|--:|--:|",
    ]
    for board_id in board_ids():
        board = load_board(board_id)
        rows += [_row(board_id, board, packing) for packing in PACKINGS]
    return "\n".join(rows)


def _row(board_id: str, board: Board, packing: str) -> str:
    names, missing = features_of(board, packing), missing_of(board, packing)
    left = room(board.chip, packing, names)
    cells = [f"`{board_id}`", packing, f"{left.heap:,}", _words(names), _words(missing) or "-",
             f"{left.live:,}", f"{left.talk:,}",
             "-" if left.update is None else f"{left.update:,}"]  # fmt: skip
    return f"| {' | '.join(cells)} |"


def _words(names: list[str]) -> str:
    return ", ".join(names).replace("_", " ")
