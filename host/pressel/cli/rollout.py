"""`pressel rollout`: a change that reaches a few badges first, and all only when these are well."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import click
from rich.table import Table

from pressel.node import control as sockets
from pressel.rollout.stages import BACK, PAUSED, STATES
from pressel.rollout.standing import ROWS, Standing

from .options import control_options
from .printed import print_table
from .told import read_answer


@click.group()
def rollout() -> None:
    """Watch, hold and end a change that reaches a few badges first.

    `pressel settings set --staged` begins one, and so does `pressel update start --staged`.
    """


def _verb(name: str, help_text: str) -> None:
    @rollout.command(name, help=help_text)
    @control_options
    @click.option("--json", "as_json", is_flag=True, help="As JSON.")
    def ask(port: int | None, control: Path | None, as_json: bool) -> int:
        return show(sockets.ask(sockets.find(control, port), f"rollout {name}"), as_json)

    del ask


_verb("status", "Show how the last change stands, and the figures of its gate.")
_verb("pause", "Hold the change where it is; badges that have it keep it.")
_verb("go", "Go on with a change that is paused; its stage is measured anew.")
_verb("abort", "Take the change back from all badges that have it.")


def show(answer: Any, as_json: bool) -> int:
    """Say how the change stands; 1 when it was taken back or waits for somebody."""
    if answer == {"state": ""}:
        if as_json:
            nothing: dict[str, Any] = dict.fromkeys(Standing.model_fields)
            print(json.dumps(nothing | answer, indent=2))
        print("no change was rolled out yet; begin one with `pressel settings set --staged`",
              file=sys.stderr)  # fmt: skip
        return 0
    told = read_answer(Standing, answer)
    if as_json:
        print(json.dumps(answer, indent=2))
    else:
        _say(told)
    return 1 if told.state in (STATES[BACK], STATES[PAUSED]) else 0


def _say(told: Standing) -> None:
    print(f"Version {told.version}: {told.changed}")
    words = f": {told.words}" if told.words else ""
    print(f"{told.state}, stage {told.stage} for {told.since_s // 60} min{words}")
    table = Table("", "badges that have it", "the others", box=None, pad_edge=False)
    for name, text in ROWS.items():
        table.add_row(name, text(told.touched), text(told.others))
    print_table(table)
