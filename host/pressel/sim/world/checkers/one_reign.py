"""A term begins once: nobody begins to lead in a term in which a host has led before, be it itself
before a restart. Who would counts leases anew that badges have seen, and they obey none of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import record

if TYPE_CHECKING:
    from ..world import World


class OneReign:
    """Of hosts that elect; a leader without others keeps its term by itself."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._led: dict[int, int] = {}  # term -> host
        world.record.watch(record.LEADS, self._on_leads)

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, value: Any) -> None:
        if not leads:
            return
        before = self._led.get(term)
        if before is not None:
            self._world.violate(
                "one reign", f"host {node} leads in term {term}, in which host {before} led before"
            )
        self._led[term] = node

    def finish(self) -> None:
        """Nothing is left to look at."""
