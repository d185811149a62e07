"""A file of settings as JSON Schema: for editors, and for tools that write such files.

It says of every value what `settings_file` accepts, but of text with a unit ("90s") only its form.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ptt.cluster.settings_body import BOARD_BYTES_MAX

from .setting_values import AS_THE_VENUE
from .settings import SettingRow, settings, short, units_of
from .settings_file import AT, BASE

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def json_schema() -> dict[str, Any]:
    """The schema of a file, read as TOML."""
    sections: dict[str, dict[str, Any]] = {}
    for name, row in settings().items():
        sections.setdefault(name.partition(".")[0], {})[short(name)] = _value(row)
    rows = settings()
    of_groups = _owned({name: row for name, row in rows.items() if row.of_groups})
    of_badges = _owned({name: row for name, row in rows.items() if row.of_badges})
    base = {"type": "integer", "minimum": 1, "description": _BASE_IS}
    return {
        "$schema": DIALECT,
        "title": "Settings of a Pressel venue",
        "type": "object",
        "properties": {
            BASE: base,
            AT: {
                "type": "object",
                "description": _AT_IS,
                "patternProperties": {_GROUP: of_groups, _DEVICE: of_badges, _BOARD: of_badges},
                "additionalProperties": False,
            },
            **{name: _object(each) for name, each in sections.items()},
        },
        "additionalProperties": False,
        "anyOf": [_has_one(name) for name in (*sections, AT)],
    }


def _owned(rows: Mapping[str, SettingRow]) -> dict[str, Any]:
    """What one group, badge or board has of its own, by section."""
    found: dict[str, dict[str, Any]] = {}
    for name, row in rows.items():
        found.setdefault(name.partition(".")[0], {})[short(name)] = _own(row)
    return _object({section: _object(each) for section, each in found.items()})


_GROUP = r"^([1-9]|[1-9]\d|1[01]\d|12[0-7])$"
_DEVICE = "^[0-9a-f]{16}$"
_BOARD = f"^(?!{_DEVICE[1:]})(?=.*[a-z])[a-z0-9][a-z0-9-]{{0,{BOARD_BYTES_MAX - 1}}}$"
_AT_IS = (
    "What talk groups, badges and boards have of their own, by the group's number, the badge's "
    "device or the board's name."
)


_BASE_IS = "The version that the values were taken from."


def _object(properties: dict[str, Any]) -> dict[str, Any]:
    return {"type": "object", "properties": properties, "additionalProperties": False}


def _has_one(section: str) -> dict[str, Any]:
    """A file without any setting says nothing."""
    return {"properties": {section: {"minProperties": 1}}, "required": [section]}


def _own(row: SettingRow) -> dict[str, Any]:
    """Or as the venue has it."""
    told = _value(row)
    del told["default"]
    kinds = [{"enum": told.pop("enum")}] if row.words else told.pop("anyOf")
    return {**told, "anyOf": [*kinds, {"const": AS_THE_VENUE}]}


def _value(row: SettingRow) -> dict[str, Any]:
    told = {
        "description": f"{row.text}; {row.range_words()}. What it costs: {row.costs}",
        "default": row.words[row.default] if row.words else row.default,
    }
    if row.words:
        return {**told, "enum": list(row.words)}
    number = {"type": "integer", "minimum": row.min, "maximum": row.max}
    named = "|".join(map(re.escape, units_of(row)))
    text = {"type": "string", "pattern": rf"^\s*\d+\s*({named})?\s*$"}
    return {**told, "anyOf": [number, text]}
