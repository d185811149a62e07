"""What a replay has on record: messages, marks and spans of a few nodes, in microseconds.

Plain data, of which the terminal's timeline, the chart and the JSON lines are made.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from ..choice import Choice

# What a mark is.
BUTTON, EVENT, FAULT, FLOOR = "button", "event", "fault", "floor"
# What a span is.
SAYS, HEARS, HOLDS = "says", "hears", "holds the floor"
FAULTY = ("down", "paused", "roaming", "cut off")


@dataclass(slots=True)
class Message:
    """One datagram between two nodes that are shown; `due_us` is its end, arrived or lost."""

    sent_us: int
    due_us: int
    source: int
    destination: int
    name: str
    size_bytes: int
    is_voice: bool
    lost: str | None = None
    refused: str | None = None


@dataclass(slots=True)
class Mark:
    at_us: int
    node: int
    kind: str
    words: str


@dataclass(slots=True)
class Span:
    """Something that lasts. `count`: frames said or heard; `concealed`: of those heard."""

    from_us: int
    to_us: int
    node: int
    kind: str
    words: str = ""
    count: int = 0
    concealed: int = 0


@dataclass
class Tape:
    """All lists in order of time. `digest`: of the run if it went to its end."""

    choice: Choice
    why: str
    nodes: list[int]
    from_us: int
    to_us: int
    messages: list[Message] = field(default_factory=list)
    marks: list[Mark] = field(default_factory=list)
    spans: list[Span] = field(default_factory=list)
    violations: list[dict[str, Any]] = field(default_factory=list)
    digest: str | None = None
    left_out: int = 0  # messages beyond what a tape holds
    others: int = 0  # nodes of the run that are not shown

    def rows(self) -> Iterator[dict[str, Any]]:
        """As JSON objects in order of time."""
        rows = [(each.sent_us, _row("message", each)) for each in self.messages]
        rows += [(each.at_us, _row("mark", each)) for each in self.marks]
        rows += [(each.from_us, _row("span", each)) for each in self.spans]
        rows += [(each["at_ms"] * 1000, {"what": "violation", **each}) for each in self.violations]
        rows.sort(key=lambda row: row[0])
        for _, row in rows:
            yield row
        yield {"what": "end", "digest": self.digest, "left_out": self.left_out}


def _row(what: str, each: Message | Mark | Span) -> dict[str, Any]:
    return {"what": what, **{name: getattr(each, name) for name in each.__slots__}}


def name_of(node: int) -> str:
    """What people call a node: as badges are named in runs."""
    return "leader" if node == 0 else f"B{node}"
