"""How long listeners hear nothing of somebody who talks on."""

from __future__ import annotations

from typing import Any

from pressel.sim.world import record
from pressel.sim.world.people import marker
from pressel.sim.world.world import World

from .names import name_of
from .show import Tell

_TOLD_US = 100_000  # a gap that people notice as one: a syllable
_END_US = 500_000  # of a burst: who heard something so late heard it to its end


class Silences:
    """Between two words of one burst, at each listener. `listeners`: who heard a burst's end."""

    def __init__(self, world: World, tell: Tell) -> None:
        self.longest_ms = 0.0
        self._world = world
        self._tell = tell
        self._last: dict[int, tuple[int, int]] = {}  # by listener: burst, when it sounded
        self._ended_us = 0
        world.record.watch(record.PLAYED, self._on_played)
        world.record.watch(record.LET_GO, self._on_let_go)

    @property
    def listeners(self) -> int:
        """Who heard something of the last half second before the button was let go, or later."""
        late_us = self._ended_us - _END_US
        return sum(at_us >= late_us for _, at_us in self._last.values())

    def _on_let_go(self, now_us: int, node: int, number: int, b: int, detail: Any) -> None:
        self._ended_us = now_us

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        if marker.talker_of(frame) == marker.SILENCE:
            return
        burst, at_us = frame >> 12, now_us + delay_us
        before, before_us = self._last.get(node, (-1, 0))
        self._last[node] = burst, at_us
        if burst != before:
            return
        gap_us = at_us - before_us
        self.longest_ms = max(self.longest_ms, gap_us / 1000)
        if gap_us > _TOLD_US:
            who = name_of(self._world, node)
            self._tell(f"{who} hears the talker again, after {gap_us / 1000:.0f} ms of silence")
