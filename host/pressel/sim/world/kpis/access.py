"""Access time: from the press to the permission to talk, of presses that found the floor free.

A press that was queued waited for people, not for the system; it is not counted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressel.spread import Spread
from ptt.base import events

from .. import record

if TYPE_CHECKING:
    from ..world import World


class Access:
    """Also the longest queue that anybody was told of."""

    def __init__(self, world: World) -> None:
        self._is_v1 = world.spec["protocol"] == "v1"
        self._access = Spread()
        self._pressed_us: dict[int, int] = {}
        self._queue = 0
        world.record.watch(record.PRESSED, self._on_pressed)
        world.record.watch(record.EVENT, self._on_event)

    def _on_pressed(self, now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        self._pressed_us[node] = now_us

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.GRANTED:
            pressed_us = self._pressed_us.pop(node, -1)
            if pressed_us >= 0:
                self._access.add(now_us - pressed_us)
        elif kind == events.QUEUED:
            self._pressed_us.pop(node, None)
            self._queue = max(self._queue, value)
        elif kind in (events.DENIED, events.LOST):
            self._pressed_us.pop(node, None)

    def figures(self) -> dict[str, Any]:
        return {
            "access_ms": self._access.figures(),
            "queue_depth": None if self._is_v1 else self._queue,
        }
