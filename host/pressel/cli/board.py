"""`pressel board`: the boards that Pressel knows, and whether their files are in order."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING

import click
from rich.markup import escape
from rich.table import Table

from pressel.boards.board import board_file, board_ids, boards_folder, read_board
from pressel.boards.check import Checked, check_file
from pressel.boards.chip import chip_ids, load_chip
from pressel.boards.template import copied_board, new_board
from pressel.cli import completing
from pressel.cli.completing import offering
from pressel.errors import UsageError
from pressel.schema.finding import Finding
from pressel.schema.lines import Lines
from pressel.whole_file import new_file

from .printed import print_table

if TYPE_CHECKING:
    from pressel.power.estimate import Estimate
    from pressel.power.facts import Policy

_AS_JSON = click.option("--json", "as_json", is_flag=True, help="As JSON.")
_CELL_MAH = 1000  # of a cell that can be worn
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,23}")  # a folder name on every file system, and in settings


@click.group()
def board() -> None:
    """Show and check the boards that Pressel knows."""


@board.command("list")
@_AS_JSON
def list_boards(as_json: bool) -> None:
    """List the known boards and what each can do."""
    checked = {board_id: check_file(board_file(board_id)) for board_id in board_ids()}
    if as_json:
        print(json.dumps([_row(board_id, each) for board_id, each in checked.items()], indent=2))
        return
    table = Table("Board", "Name", "Chip", "Flash", "Can", box=None)
    for board_id, each in checked.items():
        row = _row(board_id, each)
        can = ", ".join(row["can"]) or "file has mistakes: pressel board check"
        flash = f"{row['flash_mib']} MiB" if each.board else ""
        table.add_row(board_id, escape(row["name"]), row["chip"], flash, can)
    print_table(table)


def _row(board_id: str, checked: Checked) -> dict:
    known = checked.board
    return {
        "id": board_id,
        "name": known.name if known else "",
        "chip": known.chip if known else "",
        "flash_mib": known.flash_mib if known else 0,
        "can": known.abilities() if known else [],
    }


@board.command()
@click.argument(
    "boards", nargs=-1, metavar="[ID|FILE]...", shell_complete=offering(completing.boards)
)
@click.option(
    "--measured",
    type=click.Path(dir_okay=False, path_type=Path),
    metavar="RESULT",
    help="Hold one board against what `pressel badge bringup` measured.",
)
@_AS_JSON
def check(boards: tuple[str, ...], measured: Path | None, as_json: bool) -> int:
    """Check boards by ID or FILE, or all known boards.

    Every mistake is shown with its line. Warnings are shown too, but do not fail the check.
    """
    all_checked = [(each, check_file(_file(each))) for each in boards or board_ids()]
    if measured is not None:
        if len(boards) != 1:
            raise UsageError("--measured is about one board: name it")
        _hold_against(measured, *all_checked[0])
    if as_json:
        print(json.dumps([_report(*each) for each in all_checked], indent=2))
    else:
        for name, checked in all_checked:
            _tell(name, checked)
    return UsageError.exit_code if any(each.errors() for _, each in all_checked) else 0


def _hold_against(measured: Path, name: str, checked: Checked) -> None:
    """Add to the findings what was measured otherwise."""
    from pressel.bringup.against import differences
    from pressel.bringup.result import read_result

    result = read_result(measured)
    if checked.board is not None:
        board_id = checked.file.absolute().parent.name
        lines = Lines(checked.file.read_text("utf-8"))
        checked.findings += differences(result, board_id, checked.board, lines)
    if checked.errors():
        checked.board = None


def _file(board: str) -> Path:
    """A known board's file, or `board` itself when it looks like a path."""
    if board in board_ids():
        return board_file(board)
    path = Path(board)
    if path.is_dir():
        return path / "board.toml"
    return path if path.suffix or path.exists() or "/" in board else board_file(board)


def _tell(name: str, checked: Checked) -> None:
    for finding in checked.findings:
        print(_line(checked.file, finding), file=sys.stderr)
    if checked.board:
        count = len(checked.warnings())
        warnings = f", {count} warning{'' if count == 1 else 's'}" if count else ""
        print(f"{name}: {checked.board.name} is in order{warnings}")


def _line(file: Path, finding: Finding) -> str:
    """The finding with its file as seen from here."""
    here = Path.cwd()
    shown = file.relative_to(here) if file.is_relative_to(here) else file
    if finding.severity == "warning":
        return replace(finding, text=f"warning: {finding.text}").at(shown)
    return finding.at(shown)


def _report(name: str, checked: Checked) -> dict:
    return {
        "board": name,
        "file": str(checked.file),
        "in_order": checked.board is not None,
        "findings": [
            {
                "line": f.spot.line,
                "column": f.spot.column,
                "key": f.key,
                "severity": f.severity,
                "text": f.text,
            }
            for f in checked.findings
        ],
    }


@board.command()
@click.argument("board_id", metavar="ID")
@click.option("--chip", type=click.Choice(chip_ids()), help="Its chip.")
@click.option(
    "--from", "source", metavar="ID", help="Copy this known board.",
    shell_complete=offering(completing.boards),
)  # fmt: skip
def new(board_id: str, chip: str | None, source: str | None) -> None:
    """Write boards/ID/board.toml: a template for --chip, or a copy of the board of --from."""
    if not _ID.fullmatch(board_id):
        raise UsageError(
            f"'{board_id}' is not a board id; use lower-case letters, digits and hyphens"
        )
    if not chip and not source:
        raise UsageError(f"say which chip the board has: --chip {'|'.join(chip_ids())}")
    if source:
        chip = chip or read_board(board_file(source)).chip
        text = copied_board(board_file(source).read_text("utf-8"), chip)
    else:
        text = new_board(board_id, str(chip), load_chip(str(chip)))
    file = boards_folder() / board_id / "board.toml"
    try:
        file.parent.mkdir(exist_ok=True)
        with new_file(file, 0o644) as out:
            out.write(text.encode())
    except FileExistsError:
        raise UsageError(f"{file} exists and is left as it is; choose another id") from None
    except OSError as error:
        raise UsageError(f"cannot write {file}: {error.strerror}") from error
    print(f"{file}: fill in its pins, then run `pressel board check {board_id}`")


@board.command()
@click.argument("board_id", metavar="BOARD", shell_complete=offering(completing.boards))
@click.option(
    "--shift",
    default="evening",
    show_default=True,
    help="A shift of boards/shifts.toml.",
    shell_complete=offering(completing.shifts),
)
@click.option(
    "--policy",
    default="awake",
    show_default=True,
    help="A policy of boards/policies.toml.",
    shell_complete=offering(completing.policies),
)
@click.option("--cell", type=click.IntRange(50, 20_000), help="mAh; default: the board's, or 1000.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="Write an SVG file.")
@_AS_JSON
def power(
    board_id: str, shift: str, policy: str, cell: int | None, plot: Path | None, as_json: bool
) -> None:
    """Estimate hour by hour how long BOARD's cell lasts in a shift.

    All figures are ranges, because those that are published are.
    """
    from pressel.power.estimate import estimate
    from pressel.power.facts import chosen, parts, policies, shifts

    known = read_board(board_file(board_id))
    for part in (known.chip, *known.parts):
        chosen("part with a current", parts(), part)
    cell_mah = cell or known.cell_mah or _CELL_MAH
    its_policy = chosen("policy", policies(), policy)
    its_shift = chosen("shift", shifts(), shift)
    found = estimate(known, parts(), its_policy, its_shift, cell_mah)
    if plot is not None:
        from pressel.power.plot import plot_charge

        title = f"{board_id}, {cell_mah} mAh, {shift}, {policy}"
        try:
            plot_charge(title, found, cell_mah, plot)
        except OSError as error:
            raise UsageError(f"cannot write {plot}: {error.strerror}") from error
    if as_json:
        print(json.dumps({"board": board_id, "shift": shift, "policy": policy,
                          "cell_mah": cell_mah, **asdict(found)}, indent=2))  # fmt: skip
        return
    table = Table("Hour", "mA", "mAh left", "", box=None)
    for each in found.hours:
        words = "charging" if each.is_charging else "empty" if each.left[1] < 0 else ""
        words = words or ("may be empty" if each.left[0] < 0 else "")
        table.add_row(f"{each.hour:02}", _range(each.ma), _range(each.left), words)
    print_table(table)
    for line in _verdict(found, cell_mah, its_policy):
        print(line)


def _range(pair: tuple[float, float]) -> str:
    low, high = (max(0, round(each)) for each in pair)
    return f"{low:,}" if low == high else f"{low:,} to {high:,}"


def _verdict(found: Estimate, cell_mah: int, policy: Policy) -> Iterator[str]:
    least, most = found.lasts_h
    length = len(found.hours)
    if least >= length:
        yield f"{cell_mah:,} mAh last all {length} hours."
    elif most < length:
        yield f"{cell_mah:,} mAh last {least:.1f} to {most:.1f} of {length} hours."
    else:
        yield f"{cell_mah:,} mAh may last all {length} hours, or {least:.1f}."
    yield f"Enough in any case are {_round_up(found.needed_mah[1]):,} mAh."
    if policy.delay_ms[1]:
        yield (
            f"With this policy a burst's first word comes {policy.delay_ms[0]} ms later on average,"
            f" {policy.delay_ms[1]} ms at most."
        )


def _round_up(mah: float) -> int:
    return -(-round(mah) // 50) * 50
