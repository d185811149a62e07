"""The shape of what a command prints as JSON: the names in it, and how they lie in each other.

`a.b` is b in a, `a[]` each of a list, `a.*` each value of an object whose names are data.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from pressel.tree import ROOT

RECORDED = ROOT / "shared" / "schema" / "json_names.json"
OPEN = ("facts", "texts")  # names below these are a matter of the verb
# Objects whose names are data: settings, groups, devices, rules, what was counted.
MAPS = ("changed", "own", "groups", "badges", "refused", "elections", "channel", "marks", "struck",
        "fired")  # fmt: skip
MAPS_WHOLE = ("pressel settings diff",)  # commands that print one


def names(value: Any, at: str = "", *, is_map: bool = False) -> Iterator[str]:
    """Of what was printed; a null, an empty list and an empty object are names themselves."""
    if isinstance(value, list):
        for each in value:
            yield from names(each, f"{at}[]")
    elif isinstance(value, dict) and _last(at) not in OPEN:
        for name, each in value.items():
            named = "*" if is_map else name
            below = f"{at}.{named}" if at else named
            yield from names(each, below, is_map=not is_map and name in MAPS)
    if at and not (isinstance(value, list | dict) and value and _last(at) not in OPEN):
        yield at


def model_names(schema: dict[str, Any], defs: dict[str, Any], at: str = "") -> Iterator[str]:
    """Of pydantic's JSON schema."""
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for each in schema.get("anyOf", ()):
        yield from model_names(each, defs, at)
    if schema.get("type") == "array":
        items = [*schema.get("prefixItems", ()), schema.get("items", {})]
        for each in items:
            yield from model_names(each, defs, f"{at}[]")
    elif "properties" in schema:
        for name, each in schema["properties"].items():
            yield from model_names(each, defs, f"{at}.{name}" if at else name)
    elif isinstance(schema.get("additionalProperties"), dict):
        yield from model_names(schema["additionalProperties"], defs, f"{at}.*" if at else "*")
    elif schema.get("type") not in (None, "null"):
        yield at


def whole(told: set[str]) -> list[str]:
    """Without those that are only the beginning of others: of a null, or of an empty list."""
    return sorted(each for each in told if not any(_is_above(each, other) for other in told))


def names_in(command: str, value: Any) -> set[str]:
    """Of what `command` printed."""
    return set(names(value, is_map=command in MAPS_WHOLE))


def faults(command: str, value: Any, recorded: dict[str, list[str]]) -> list[str]:
    """What is printed and not recorded, and what is recorded and not printed."""
    known = recorded.get(command, [])
    found = names_in(command, value)
    new = [each for each in found if not any(each == k or _is_above(each, k) for k in known)]
    gone = [each for each in known if not any(each == f or _is_above(f, each) for f in found)]
    if not value:
        gone = []  # an empty list
    return [*(f"{command}: {each} is new" for each in new),
            *(f"{command}: {each} is gone" for each in gone)]  # fmt: skip


def recorded() -> dict[str, list[str]]:
    """By command."""
    return json.loads(RECORDED.read_text("utf-8"))


def read(text: str) -> Any:
    """What a command printed: one value, or one a line."""
    try:
        return json.loads(text)
    except ValueError:
        return [json.loads(line) for line in text.splitlines()]


def _is_above(name: str, other: str) -> bool:
    return other.startswith(name) and other[len(name) : len(name) + 1] in (".", "[")


def _last(at: str) -> str:
    return at.rpartition(".")[2]
