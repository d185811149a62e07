"""A listener plays one talker after the other, each frame once, in order, and nobody hears itself.

Nor can anybody hear what was never said.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .. import record
from ..people import marker
from ..people.person import FRAME_US

if TYPE_CHECKING:
    from ..world import World

_TOLERANCE_US = 2_000  # where two queues meet: a sample clock is not the world's


class OneVoice:
    """Watches every frame that sounds."""

    protocols = ("v2",)  # the old app mixes, which is measured instead
    is_of_records = True

    def __init__(self, world: World) -> None:
        self._world = world
        self._newest: dict[int, int] = {}  # listener -> frame id
        self._end_us: dict[int, int] = {}  # listener -> when that frame has sounded
        self._over: dict[int, set[int]] = {}  # listener -> utterances that another one followed
        self._said: set[int] = set()
        world.record.watch(record.SPOKEN, self._on_spoken)
        world.record.watch(record.PLAYED, self._on_played)

    def _on_spoken(self, now_us: int, node: int, number: int, frame: int, detail: Any) -> None:
        self._said.add(marker.frame_id(node, number, frame))

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        newest = self._newest.get(node, -1)
        if frame == newest + 1:  # by far the most
            self._newest[node] = frame
            self._end_us[node] = now_us + delay_us + FRAME_US
            return
        if frame not in self._said:
            self._violate(node, frame, "was never said")
        if marker.talker_of(frame) == node:
            self._violate(node, frame, "is its own voice")
        if newest >= 0 and frame >> 12 == newest >> 12:
            if frame <= newest:
                self._violate(node, frame, f"came after frame {marker.number_of(newest)}")
        elif newest >= 0:
            over = self._over.setdefault(node, set())
            over.add(newest >> 12)
            if frame >> 12 in over:
                self._violate(node, frame, "is of a burst that another had followed")
            if now_us + delay_us + _TOLERANCE_US < self._end_us[node]:
                self._violate(node, frame, "sounds over another talker")
        self._newest[node] = frame
        self._end_us[node] = now_us + delay_us + FRAME_US

    def _violate(self, node: int, frame: int, words: str) -> None:
        talker, number = marker.talker_of(frame), marker.number_of(frame)
        self._world.violate(
            "one voice", f"node {node} plays frame {number} of node {talker}, which {words}"
        )

    def finish(self) -> None:
        """Nothing is left to look at."""
