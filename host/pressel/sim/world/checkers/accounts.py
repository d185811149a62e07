"""Counters agree with the trace: every datagram that came is in an engine's books, by its reason,
and every voice frame that came is played, late, a duplicate, dropped or refused; by multicast none
more than came."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events
from ptt.wire import refusal, voice

from .. import record
from .spoken import is_many, voice_in

if TYPE_CHECKING:
    from ..world import World

_LEASE_BITS = 30  # one number as a key costs PyPy a third of what a tuple does
_LEASE_MASK = (1 << _LEASE_BITS) - 1


class Accounts:
    """Books are opened anew when a node starts; frames are balanced when a burst was heard."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._came = dict.fromkeys(world.nodes, 0)  # datagrams, of this start
        # Listener -> term << _LEASE_BITS | lease -> frames accepted
        self._frames: dict[int, dict[int, int]] = {node: {} for node in world.nodes}
        self._many: dict[int, dict[int, int]] = {node: {} for node in world.nodes}  # by multicast
        self._term: dict[int, int] = {}  # of each badge since it joined or moved over
        self._set_aside: dict[int, int] = {}  # listener -> its stale and crowded frames so far
        for kind, watcher in (
            (record.STARTED, self._on_started),
            (record.DELIVERED, self._on_delivered),
            (record.REFUSED, self._on_refused),
            (record.EVENT, self._on_event),
        ):
            world.record.watch(kind, watcher)

    def _on_started(self, now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        self._came[node] = 0
        self._set_aside.pop(node, None)
        self._frames[node] = {}
        self._many[node] = {}

    def _on_delivered(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        self._came[node] += 1
        frames = voice_in(data)
        if frames is None:
            return
        if not is_many(data):
            self._count(node, frames, voice.count(frames))
        else:  # proved or not, and perhaps with older ones
            of_node, lease = self._many[node], voice.lease(frames)
            of_node[lease] = of_node.get(lease, 0) + 2 * voice.count(frames)

    def _on_refused(self, now_us: int, node: int, a: int, b: int, data: Any) -> None:
        if not is_many(data) and (frames := voice_in(data)):
            self._count(node, frames, -voice.count(frames))

    def _count(self, node: int, data: Any, frames: int) -> None:
        listener = self._world.nodes[node]
        if listener.is_wired:
            return
        engine = listener.engine
        if engine is not None:  # the firmware itself keeps its books in another process
            key = engine.join.term << _LEASE_BITS | voice.lease(data)
            of_node = self._frames[node]
            of_node[key] = of_node.get(key, 0) + frames

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        engine = self._world.nodes[node].engine
        if kind == events.JOINED and engine is not None:
            self._term[node] = engine.join.term
        if kind == events.MOVED and engine is not None:
            self._move(node, value)
        if kind != events.HEARD or engine is None:
            return
        _, lease, played, _, late, duplicate, dropped = value
        aside = engine.playout.stale + engine.playout.crowded + engine.scan.unheard
        # Terms count their leases anew, and a burst of the last one may be told of in this one.
        of_lease = {
            key >> _LEASE_BITS: each
            for key, each in self._frames[node].items()
            if key & _LEASE_MASK == lease
        }
        came = of_lease.get(engine.join.term, 0)
        kept = played + late + duplicate + dropped
        before = self._set_aside.get(node, 0)
        least = came - (aside - before)
        most = max(of_lease.values(), default=0) + self._many[node].get(lease, 0)
        if not least <= kept <= most:
            self._world.violate(
                "accounts", f"node {node} got {came} frames of lease {lease} and told of {kept}"
            )
        if self._world.stage.hears_relays:
            # What a relay sent too long before the leader named its burst is told of with that one.
            aside = min(aside, before + max(0, came - kept))
        self._set_aside[node] = aside

    def _move(self, node: int, term: int) -> None:
        """A standby goes on: what was heard since it joined belongs to the same bursts. What was
        heard before that does not: whoever it joined may have begun to count leases anew."""
        before, self._term[node] = self._term.get(node), term
        of_node = self._frames[node]
        for key in [key for key in of_node if key >> _LEASE_BITS == before]:
            key_now = term << _LEASE_BITS | key & _LEASE_MASK
            of_node[key_now] = of_node.pop(key) + of_node.get(key_now, 0)

    def finish(self) -> None:
        """Every datagram of every engine, when all is over."""
        for number, node in sorted(self._world.nodes.items()):
            if not node.is_up or node.is_of_cluster:  # whose leaders come and go
                continue
            engine = node.engine
            if engine is None:
                continue
            counts = engine.refusals
            booked = sum(counts[reason] for reason in range(len(refusal.NAMES)))
            if booked != self._came[number]:
                self._world.violate(
                    "accounts", f"node {number} took {self._came[number]} and booked {booked}"
                )
