"""Blocks of Markdown that are made from the code: state tables and diagrams, messages, numbers.

A document holds ``<!-- begin KIND ARGUMENT -->`` and ``<!-- end -->``; what stands between them is
written by `make docs` and checked by a test. Only the text of documents is known here.
"""

from __future__ import annotations

import importlib
import re
from collections.abc import Callable
from pathlib import Path

from pressel.schema.messages import FieldRow, MessageRow, load_table

from .comments import comments_by_line, comments_by_name

_BLOCK = re.compile(r"(<!-- begin (\w+)(?: ([\w.]+))? -->\n).*?(<!-- end -->)", re.DOTALL)


def render_document(text: str) -> str:
    """The document with every block made anew. ValueError for a block that is not known."""

    def replace(match: re.Match[str]) -> str:
        begin, kind, argument, end = match.groups()
        if kind not in _KINDS:
            raise ValueError(f"no such block: {kind}")
        return f"{begin}{_KINDS[kind](argument)}\n{end}"

    return _BLOCK.sub(replace, text)


def documents(root: Path) -> list[Path]:
    """All Markdown files that may hold blocks."""
    return sorted([*root.glob("*.md"), *(root / "docs").rglob("*.md"), *root.glob("boards/*.md")])


def _rules(module_name: str) -> str:
    """The rules of a state machine as a table, with the comment beside each row."""
    module = importlib.import_module(module_name)
    reasons = comments_by_line(module, "RULES")
    rows = ["| state | trigger | next state | action | why |", "|---|---|---|---|---|"]
    for (state, trigger, next_state, action), why in zip(module.RULES, reasons, strict=True):
        cells = (
            module.STATES[state],
            module.TRIGGERS[trigger],
            module.STATES[next_state],
            action.replace("_", " "),
            why,
        )
        rows.append("| " + " | ".join(cells) + " |")
    return "\n".join(rows)


def _states(module_name: str) -> str:
    """The same rules as a diagram; several triggers between two states share an arrow."""
    module = importlib.import_module(module_name)
    arrows: dict[tuple[int, int], list[str]] = {}
    for state, trigger, next_state, _ in module.RULES:
        arrows.setdefault((state, next_state), []).append(module.TRIGGERS[trigger])
    lines = ["```mermaid", "stateDiagram-v2"]
    lines += [f'    state "{name}" as s{number}' for number, name in enumerate(module.STATES)]
    lines.append("    [*] --> s0")
    for (state, next_state), triggers in arrows.items():
        lines.append(f"    s{state} --> s{next_state}: {', '.join(triggers)}")
    return "\n".join([*lines, "```"])


def _numbers(module_name: str) -> str:
    """Public constants of a module with the reason beside each."""
    module = importlib.import_module(module_name)
    rows = ["| name | value | why |", "|---|---|---|"]
    for name, why in comments_by_name(module).items():
        rows.append(f"| `{name}` | {getattr(module, name)} | {why} |")
    return "\n".join(rows)


def _messages(_: str) -> str:
    """Every message of the table with its fields."""
    return "\n\n".join(_message(message) for message in load_table().message)


def _message(message: MessageRow) -> str:
    sender = {"both": "participant or leader"}.get(message.sender, message.sender)
    rows = [
        f"### {message.name} ({message.number})",
        "",
        f"From {sender}. {message.text}",
        "",
        "| field | type | range | meaning |",
        "|---|---|---|---|",
    ]
    rows += [f"| {f.name} | {f.type} | {_range(f)} | {f.text} |" for f in message.fields]
    if message.tail:
        rows.append(f"| *then* | bytes | | {message.tail} |")
    return "\n".join(rows)


def _range(field: FieldRow) -> str:
    if field.type.startswith("raw"):
        return f"{field.largest} bytes"
    unit = " bytes" if field.type == "text" else ""
    return f"{field.min} to {field.largest}{unit}"


def _enums(_: str) -> str:
    rows = ["| enum | value | name | meaning |", "|---|---|---|---|"]
    for enum, values in load_table().enums.items():
        rows += [f"| {enum} | {v.number} | {name} | {v.text} |" for name, v in values.items()]
    return "\n".join(rows)


_KINDS: dict[str, Callable[[str], str]] = {
    "rules": _rules,
    "states": _states,
    "numbers": _numbers,
    "messages": _messages,
    "enums": _enums,
}


def main() -> None:
    root = Path(__file__).resolve().parents[3]
    for document in documents(root):
        text = document.read_text("utf-8")
        document.write_text(render_document(text), "utf-8")


if __name__ == "__main__":
    main()
