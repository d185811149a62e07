"""The records of all processes of a real run, as one world that can be measured."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from pressel.sim.world.loop import EventLoop
from pressel.sim.world.plan import Plan
from pressel.sim.world.record import Record

Kept = tuple[int, int, int, int, int, Any]  # (time in us, kind, node, a, b, detail)


class Traffic:
    """The networks of all crowds together."""

    def __init__(self, counts: Iterable[Mapping[str, Any]]) -> None:
        each = list(counts)
        shares = [count["airtime_percent"] for count in each]
        self.datagrams: int = sum(count["datagrams"] for count in each)
        self.bytes: int = sum(count["bytes"] for count in each)
        self._percent = None if None in shares else sum(shares)

    def airtime_percent(self) -> float | None:
        """Each crowd computes with the whole time, so shares of one channel add up."""
        return self._percent

    def airtime_within(self, spans: Sequence[tuple[int, int]]) -> float | None:
        """Crowds count for the whole run only."""
        return None


class MergedWorld:
    """Has what measures look at in a `World`; `nodes` is empty, since engines ended elsewhere."""

    def __init__(self, spec: Mapping[str, Any], plan: Plan, traffic: Traffic, end_us: int) -> None:
        self.spec = spec
        self.participants: int = spec["participants"]
        self.standbys = 0  # one leader process, which comes back itself
        self.plan = plan
        self.network = traffic
        self.duration_us = end_us
        self.loop = EventLoop()
        self.record = Record(self.loop)
        self.nodes: dict[int, Any] = {}
        self.violations: list[dict[str, Any]] = []

    def replay(self, kept: Iterable[Kept]) -> None:
        """Show the records to all watchers, in the order of time."""
        for now_us, kind, node, a, b, detail in sorted(kept, key=lambda each: each[0]):
            self.loop.now_us = now_us
            self.record.note(kind, node, a, b, detail)
        self.loop.now_us = self.duration_us

    def violate(self, checker: str, words: str) -> None:
        at_ms = self.loop.now_us // 1000
        self.violations.append({"checker": checker, "at_ms": at_ms, "what": words})
