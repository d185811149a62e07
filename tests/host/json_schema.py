"""What JSON Schema 2020-12 says of the keywords that our schemas use, and of no others."""

from __future__ import annotations

import re
from typing import Any

ANNOTATIONS = {"$schema", "title", "description", "default"}
TYPES = {"object": dict, "integer": int, "string": str}


def accepts(schema: dict[str, Any], value: Any) -> bool:
    """KeyError for a keyword that is not known here."""
    return all(keyword in ANNOTATIONS or _KEYWORDS[keyword](schema, value) for keyword in schema)


def _has_type(schema: dict[str, Any], value: Any) -> bool:
    return isinstance(value, TYPES[schema["type"]]) and not isinstance(value, bool)


def _has_properties(schema: dict[str, Any], value: Any) -> bool:
    rows = schema["properties"]
    return not isinstance(value, dict) or all(
        accepts(rows[name], each) for name, each in value.items() if name in rows
    )


def _has_no_others(schema: dict[str, Any], value: Any) -> bool:
    assert schema["additionalProperties"] is False
    if not isinstance(value, dict):
        return True
    patterns = schema.get("patternProperties", {})
    others = value.keys() - schema.get("properties", {}).keys()
    return all(any(re.search(pattern, name) for pattern in patterns) for name in others)


def _has_patterns(schema: dict[str, Any], value: Any) -> bool:
    return not isinstance(value, dict) or all(
        accepts(row, each)
        for pattern, row in schema["patternProperties"].items()
        for name, each in value.items()
        if re.search(pattern, name)
    )


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


_KEYWORDS = {
    "type": _has_type,
    "properties": _has_properties,
    "patternProperties": _has_patterns,
    "additionalProperties": _has_no_others,
    "anyOf": lambda schema, value: any(accepts(each, value) for each in schema["anyOf"]),
    "const": lambda schema, value: value == schema["const"],
    "enum": lambda schema, value: value in schema["enum"],
    "minimum": lambda schema, value: not _is_number(value) or value >= schema["minimum"],
    "maximum": lambda schema, value: not _is_number(value) or value <= schema["maximum"],
    "pattern": lambda schema, value: (
        not isinstance(value, str) or re.search(schema["pattern"], value) is not None
    ),
    "required": lambda schema, value: (
        not isinstance(value, dict) or set(schema["required"]) <= value.keys()
    ),
    "minProperties": lambda schema, value: (
        not isinstance(value, dict) or len(value) >= schema["minProperties"]
    ),
}
