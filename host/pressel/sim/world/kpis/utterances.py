"""What was said, frame by frame, and who should have heard it.

An utterance counts once its talker had the floor for it; its listeners are those that were members
when it began and did not leave before it ended.
"""

from __future__ import annotations

from array import array
from typing import TYPE_CHECKING, Any

from ptt.base import events

from .. import record
from ..people import marker

if TYPE_CHECKING:
    from ..world import World


class Heard:
    """One listener's share of an utterance."""

    __slots__ = ("count", "first", "gaps", "last", "sounded_us")

    def __init__(self, number: int) -> None:
        self.first = number
        self.last = number
        self.count = 0
        self.gaps = 0
        self.sounded_us = -1  # when its newest frame begins to sound


class Utterance:
    """Frames 0..len(starts_us)-1 of one talker, with the world time of each one's first sample."""

    def __init__(self, talker: int, listeners: set[int]) -> None:
        self.talker = talker
        self.listeners = listeners
        self.starts_us = array("q")
        self.is_granted = False
        self.is_abandoned = False  # said in vain, and the talker knew
        self.heard: dict[int, Heard] = {}


class Utterances:
    """Follows presses, membership and speech; others ask for an utterance by a frame's id."""

    def __init__(self, world: World) -> None:
        self.all: dict[int, Utterance] = {}  # by frame id without the number
        self.members: set[int] = set()
        self.talking: set[int] = set()
        self._newest: dict[int, Utterance] = {}  # of each talker
        for kind, watcher in (
            (record.SPOKEN, self._on_spoken),
            (record.EVENT, self._on_event),
            (record.FAULT, self._on_fault),
            (record.TALKING, self._on_talking),
        ):
            world.record.watch(kind, watcher)

    def of(self, frame: int) -> Utterance | None:
        """The utterance that a frame belongs to."""
        return self.all.get(frame >> 12)

    def _on_spoken(self, now_us: int, node: int, number: int, frame: int, start_us: Any) -> None:
        key = marker.frame_id(node, number, 0) >> 12
        utterance = self.all.get(key)
        if utterance is None:
            utterance = Utterance(node, self.members - {node})
            self.all[key] = self._newest[node] = utterance
        if node in self.talking and not utterance.is_abandoned:
            utterance.is_granted = True
        utterance.starts_us.append(start_us)

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if is_talking:
            self.talking.add(node)
            newest = self._newest.get(node)
            if newest is not None and not newest.is_abandoned:
                newest.is_granted = True
        else:
            self.talking.discard(node)
            newest = self._newest.get(node)
            if newest is not None:
                newest.is_abandoned = True  # what comes now belongs to another press

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED:
            self.members.add(node)
        elif kind == events.LOST:
            self._leave(node)
        if kind in (events.QUEUED, events.DENIED, events.LOST):
            newest = self._newest.get(node)
            if newest is not None and not newest.is_granted:
                newest.is_abandoned = True

    def _on_fault(self, now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if kind == record.CRASHED:
            self._leave(node)

    def _leave(self, node: int) -> None:
        self.members.discard(node)
        for utterance in self._newest.values():
            utterance.listeners.discard(node)
