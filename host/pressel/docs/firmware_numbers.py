"""The firmware's own numbers as a Markdown table: every constant of a folder with its reason.

Read from the source, since these modules are MicroPython's and cannot be imported here.
"""

from __future__ import annotations

import re

from pressel.tree import ROOT

_FIRMWARE = ROOT / "firmware"
_LINE = re.compile(r"^(_?[A-Z][A-Z0-9_]*) = const\((-?[\d_]+)\)  # (.+)$", re.MULTILINE)
_UNITS = ("_MS", "_BYTES", "_MAX", "_DBM", "_DB", "_S")


def numbers(folder: str) -> str:
    """One row a number with a unit in its name; `folder` is "app" or "hal"."""
    rows = ["| where | number | value | why |", "|---|---|--:|---|"]
    for file in sorted((_FIRMWARE / folder).rglob("*.py")):
        path = file.relative_to(_FIRMWARE).as_posix()
        for name, value, why in _LINE.findall(file.read_text("utf-8")):
            if name.endswith(_UNITS):
                shown = f"{int(value):,}"
                rows.append(f"| `{path}` | `{name.lstrip('_')}` | {shown} | {why} |")
    return "\n".join(rows)
