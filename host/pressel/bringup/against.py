"""What a bring-up measured, held against a board's file."""

from __future__ import annotations

from pressel.boards.chip import load_chip
from pressel.boards.schema import Board
from pressel.schema.finding import START, Finding
from pressel.schema.lines import Lines

from .judge import judged
from .plan import Test, plan
from .result import Done, Measured, Result

_BOARD = "board."


def differences(result: Result, board_id: str, board: Board, lines: Lines) -> list[Finding]:
    """An error for each fact of the board's file that was measured otherwise, a warning for each
    other number and for each test that did not come to its end."""
    found = []
    if result.board != board_id:
        text = f"the result is of {result.board}: bring up this board, or check that one"
        found.append(Finding(START, "", text, "error"))
    if result.emulated:
        text = "the result is of an emulated badge: nothing of it was measured on silicon"
        found.append(Finding(START, "", text, "warning"))
    for test in plan():
        done = result.tests.get(test.id)
        if done is not None:
            found += _of(test, done, board, lines)
    return found


def _of(test: Test, done: Done, board: Board, lines: Lines) -> list[Finding]:
    if done.outcome == "broken":
        text = f"test {test.number} {test.id} did not come to its end: {done.why}"
        return [Finding(START, "", text, "warning")]
    told = {each.key: each.value for each in done.values}
    rows = judged(test, told, board.facts(), load_chip(board.chip)) if done.values else []
    rows += [each for each in done.values if each.key == "answer"]
    return [_finding(test, each, lines) for each in rows if not each.ok]


def _finding(test: Test, row: Measured, lines: Lines) -> Finding:
    number = f"{row.value:.10g}" if isinstance(row.value, float) else row.value
    value = "nothing" if row.value is None else f"{number} {row.unit}".strip()
    text = f"test {test.number} {test.id}: {row.key} is {value}, expected {row.expected}"
    if row.number.startswith(_BOARD):
        key = row.number.removeprefix(_BOARD)
        return Finding(lines.of(key.split(".")), key, f"{text}; correct the one that is wrong")
    if row.number:
        text += f"; look at {row.number}" + (f" (now {row.now})" if row.now else "")
    return Finding(START, "", text, "warning")
