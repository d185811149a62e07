"""An entry of the log in words, for a table on a terminal or a page."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

from pressel.ledger.entry import AGAIN, WAS

from .chains import CHECKPOINT
from .identity import fingerprint

HEADS = ("Entry", "When", "Who", "What", "Of", "Now", "Host", "Term")
_HASH_DIGITS = 64

Line = dict[str, Any]  # as `log.as_json` writes an entry


def named(line: Line, names: dict[str, str]) -> Line:
    """The same with the name that its subject has, or had until now."""
    name = line["texts"].get("name") or names.get(line["subject"])
    if name:
        names[line["subject"]] = name
    return {**line, "name": name}


def cells(line: Line) -> Iterator[str]:
    yield str(line["facts"].get(WAS, line["index"]))  # as people have seen it before
    yield _when(line["time_s"])
    yield line["texts"].get("who") or ""
    yield line["verb"]
    kind, _, which = line["subject"].partition(" ")
    which = fingerprint(which) if len(which) == _HASH_DIGITS else which
    yield " ".join(filter(None, (line["name"], which))) or line["texts"].get("what") or kind
    yield _facts(line)
    yield fingerprint(line["host"])[:9]
    yield str(line["term"])


def _when(time_s: int) -> str:
    try:
        return time.strftime("%Y-%m-%d %H:%M:%S", time.localtime(time_s))
    except (OverflowError, ValueError, OSError):
        return f"{time_s} s"


def _facts(line: Line) -> str:
    """What holds of the subject since then."""
    facts = {name: value for name, value in line["facts"].items() if name not in AGAIN}
    if line["subject"].startswith("host "):
        return "allowed" if facts else "removed"
    if line["verb"] == CHECKPOINT:
        return f"{facts.get('first')} is the first entry that is left"
    if not line["subject"].startswith("device "):
        return ""
    if not facts:
        return "gone"
    words = [str(facts.get("state"))]
    if words == ["active"]:
        groups = ", ".join(map(str, facts.get("groups", ())))
        words.append(f"groups {groups}; key {facts.get('epoch')}")
    return "; ".join(words)
