"""The part of the report of phase 8 about a voice from a page to a badge, and back."""

from __future__ import annotations

import json
from pathlib import Path
from statistics import median
from typing import Any

RECORDS = Path(__file__).resolve().parents[4] / "docs" / "reports" / "phase8-talk.jsonl"

Record = dict[str, Any]

_TEXT = """
## From a page to a badge, and back

Made by `make console-talk`, recorded with {source}. **In real time, on {cores} cores** whose load
before was {load} by other work: `pressel leader`, a virtual badge and the console, and a client
that sends and takes what the page's script does. Each way is measured over {times} bursts, by where
the speech stands in what was heard.

| | median | at most |
|---|--:|--:|
| from the sound at the page until the badge plays it, press and permission included | {to_badge} |
| from the sound at the badge until its frame is at the page | {to_page} |

A browser adds the frame of 20 ms that it fills before it sends, the 60 ms for which it waits before
it plays, and what its sound card takes.
"""


def read_record(file: Path = RECORDS) -> Record:
    return json.loads(file.read_text("utf-8"))


def text(record: Record) -> str:
    return _TEXT.format(
        **{name: record[name] for name in ("source", "cores", "load")},
        times=len(record["to_badge_ms"]),
        to_badge=_two(record["to_badge_ms"]),
        to_page=_two(record["to_page_ms"]),
    )


def _two(values_ms: list[float]) -> str:
    return f"{median(values_ms):.0f} ms | {max(values_ms):.0f} ms"
