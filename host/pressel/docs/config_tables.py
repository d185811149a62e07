"""What may be configured, as a Markdown table."""

from __future__ import annotations

from typing import Any

from pressel.config.keys import fields


def configuration(_: str) -> str:
    """One row a key."""
    lines = ["| key | variable | unless set | what it is |", "|---|---|---|---|"]
    for key, field in fields().items():
        variable = f"`PRESSEL_{key.replace('.', '_').upper()}`"
        default = _words(field.get_default(call_default_factory=True))
        lines.append(f"| `{key}` | {variable} | {default} | {field.description} |")
    return "\n".join(lines)


def _words(value: Any) -> str:
    if value is None or value == []:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
