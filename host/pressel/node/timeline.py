"""Elections and floors from the logs of one or several hosts, in order of time.

It reads the JSON lines of `pressel host run --json`, and knows no terminal.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.schema.events import event_table
from pressel.schema.sentences import sentence

ROWS_MAX = 100_000  # of all logs together; a busy day writes fewer

_ELECTION = ("attempt", "attempt_failed", "became_leader", "lost_leadership")


@dataclass
class Row:
    """One event of one log; `at_s` in seconds since 1970."""

    at_s: float
    source: str
    event: str
    fields: dict[str, Any]

    def words(self) -> str:
        return sentence(self.event, self.fields)

    def as_json(self) -> dict[str, Any]:
        return {"at": self.at_s, "source": self.source, "event": self.event, **self.fields}


@dataclass
class Figures:
    """Of one log: elections by event, how long the searches for a leader took, floors by cause."""

    events: Counter[str] = field(default_factory=Counter)
    convergence_ms: list[int] = field(default_factory=list)
    grants: int = 0
    causes: Counter[str] = field(default_factory=Counter)


def read_logs(
    files: Iterable[Path], notice: Callable[[str], None] = lambda words: None
) -> list[Row]:
    """The rows of all files in order of time; lines that are no events are passed over. `notice` is
    told of a file without any. UsageError when one cannot be read, or none holds events."""
    rows: list[Row] = []
    empty: list[Path] = []
    for file in files:
        found = list(_rows(file))
        if not found:
            empty.append(file)
        rows += found
        if len(rows) > ROWS_MAX:
            raise UsageError(
                f"more than {ROWS_MAX} events; cut the logs to the time that you look for"
            )
    told = [
        f"{each} holds no events; a log is what `pressel host run --json` writes" for each in empty
    ]
    if not rows:
        raise UsageError("\n".join(told))
    for words in told:
        notice(words)
    return sorted(rows, key=lambda row: row.at_s)


def _rows(file: Path) -> Iterable[Row]:
    try:
        lines = file.read_text("utf-8", "replace").splitlines()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    for line in lines:
        try:
            fields = read_json(line)
            event, at_s = fields.pop("event"), float(fields.pop("at"))
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
            continue
        row = event_table().rows().get(event) if isinstance(event, str) else None
        if row is not None and row.timeline:
            yield Row(at_s, file.stem, event, fields)


def figures(rows: Iterable[Row]) -> dict[str, Figures]:
    """By log, in the order in which they begin."""
    found: dict[str, Figures] = {}
    for row in rows:
        each = found.setdefault(row.source, Figures())
        if row.event in _ELECTION:
            each.events[row.event] += 1
        took = row.fields.get("convergence_ms")
        if isinstance(took, int) and took >= 0:
            each.convergence_ms.append(took)
        if row.event == "floor_granted":
            each.grants += 1
        elif row.event == "floor_freed":
            each.causes[str(row.fields.get("cause"))] += 1
    return found
