"""Checks one board.toml and tells every mistake with its line."""

from __future__ import annotations

import difflib
import re
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from .chip import chip_ids, load_chip
from .finding import Finding
from .lines import Lines
from .pins import Severity, check_pins
from .schema import Board

_TYPES = {
    "int_type": "a whole number",
    "bool_type": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "model_type": "a table",
}


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
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        return Checked(file, None, [Finding(1, "", f"cannot be read: {error.strerror}")])
    except UnicodeDecodeError:
        return Checked(file, None, [Finding(1, "", "is no text in UTF-8; write it anew")])
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        return Checked(file, None, [_syntax(error, text)])
    return _check(file, data, Lines(text))


def _check(file: Path, data: dict[str, Any], lines: Lines) -> Checked:
    found: set[Finding] = set()

    def say(key: str, text: str, severity: Severity) -> None:
        found.add(Finding(lines.of(tuple(key.split("."))), key, text, severity))

    board = None
    try:
        board = Board.model_validate(data)
    except ValidationError as error:
        for wrong in error.errors():
            key = ".".join(str(part) for part in wrong["loc"] if isinstance(part, str))
            say(key, _words(wrong), "error")
    chip = data.get("chip")
    if chip in chip_ids():
        check_pins(data, load_chip(str(chip)), say)
    elif isinstance(chip, str):
        guess = _did_you_mean(chip, chip_ids())
        say("chip", f"no facts about '{chip}'{guess}; known are: {', '.join(chip_ids())}", "error")
    checked = Checked(file, board, sorted(found))
    if checked.errors():
        checked.board = None
    return checked


def _syntax(error: tomllib.TOMLDecodeError, text: str) -> Finding:
    at = re.search(r"line (\d+)", str(error))
    line = int(at.group(1)) if at else max(1, len(text.splitlines()))
    words = re.sub(r" \(at .*\)$", "", str(error))
    return Finding(line, "", f"is no TOML: {words}; mend this line or the one above it")


def _words(wrong: ErrorDetails) -> str:
    kind, given = wrong["type"], wrong["input"]
    if kind == "extra_forbidden":
        known = _keys_beside(wrong["loc"])
        guess = _did_you_mean(str(wrong["loc"][-1]), known)
        return f"no such key{guess or '; known here are: ' + ', '.join(known)}"
    if kind == "missing":
        is_table = wrong["loc"][-1] in ("microphone", "speaker", "button")
        return f"is missing; add the {'table' if is_table else 'key'}, see boards/README.md"
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {given!r}"
    if kind == "literal_error":
        return f"must be {wrong.get('ctx', {}).get('expected')}, not {given!r}"
    if kind == "value_error":
        return wrong["msg"].removeprefix("Value error, ")
    return f"{given!r} is out of range: {wrong['msg'][0].lower()}{wrong['msg'][1:]}"


def _keys_beside(loc: tuple[int | str, ...]) -> list[str]:
    """The keys that may stand where `loc` does."""
    model: type[BaseModel] = Board
    for part in loc[:-1]:
        annotation = model.model_fields[str(part)].annotation
        choices = [annotation, *get_args(annotation)]
        model = next(c for c in choices if isinstance(c, type) and issubclass(c, BaseModel))
    return list(model.model_fields)


def _did_you_mean(word: str, known: list[str]) -> str:
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""
