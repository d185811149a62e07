"""A simulated run as the logs that its hosts and badges would have written."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from pressel.schema.events import event_table
from pressel.schema.sentences import event_fields
from pressel.trace.logs import Line

from .world import record
from .world.world import World


class ShiftLog:
    """Make it before the run of `world`, which begins at `at_s` of the time of day; the `lines` are
    there after it, in order of time."""

    def __init__(self, world: World, at_s: float) -> None:
        self.lines: list[Line] = []
        self._at_s = at_s
        self._names = {row.number: name for name, row in event_table().engine.items()}
        badges = range(1, world.participants + 1)
        self._hosts = frozenset(number for number in world.nodes if number not in badges)
        self._resigned: tuple[int, int] = (-1, -1)  # when and which host last did
        self._boots: Counter[int] = Counter()  # how often each host's machine went off
        watch = world.record.watch
        watch(record.EVENT, self._on_event)
        watch(record.LEADS, self._on_leads)
        watch(record.STARTED, self._on_started)
        watch(record.FAULT, self._on_fault)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        event = self._names[kind]
        fields = event_fields(event, value)
        if node in self._hosts:
            self._host(now_us, node, event, fields)
        else:
            self.lines.append(Line(f"badge-{node}", event, fields, ms=now_us // 1000))

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, detail: Any) -> None:
        if leads:
            self._host(now_us, node, "became_leader", {"term": term})
        else:
            self._resigned = now_us, node
            self._host(now_us, node, "lost_leadership", {"term": term, "why": "resign"})

    def _on_started(self, now_us: int, node: int, again: int, b: int, detail: Any) -> None:
        if node in self._hosts:
            self._host(now_us, node, "ready", {"boot": 1 + self._boots[node]})

    def _on_fault(self, now_us: int, node: int, kind: int, measure: int, detail: Any) -> None:
        if kind != record.CRASHED or node not in self._hosts:
            return
        self._boots[node] += 1  # a box is restarted, or loses its power: its program does not crash
        if self._resigned == (now_us, node):
            self._host(now_us, node, "stopped", {})  # in good order

    def _host(self, now_us: int, node: int, event: str, fields: Mapping[str, Any]) -> None:
        at_s = self._at_s + now_us / 1_000_000
        self.lines.append(Line(f"host-{node}", event, dict(fields), at_s=at_s))
