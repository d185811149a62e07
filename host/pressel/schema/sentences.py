"""Says an event: its fields for a log, and its one sentence, the same wherever it is told.

The caller knows who a node or a host is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from pressel.printable import printable

from .events import PLAIN_KINDS, EventRow, event_table

Fields = dict[str, Any]


def event_fields(
    name: str,
    value: Any,
    node: Callable[[int], str] = str,
    host: Callable[[bytes], str] = bytes.hex,
) -> Fields:
    """What an event carries, by name, as JSON has it; `node` and `host` name who is meant.

    A number that has a name is given by name, with spaces for its underscores."""
    row = event_table().rows()[name]
    values = value if isinstance(value, (tuple, list)) else (value,)
    fields: Fields = {}
    for part, each in zip(row.value, values, strict=False):  # another build may carry more
        kinds = row.kinds(part)
        if kinds == ["member"]:
            fields["node"] = each
        fields[part] = _plain(kinds[0], each, node, host)
        if kinds[0] not in PLAIN_KINDS:
            fields[part] = _key(kinds, each)
    if row.advice:
        fields["advice"] = row.advice
    return fields


def sentence(name: str, fields: Mapping[str, Any]) -> str:
    """The sentence for an event with these fields, and what to do about it. A field that another
    build did not write becomes "?", and an event that this build does not know is given by its
    name."""
    row = event_table().rows().get(name)
    if row is None:
        rest = printable(", ".join(f"{key} {value}" for key, value in fields.items()))
        return name.replace("_", " ") + (f": {rest}" if rest else "")
    words = {key: _text(row, key, value) for key, value in fields.items()}
    said = row.text.format_map(_Missing(words))
    if "why" in words and "why" not in row.places():
        said += f": {words['why']}"
    if "times" in words and "times" not in row.places():
        said += f" ({words['times']} more times since this was said)"
    if "advice" in words and "advice" not in row.places():
        said += f"; {words['advice']}"
    return said


class _Missing(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "?"


def _plain(kind: str, value: Any, node: Callable[[int], str], host: Callable[[bytes], str]) -> Any:
    if kind in ("node", "member"):
        return node(value)
    if kind == "host":
        return host(value)
    if not isinstance(value, (bytes, bytearray, memoryview)):
        return value  # a badge's log holds no bytes
    return bytes(value).hex() if kind == "device" else bytes(value).decode("utf-8", "replace")


def _key(kinds: list[str], number: int) -> str:
    for kind in kinds:
        for key, word in event_table().numbers(kind).items():
            if word.number == number:
                return key.replace("_", " ")
    return str(number)


def _text(row: EventRow, part: str, value: Any) -> Any:
    """A named number in words; one without a name comes from a newer build."""
    kinds = row.kinds(part)
    if not kinds or kinds[0] in PLAIN_KINDS:
        return printable(value) if isinstance(value, str) else value
    for kind in kinds:
        word = event_table().numbers(kind).get(str(value).replace(" ", "_"))
        if word is not None:
            return word.text
    return f"for reason {value}, which only a newer version knows"
