"""`pressel ports`: which badges are attached, and what they are."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import Any

import click
from rich.markup import escape
from rich.table import Table

from pressel.boards.board import fitting_boards
from pressel.flash.ask import Asked, ask_board
from pressel.flash.fleet import run_fleet
from pressel.flash.job import Tell
from pressel.flash.line import Stop
from pressel.flash.messages import FlashError, flash_error
from pressel.flash.order import Outcome
from pressel.flash.port import check_port
from pressel.flash.usb import Attached, attached
from pressel.registry.roll import Roll

from .printed import print_table

_STAGES = ("connect", "done")


@click.command()
@click.option("--ask", is_flag=True, help="Ask each likely badge, which restarts it.")
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def ports(ask: bool, as_json: bool) -> None:
    """List the ports on which badges may be, and what they are.

    USB tells what kind of board it may be. With --ask the board itself tells its chip, its flash
    and which badge it is. That restarts it.
    """
    found = attached()
    if not found:
        raise flash_error("no-ports")
    rows = [_row(each) for each in found]
    if ask:
        _ask([each for each in rows if each["likely"] and not each["trouble"]])
    if as_json:
        print(json.dumps(rows, indent=2))
        return
    table = Table("Port", "Likely", "What it is", box=None)
    for each in rows:
        table.add_row(each["port"], "yes" if each["likely"] else "no", escape(_words(each)))
    print_table(table)


def _row(each: Attached) -> dict[str, Any]:
    trouble = ""
    try:
        check_port(each.port)
    except FlashError as error:
        trouble = str(error)
    return {"port": each.port, "likely": each.is_likely, "what": each.what, "trouble": trouble,
            "asked": None}  # fmt: skip


def _ask(rows: list[dict[str, Any]]) -> None:
    """Put into each of `rows` what its board says, or why it says nothing."""
    answers: dict[str, Asked] = {}

    def work(port: str, registry: Roll | None, tell: Tell, stop: Stop) -> Outcome:
        tell("connect", 0.0)
        answers[port] = ask_board(port, stop)
        tell("done", 1.0)
        return Outcome(port)

    outcomes = run_fleet([each["port"] for each in rows], _STAGES, work, None) if rows else []
    for row, outcome in zip(rows, outcomes, strict=True):
        row["trouble"] = outcome.error
        if row["port"] in answers:
            row["asked"] = asdict(answers[row["port"]])


def _words(row: dict[str, Any]) -> str:
    asked = row["asked"]
    if row["trouble"]:
        return f"{row['what']}: {row['trouble']}"
    if asked is None:
        return row["what"]
    chip = f"{asked['chip']} of revision {asked['revision']} with {asked['flash_mib']} MiB"
    if asked["device"]:
        return f"badge {asked['name']} ({asked['device']}), {chip}"
    boards = fitting_boards(asked["chip"], asked["flash_mib"])
    return f"no badge yet, {chip}" + (f"; boards like that: {', '.join(boards)}" if boards else "")
