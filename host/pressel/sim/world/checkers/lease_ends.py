"""No lease outlives its time: without voice it expires, and with voice at the talk limit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base.numbers import LEASE_MS

from .. import record

if TYPE_CHECKING:
    from ..world import World

_LOOK_US = 200_000
_GRACE_US = 1_000_000  # for timers, rare looks, and a clock that is stepped in between


class LeaseEnds:
    """Looks at the leader's floor a few times a second."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._lease = (0, 0, 0)  # group, number and term
        self._since_us = 0  # it is held
        self._voice_in = 0
        self._voice_us = 0  # when voice last came
        world.record.watch(record.FAULT, self._on_fault)
        world.loop.at(_LOOK_US, self._look)

    def _on_fault(self, now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if self._world.nodes[node].is_wired:
            self._lease = (0, 0, 0)  # time stood still for it, or jumped: start again

    def _look(self, _: Any) -> None:
        world = self._world
        now_us = world.loop.now_us
        world.loop.at(now_us + _LOOK_US, self._look)
        for node in world.nodes.values():
            if not node.is_wired or not node.is_up or node.is_paused:
                continue
            leader = node.leader()
            if leader is not None:
                for group, floor in leader.floors.items():
                    self._look_at(leader, group, floor, now_us)

    def _look_at(self, engine: Any, group: int, floor: Any, now_us: int) -> None:
        lease = (group, floor.lease, engine.term) if floor.holder else (0, 0, 0)
        if lease != self._lease:
            self._lease = lease
            self._since_us = self._voice_us = now_us
        if engine.voice.packets_in != self._voice_in:
            self._voice_in = engine.voice.packets_in
            self._voice_us = now_us
        if not lease[1]:
            return
        if now_us - self._voice_us > LEASE_MS * 1000 + _GRACE_US:
            self._world.violate("lease ends", f"lease {lease[1]} is held without voice")
            self._voice_us = now_us
        if now_us - self._since_us > (floor.talk_ms + LEASE_MS) * 1000 + _GRACE_US:
            self._world.violate("lease ends", f"lease {lease[1]} is held beyond the talk limit")
            self._since_us = now_us

    def finish(self) -> None:
        """Nothing is left to look at."""
