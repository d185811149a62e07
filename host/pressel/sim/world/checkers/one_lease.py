"""A term has at most one unexpired lease a group, and lease numbers only go up."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events

from .. import record

if TYPE_CHECKING:
    from ..world import World


class OneLease:
    """Follows what each leader says of its floor."""

    protocols = ("v2",)
    is_of_records = True

    def __init__(self, world: World) -> None:
        self._world = world
        self._held: dict[int, tuple[int, int]] = {}  # leader -> (talker, lease)
        self._newest: dict[int, int] = {}
        world.record.watch(record.EVENT, self._on_event)
        world.record.watch(record.STARTED, self._on_started)

    def _on_started(self, now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        self._held.pop(node, None)  # a new term
        self._newest.pop(node, None)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.LEADING:  # another term: what ran in it goes on, and is told again
            self._held.pop(node, None)
            self._newest.pop(node, None)
        elif kind == events.FLOOR_GRANTED:
            held = self._held.get(node)
            if held is not None:
                self._world.violate("one lease", f"leader {node} granted {value} while {held} ran")
            if value[1] <= self._newest.get(node, 0):
                self._world.violate("one lease", f"lease {value[1]} is not above the one before")
            self._held[node] = value
            self._newest[node] = value[1]
        elif kind == events.FLOOR_FREED and self._held.pop(node, None) != value[:2]:
            self._world.violate("one lease", f"leader {node} freed {value}, which nobody held")

    def finish(self) -> None:
        """Nothing is left to look at."""
