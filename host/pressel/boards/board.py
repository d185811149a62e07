"""The known boards: the folders of boards/, each with its board.toml."""

from __future__ import annotations

from pathlib import Path

from pressel.errors import UsageError
from pressel.schema.check import did_you_mean
from pressel.tree import ROOT

from .check import check_file
from .schema import Board

DEFAULT_BOARD = "esp32-devkit"

__all__ = ["DEFAULT_BOARD", "Board", "board_file", "board_ids", "boards_folder",
           "fitting_boards", "load_board", "read_board"]  # fmt: skip


def boards_folder() -> Path:
    """The folder `boards` of the source tree."""
    return ROOT / "boards"


def board_ids() -> list[str]:
    """The known boards, by folder name."""
    return sorted(file.parent.name for file in boards_folder().glob("*/board.toml"))


def board_file(board_id: str) -> Path:
    """The file of a known board; UsageError names those known."""
    if board_id not in board_ids():
        known = board_ids()
        near = did_you_mean(board_id, known) or f"; known are: {', '.join(known)}"
        raise UsageError(f"no board is called '{board_id}'{near}")
    return boards_folder() / board_id / "board.toml"


def fitting_boards(chip: str, flash_mib: int) -> list[str]:
    """The known boards that a chip with so much flash may be."""
    boards = ((each, check_file(board_file(each)).board) for each in board_ids())
    return [each for each, board in boards if board and board.chip == chip
            and board.flash_mib <= flash_mib]  # fmt: skip


def load_board(board_id: str) -> Board:
    """Board `board_id`; UsageError names what is unknown or wrong in its file."""
    return read_board(board_file(board_id))


def read_board(file: Path) -> Board:
    """The board in `file`; UsageError has a line for each mistake: file:line: key: what."""
    checked = check_file(file)
    if checked.board is None:
        raise UsageError("\n".join(error.at(file) for error in checked.errors()))
    return checked.board
