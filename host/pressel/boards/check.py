"""Checks one board.toml and tells every mistake with its line."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pressel.schema.check import did_you_mean, read, validate
from pressel.schema.features import badge_features
from pressel.schema.finding import Finding, Severity
from pressel.schema.lines import Lines

from .chip import chip_ids, load_chip
from .heap import missing_of, too_little
from .pins import Say, check_pins
from .schema import Board

_MISSING = "is missing; add it, see boards/README.md"


@dataclass
class Checked:
    """A board file after the check; `board` is None when there are errors."""

    file: Path
    board: Board | None = None
    findings: list[Finding] = field(default_factory=list)

    def errors(self) -> list[Finding]:
        return [each for each in self.findings if each.severity == "error"]

    def warnings(self) -> list[Finding]:
        return [each for each in self.findings if each.severity == "warning"]


def check_file(file: Path) -> Checked:
    """Everything that there is to say about `file`, by line."""
    text, data, findings = read(file)
    if data is None:
        return Checked(file, None, findings)
    return _check(file, data, Lines(text))


def _check(file: Path, data: dict[str, Any], lines: Lines) -> Checked:
    board, findings = validate(data, Board, lines, _MISSING)
    found = set(findings)

    def say(key: str, text: str, severity: Severity) -> None:
        found.add(Finding(lines.of(key.split(".")), key, text, severity))

    chip = data.get("chip")
    if chip in chip_ids():
        check_pins(data, load_chip(str(chip)), say)
    elif isinstance(chip, str):
        guess = did_you_mean(chip, chip_ids())
        say("chip", f"no facts about '{chip}'{guess}; known are: {', '.join(chip_ids())}", "error")
    if board is not None and board.chip in chip_ids():
        _check_heap(board, say)
    checked = Checked(file, board, sorted(found))
    if checked.errors():
        checked.board = None
    return checked


def _check_heap(board: Board, say: Say) -> None:
    """Is there memory for each of its parts, on MicroPython as its makers offer it?"""
    parts = {row.name: row.part for row in badge_features()}
    for name in missing_of(board, "stock"):
        say(parts[name], "this chip has no memory for it, and the badge goes without; "
            "an ESP32-S3 has enough", "warning")  # fmt: skip
    if lack := too_little(board.chip, board.facts(), "stock"):
        say("chip", lack, "warning")
