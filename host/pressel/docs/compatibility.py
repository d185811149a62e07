"""The matrix of docs/protocol-compatibility.md: what works between builds, as the tests found it.

The tests play the sessions and write down what happened; this module only makes a table of it.
"""

from __future__ import annotations

import json
from typing import Any

from pressel.tree import ROOT

RESULTS = ROOT / "docs" / "protocol-compatibility.json"

_COLUMNS = {
    "leader": "leader",
    "badge": "badge",
    "joins": "joins",
    "talks": "talks",
    "hears": "hears",
    "queues": "waits its turn",
    "texts": "texts",
    "settings": "settings",
    "receipts": "receipts",
    "badge says": "the badge says",
    "leader says": "`pressel status` says of the badge",
}


def matrix(_: str) -> str:
    """One row a pair of builds."""
    rows = ["| " + " | ".join(_COLUMNS.values()) + " |", "|---" * len(_COLUMNS) + "|"]
    for result in json.loads(RESULTS.read_text("utf-8")):
        rows.append("| " + " | ".join(cells(result)) + " |")
    return "\n".join(rows)


def cells(result: dict[str, Any]) -> list[str]:
    return [_cell(result[name]) for name in _COLUMNS]


def _cell(value: bool | str) -> str:
    return {True: "yes", False: "no"}[value] if isinstance(value, bool) else value or "nothing"
