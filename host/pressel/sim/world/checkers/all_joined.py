"""With connectivity everybody is a member: when nothing has gone wrong for long, nobody is left
outside."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.badge.join import JOINED

from .. import record
from ..plan import CALM_JOIN_MS, calm_join_ms

if TYPE_CHECKING:
    from ..world import World

QUIET_US = 12_000_000  # the leader forgets after 5 s, searching slows down to 2 s, some are lost


class AllJoined:
    """Looks once, at the end, if the last fault was long ago."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._last_us = 0
        world.record.watch(record.FAULT, self._on_fault)

    def _on_fault(self, now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        self._last_us = now_us

    def finish(self) -> None:
        world = self._world
        hosts = [node for node in world.nodes.values() if node.is_wired]
        quiet_us = calm_join_ms(world.spec["scenario"]) * 1000 - CALM_JOIN_MS * 1000 + QUIET_US
        if world.loop.now_us - self._last_us < quiet_us or not any(host.is_up for host in hosts):
            return
        for number, node in sorted(world.nodes.items()):
            if node.is_wired or not node.is_up or node.engine is None:
                continue
            if node.engine.join.state != JOINED:
                world.violate("all joined", f"node {number} is no member, and nothing is wrong")
