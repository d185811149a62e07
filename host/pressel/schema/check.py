"""Checks a TOML file of facts against its model, and says every mistake with its place.

It does not know what a kind of file means: the file's model says what may stand in it, its rules
say how one entry must agree with the others.
"""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, RootModel, ValidationError
from pydantic_core import ErrorDetails

from pressel.errors import UsageError
from pressel.toml_text import read_toml

from .finding import START, Finding, Spot
from .lines import Lines

Model = TypeVar("Model", bound=BaseModel)
Loc = tuple[int | str, ...]
Wrong = Iterator[tuple[Loc, str]]  # where, and what is wrong there

_MARK = "\ufeff"  # which some editors put before UTF-8

_TYPES = {
    "int_type": "a whole number",
    "int_parsing": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "bool_parsing": "true or false",
    "string_type": "text in quotes",
    "list_type": "a list",
    "dict_type": "a table",
    "model_type": "a table",
}


def load(file: Path, model: type[Model], rules: Callable[[Model], Wrong]) -> Model:
    """The facts in `file`. UsageError with a line for each mistake when there are any."""
    text, data, findings = read(file)
    if data is None:
        raise _wrong(file, findings)
    lines = Lines(text)
    checked, findings = validate(data, model, lines, "is missing; add it")
    if checked is None:
        raise _wrong(file, findings)
    found = {Finding(lines.of(loc), dotted(loc), words) for loc, words in rules(checked)}
    if found:
        raise _wrong(file, sorted(found))
    return checked


def _wrong(file: Path, findings: Sequence[Finding]) -> UsageError:
    return UsageError("\n".join(each.at(file) for each in findings))


def read(file: Path) -> tuple[str, dict[str, Any] | None, list[Finding]]:
    """Text and data of a TOML file; without data the finding says why it cannot be read."""
    try:
        written = file.read_bytes()
    except OSError as error:
        return "", None, [Finding(START, "", f"cannot be read: {error.strerror}")]
    try:
        text = written.decode("utf-8").removeprefix(_MARK)
    except UnicodeDecodeError as error:
        before = written[: error.start].decode("utf-8").removeprefix(_MARK).split("\n")
        spot = Spot(len(before), len(before[-1]) + 1)
        return "", None, [Finding(spot, "", "is no text in UTF-8; save it as UTF-8")]
    return text, *parsed(text)


def parsed(text: str) -> tuple[dict[str, Any] | None, list[Finding]]:
    """The data in `text`, which is TOML; without data the finding says why it cannot be read."""
    try:
        return read_toml(text), []
    except tomllib.TOMLDecodeError as error:
        return None, [_syntax(error, text)]


def validate(
    data: dict[str, Any], model: type[Model], lines: Lines, missing: str
) -> tuple[Model | None, list[Finding]]:
    """What the model makes of `data`, or why it refuses it; `missing` is the text for a missing
    key."""
    try:
        return model.model_validate(data), []
    except ValidationError as error:
        found = {_finding(wrong, model, lines, missing) for wrong in error.errors()}
        return None, sorted(found)


def dotted(loc: Loc) -> str:
    """`floor.talk_ms.min`; places in a list are left out, the line tells them."""
    return ".".join(str(part) for part in loc if isinstance(part, str))


def did_you_mean(word: str, known: Sequence[str]) -> str:
    """`; did you mean 'x'?`, or nothing."""
    near = difflib.get_close_matches(word, known, n=1)
    return f"; did you mean '{near[0]}'?" if near else ""


def _finding(wrong: ErrorDetails, model: type[BaseModel], lines: Lines, missing: str) -> Finding:
    loc = tuple(part for part in wrong["loc"] if part != "[key]")
    return Finding(lines.of(loc), dotted(loc), _words(wrong, model, missing))


def _syntax(error: tomllib.TOMLDecodeError, text: str) -> Finding:
    at = re.search(r"line (\d+)(?:, column (\d+))?", str(error))
    lines = text.splitlines() or [""]
    spot = (
        Spot(int(at.group(1)), int(at.group(2) or 1))
        if at
        else Spot(len(lines), len(lines[-1]) + 1)
    )
    words = re.sub(r" \(at .*\)$", "", str(error))
    return Finding(spot, "", f"is no TOML: {words}; mend this line or the one above it")


def _words(wrong: ErrorDetails, model: type[BaseModel], missing: str) -> str:
    kind, given = wrong["type"], wrong["input"]
    if kind == "extra_forbidden":
        known = _keys_beside(wrong["loc"], model)
        guess = did_you_mean(str(wrong["loc"][-1]), known)
        return f"no such key{guess or '; known here are: ' + ', '.join(known)}"
    if kind == "missing":
        field = _models_at(wrong["loc"][:-1], model).model_fields.get(str(wrong["loc"][-1]))
        is_table = field is not None and _model_in(field.annotation) is not None
        return missing.replace("add it", f"add the {'table' if is_table else 'key'}")
    if kind in _TYPES:
        return f"must be {_TYPES[kind]}, not {given!r}"
    if kind == "literal_error":
        return f"must be {wrong.get('ctx', {}).get('expected')}, not {given!r}"
    if kind == "value_error":
        return wrong["msg"].removeprefix("Value error, ")
    if kind.startswith("string_"):
        return f"{given!r} is not right: {wrong['msg'][0].lower()}{wrong['msg'][1:]}"
    return f"{given!r} is out of range: {wrong['msg'][0].lower()}{wrong['msg'][1:]}"


def _keys_beside(loc: Loc, model: type[BaseModel]) -> list[str]:
    """The keys that may stand where `loc` does."""
    fields = _models_at(loc[:-1], model).model_fields
    return [field.alias or name for name, field in fields.items()]


def _models_at(loc: Loc, model: type[BaseModel]) -> type[BaseModel]:
    """The model of the table at `loc`: the names of entries, and places in lists, name none."""
    if issubclass(model, RootModel):
        model = _model_in(model.model_fields["root"].annotation) or model
    for part in loc:
        fields = {field.alias or name: field for name, field in model.model_fields.items()}
        field = fields.get(str(part))
        if field is not None:
            model = _model_in(field.annotation) or model
    return model


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model that an annotation such as `dict[str, Row]` or `Row | None` is about."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    found = (_model_in(each) for each in get_args(annotation))
    return next((each for each in found if each is not None), None)
