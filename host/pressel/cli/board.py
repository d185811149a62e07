"""`pressel board`: the boards that Pressel knows."""

from __future__ import annotations

from pathlib import Path

import click

from pressel.boards.board import board_ids, load_board, read_board


@click.group()
def board() -> None:
    """Show and check the boards that Pressel knows."""


@board.command("list")
def list_boards() -> None:
    """List the known boards."""
    for board_id in board_ids():
        print(f"{board_id}\t{load_board(board_id).name}")


@board.command()
@click.argument("files", nargs=-1, type=click.Path(dir_okay=False, path_type=Path))
def check(files: tuple[Path, ...]) -> None:
    """Check board FILES, or all known boards."""
    for file in files:
        print(f"{file}: {read_board(file).name} is in order")
    if not files:
        for board_id in board_ids():
            print(f"{board_id}: {load_board(board_id).name} is in order")
