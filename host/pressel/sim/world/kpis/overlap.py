"""Two at once: nodes that hold the floor together, and listeners that hear two talkers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import record
from ..people import marker
from ..people.person import FRAME_US

if TYPE_CHECKING:
    from ..world import World


class Overlap:
    """A conflict is a node that begins to talk while another still may."""

    def __init__(self, world: World) -> None:
        self._talking: set[int] = set()
        self._conflicts = 0
        self._double_us = 0
        self._last: dict[int, tuple[int, int]] = {}  # listener -> (talker, end of its frame)
        world.record.watch(record.TALKING, self._on_talking)
        world.record.watch(record.PLAYED, self._on_played)
        world.record.watch(record.HEARD_TWO, self._on_heard_two)

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if is_talking:
            self._conflicts += len(self._talking) > 0
            self._talking.add(node)
        else:
            self._talking.discard(node)

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        begin_us = now_us + delay_us
        talker = marker.talker_of(frame)
        last = self._last.get(node)
        if last is not None and last[0] != talker and last[1] > begin_us:
            self._double_us += min(last[1] - begin_us, FRAME_US)
        self._last[node] = (talker, begin_us + FRAME_US)

    def _on_heard_two(self, now_us: int, node: int, double_us: int, b: int, detail: Any) -> None:
        self._double_us += double_us

    def figures(self) -> dict[str, Any]:
        return {
            "floor_conflicts": self._conflicts,
            "double_talk_ms": round(self._double_us / 1000, 1),
        }
