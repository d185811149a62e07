"""How this host's figures went in the last hours: whoever is called after the fault sees what came
before it. It lies in memory alone, and has no names in it.
"""

from __future__ import annotations

import time
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from math import isnan, nan
from typing import Any

from .desk.verb import Fields, Verb

EVERY_S = 60.0
KEPT_MAX = 720  # 12 hours: a shift, and the one that asks about it; 0.6 MB
COLUMNS_MAX = 160  # a leader has 90
PAGE_MAX = 15  # rows: a page is made between two datagrams of voice, in 0.6 ms


class History:
    """`figures` gives those of now, as `Tally.figures` does; `now_s` the time of day. `tick` is
    to be called each EVERY_S."""

    def __init__(
        self, figures: Callable[[], Mapping[str, Any]], now_s: Callable[[], float] = time.time
    ) -> None:
        self._figures = figures
        self._now_s = now_s
        self._columns: dict[str, int] = {}
        self._rows: deque[array[float]] = deque(maxlen=KEPT_MAX)
        self._place = 0  # of the newest row: how many there have been

    async def tick(self, number: int) -> None:
        """`sample`, for who repeats it."""
        self.sample()

    def sample(self) -> None:
        """Keep what is now."""
        row = array("d", [nan] * (1 + len(self._columns)))
        row[0] = self._now_s()
        for name, value in _flat("", self._figures()):
            if name not in self._columns:
                if len(self._columns) >= COLUMNS_MAX:
                    continue
                self._columns[name] = 1 + len(self._columns)
                row.append(nan)
            row[self._columns[name]] = value
        self._rows.append(row)
        self._place += 1

    def verbs(self) -> tuple[Verb, ...]:
        return (Verb("history", self.page),)

    def page(self, fields: Fields) -> dict[str, Any]:
        """Rows behind the place `after`, oldest first, at most PAGE_MAX: when, and a value of each
        of `columns`, null where there was none. `newest` is the highest place there is."""
        oldest = self._place - len(self._rows)
        first = max(int(fields.get("after", 0)), oldest)
        rows = [self._rows[n - oldest] for n in range(first, min(first + PAGE_MAX, self._place))]
        width = 1 + len(self._columns)
        return {
            "every_s": EVERY_S,
            "columns": list(self._columns),
            "place": first + len(rows),
            "newest": self._place,
            "rows": [
                [*(None if isnan(v) else v for v in row), *[None] * (width - len(row))]
                for row in rows
            ],
        }


def _flat(before: str, told: Mapping[str, Any]) -> Iterator[tuple[str, float]]:
    """Each number by its path; of a list of tables, the sums: one column a group would be many."""
    for key, value in told.items():
        name = f"{before}.{key}" if before else str(key)
        if isinstance(value, Mapping):
            yield from _flat(name, value)
        elif isinstance(value, list):
            tables = [each for each in value if isinstance(each, Mapping)]
            for part in {part for each in tables for part in each if part != "group"}:
                yield f"{name}.{part}", float(sum(each.get(part, 0) for each in tables))
        elif isinstance(value, (int, float)):
            yield name, float(value)


def all_rows(ask: Callable[..., Any]) -> dict[str, Any]:
    """All that a host keeps, by its verb `history`: {"every_s", "columns", "rows"}."""
    found: dict[str, Any] = {"every_s": EVERY_S, "columns": [], "rows": []}
    after = 0
    for _ in range(KEPT_MAX // PAGE_MAX + 1):
        page = ask("history", after=after)
        found["every_s"], found["columns"] = page["every_s"], page["columns"]
        found["rows"] += page["rows"]
        after = page["place"]
        if after >= page["newest"]:
            break
    return found
