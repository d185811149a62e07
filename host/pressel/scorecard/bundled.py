"""The lines of logs that bundles hold, of a venue that gives nothing else. A bundle is made by
another venue's people: what is in it is checked before it counts."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from pressel.bundle.contents import LINES_MAX
from pressel.schema.events import event_table
from pressel.trace.logs import TIME_S_MAX, Line


def lines(bundles: Iterable[Mapping[str, Any]]) -> Iterator[Line]:
    """Of all `bundles` of one venue, each line once: two that were made soon after one another have
    some in common. Their other names stay the same from bundle to bundle."""
    known: Counter[str] = Counter()
    for bundle in bundles:
        here: Counter[str] = Counter()
        for told in _events(bundle):
            line = _line(told)
            if line is None:
                continue
            key = json.dumps(told, sort_keys=True)
            here[key] += 1
            if here[key] > known[key]:
                known[key] = here[key]
                yield line


def is_cut(bundle: Mapping[str, Any]) -> bool:
    """Whether the logs had more than it holds."""
    return len(_events(bundle)) >= LINES_MAX


def _events(bundle: Mapping[str, Any]) -> list[Any]:
    found = bundle.get("events")
    return found if isinstance(found, list) else []


def _line(told: Any) -> Line | None:
    """None for what no bundle of this version holds."""
    event = told.get("event") if isinstance(told, dict) else None
    if not isinstance(event, str) or event not in event_table().rows():
        return None
    fields = {name: told[name] for name in told if name not in ("log", "event", "at", "ms")}
    at_s, ms = told.get("at"), told.get("ms")
    if isinstance(at_s, int | float) and not isinstance(at_s, bool) and 0 <= at_s < TIME_S_MAX:
        return Line(f"{told.get('log')}", event, fields, at_s=float(at_s))
    if isinstance(ms, int) and not isinstance(ms, bool):
        return Line(f"{told.get('log')}", event, fields, ms=ms)
    return None
