"""A node obeys only the highest term that it has seen since it was switched on, or since it has
found no leader for `TERM_FORGET_MS`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events
from ptt.base.numbers import LEADER_LOST_MS, TERM_FORGET_MS

from .. import record

if TYPE_CHECKING:
    from ..world import World

_FORGOTTEN_US = (TERM_FORGET_MS - LEADER_LOST_MS) * 1000  # after it has noticed the loss, at least


class HighestTerm:
    """Looks at a badge's term whenever it joins or moves over."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: dict[int, int] = {}
        self._lost_us: dict[int, int] = {}
        world.record.watch(record.EVENT, self._on_event)
        world.record.watch(record.STARTED, self._on_started)

    def _on_started(self, now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        self._seen.pop(node, None)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.LOST:
            self._lost_us[node] = now_us
        if kind not in (events.JOINED, events.MOVED):
            return
        engine = self._world.nodes[node].engine
        if engine is None:  # the firmware itself: its term is in another process
            return
        term = engine.join.term
        is_forgotten = now_us - self._lost_us.pop(node, now_us) >= _FORGOTTEN_US
        if term < self._seen.get(node, 0) and not is_forgotten:
            self._world.violate(
                "highest term", f"node {node} joined term {term} after {self._seen[node]}"
            )
        self._seen[node] = term

    def finish(self) -> None:
        """Nothing is left to look at."""
