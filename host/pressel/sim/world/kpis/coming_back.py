"""How fast all is well again after a listener joins a burst, a leader is lost, a network heals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pressel.spread import Spread
from ptt.base import events

from .. import record
from ..people import marker
from ..venue import LEADER

if TYPE_CHECKING:
    from ..world import World


class ComingBack:
    """Late entry: joined while somebody talks, to the first frame heard. Failover: leader crashed
    in a burst, to a frame that its talker said afterwards. Reconnect: the cause of an absence is
    over, to joined. Of a cluster besides, election: its leader crashed, to another one leading; and
    how many listeners never heard the talker of a crash again."""

    def __init__(self, world: World) -> None:
        self._is_v1 = world.spec["protocol"] == "v1"
        self._has_standbys = world.standbys > 0
        self._nodes = world.nodes
        self._election = Spread()
        self._dead_us = -1  # when the leader crashed that nobody has followed yet
        self._unheard = 0
        self._has_led: dict[int, bool] = {}  # hosts of a cluster
        self._entry, self._failover, self._reconnect = Spread(), Spread(), Spread()
        self._talking: set[int] = set()
        self._entered_us: dict[int, int] = {}  # listener -> joined while somebody talked
        self._away: set[int] = set()  # nodes that were members once and are not
        self._back_us: dict[int, int] = {}  # node -> when the last obstacle went
        self._killed_us = -1
        self._killed_talker = -1
        self._waiting: set[int] = set()  # listeners that have not heard the talker again
        self._starts = 0  # of leaders
        self._joined: set[int] = set()
        for kind, watcher in (
            (record.EVENT, self._on_event),
            (record.FAULT, self._on_fault),
            (record.STARTED, self._on_started),
            (record.TALKING, self._on_talking),
            (record.PLAYED, self._on_played),
            (record.SPOKEN, self._on_spoken),
            (record.LEADS, self._on_leads),
        ):
            world.record.watch(kind, watcher)
        self._spoken_us: dict[int, int] = {}  # frames said since the leader was killed

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED:
            self._joined.add(node)
            if node in self._away:
                self._away.discard(node)
                back_us = self._back_us.pop(node, -1)
                if back_us >= 0:
                    self._reconnect.add(now_us - back_us)
            if self._talking - {node}:
                self._entered_us[node] = now_us
        elif kind == events.LOST:
            self._joined.discard(node)
            self._away.add(node)
            self._entered_us.pop(node, None)

    def _on_fault(self, now_us: int, node: int, kind: int, b: int, detail: Any) -> None:
        if kind == record.CRASHED and self._is_host(node):
            if not self._has_led.pop(node, node == LEADER):
                return
            self._back_us.clear()
            self._dead_us = now_us
            self._unheard += len(self._waiting)
            self._waiting = set()
            if len(self._talking) == 1:
                (self._killed_talker,) = self._talking
                self._killed_us = now_us
                self._spoken_us.clear()
                self._waiting = self._joined - {self._killed_talker}
        elif kind == record.CRASHED:
            self._entered_us.pop(node, None)
            if node in self._joined:
                self._joined.discard(node)
                self._away.add(node)
            self._back_us.pop(node, None)
        elif kind in (record.CUT, record.ROAMING):
            self._forget(node if kind == record.ROAMING else -1)
        elif kind in (record.RESTARTED, record.ROAMED) and not self._is_host(node):
            self._back_us[node] = now_us
        elif kind == record.HEALED:
            self._all_back(now_us)

    def _on_started(self, now_us: int, node: int, is_again: int, b: int, detail: Any) -> None:
        if node == LEADER and not self._has_standbys:
            self._starts += 1
            if is_again:
                self._all_back(now_us)

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, detail: Any) -> None:
        self._has_led[node] = leads == 1
        if leads:
            self._starts += 1
            if self._dead_us >= 0:
                self._election.add(now_us - self._dead_us)
                self._dead_us = -1
            if self._starts > 1:
                self._all_back(now_us)

    def _is_host(self, node: int) -> bool:
        return node == LEADER or self._nodes[node].is_wired

    def _forget(self, node: int) -> None:
        if node >= 0:
            self._back_us.pop(node, None)
        else:
            self._back_us.clear()

    def _all_back(self, now_us: int) -> None:
        for node in self._joined | self._away:
            self._back_us[node] = now_us

    def _on_talking(self, now_us: int, node: int, is_talking: int, b: int, detail: Any) -> None:
        if is_talking:
            self._talking.add(node)
        else:
            self._talking.discard(node)
            if not self._talking:
                self._entered_us.clear()

    def _on_spoken(self, now_us: int, node: int, number: int, frame: int, start_us: Any) -> None:
        if self._waiting and node == self._killed_talker and start_us > self._killed_us:
            self._spoken_us[marker.frame_id(node, number, frame)] = start_us

    def _on_played(self, now_us: int, node: int, frame: int, delay_us: int, detail: Any) -> None:
        entered_us = self._entered_us.pop(node, -1)
        if entered_us >= 0:
            self._entry.add(now_us + delay_us - entered_us)
        if node in self._waiting and frame in self._spoken_us:
            self._waiting.discard(node)
            self._failover.add(now_us + delay_us - self._killed_us)

    def figures(self) -> dict[str, Any]:
        of_cluster = {
            "election_ms": self._election.figures(),
            "unheard_after_a_kill": self._unheard + len(self._waiting),
        }
        figures = {
            "late_entry_ms": self._entry.figures(),
            "failover_ms": self._failover.figures(),
            "reconnect_ms": self._reconnect.figures(),
            "elections": None if self._is_v1 else max(0, self._starts - 1),
        }
        return {**figures, **of_cluster} if self._has_standbys else figures
