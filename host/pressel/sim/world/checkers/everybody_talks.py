"""Once all that went wrong is over, everybody can talk again: who is called up gets the floor soon,
and all the others hear it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events

from .. import record
from ..people import marker
from ..plan import calm_join_ms

if TYPE_CHECKING:
    from ..world import World

GRANT_US_MAX = 1_000_000  # of a free floor over a sound network: a few repetitions


class EverybodyTalks:
    """Judges the presses of the roll call, and asks at the end who has heard them. On a model of a
    channel that may be full it asks only for the floor."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._from_us = -1  # of the roll call; -1: there is none yet
        self._pressed: dict[int, int] = {}  # when each was called up, by node
        self._granted: dict[int, int] = {}
        self._heard: dict[int, set[int]] = {}  # since then, by talker
        for kind, watcher in (
            (record.FAULT, self._on_fault),
            (record.PRESSED, self._on_pressed),
            (record.EVENT, self._on_event),
            (record.PLAYED, self._on_played),
        ):
            world.record.watch(kind, watcher)

    def _on_fault(self, now_us: int, node: int, fault: int, b: int, detail: Any) -> None:
        if fault == record.CALMED:
            self._from_us = now_us + calm_join_ms(self._world.spec["scenario"]) * 1000

    def _on_pressed(self, now_us: int, node: int, utterance: int, b: int, detail: Any) -> None:
        if 0 <= self._from_us <= now_us:
            self._pressed[node] = now_us
            self._heard[node] = set()

    def _on_event(self, now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if kind == events.GRANTED and node in self._pressed:
            self._granted.setdefault(node, now_us)

    def _on_played(self, now_us: int, node: int, frame: int, b: int, detail: Any) -> None:
        talker = marker.talker_of(frame)
        if talker in self._granted:
            self._heard[talker].add(node)

    def finish(self) -> None:
        world = self._world
        if not any(node.is_wired and node.is_up for node in world.nodes.values()):
            return
        listeners = {
            number for number, node in world.nodes.items() if not node.is_wired and not node.is_twin
        }
        must_be_heard = world.spec["profile"]["air"] == "chance"
        for node, at_us in sorted(self._pressed.items()):
            granted_us = self._granted.get(node)
            what = f"node {node} pressed at {at_us / 1_000_000:.3f} s, when all was well again, and"
            if granted_us is None:
                world.violate("everybody talks", f"{what} never got the floor")
            elif granted_us - at_us > GRANT_US_MAX:
                late_ms = (granted_us - at_us) // 1000
                world.violate("everybody talks", f"{what} got the floor after {late_ms} ms")
            elif must_be_heard and (deaf := listeners - {node} - self._heard[node]):
                world.violate("everybody talks", f"{what} {sorted(deaf)} heard nothing")
