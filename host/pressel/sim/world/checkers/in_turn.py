"""Who waits talks in turn: the floor goes to nobody while another waits in a higher lane, or in the
same lane for longer, by the order in which a leader got the requests; a preempted talker waits
behind emergencies only. Who leaves, or has not said for long that it still waits, has no turn, and
what waited under another leader, or while it stood still, may have lost its place.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ptt.base import events
from ptt.base.numbers import QUEUE_KEEPALIVE_MS
from ptt.wire import codec, envelope
from ptt.wire.messages import (
    FLOOR_DENIED,
    FLOOR_GRANT,
    FLOOR_QUEUED,
    FLOOR_RELEASE,
    FLOOR_REQUEST,
    FLOOR_REVOKED,
    HELLO,
    LANE_PRIORITY,
    REVOCATION_PREEMPTED,
)

from .. import record

if TYPE_CHECKING:
    from ..world import World

_ASKS = (FLOOR_REQUEST, FLOOR_RELEASE)
_ANSWERS = (FLOOR_QUEUED, FLOOR_GRANT, FLOOR_DENIED, FLOOR_REVOKED)
# A leader forgets a place after three; clocks differ, and a datagram may be refused.
_SURE_US = 5 * QUEUE_KEEPALIVE_MS * 1000 // 2
_TURNED = (record.CRASHED, record.PAUSED, record.RESUMED, record.CLOCK_STEPPED)  # of a leader
_BEFORE_ALL = 0  # the turn of who was preempted; whoever asks has one above


class Press:
    """The newest request of a session that a leader has got: number, lane, and when in turn."""

    def __init__(self, group: int, request: int, lane: int, turn: int) -> None:
        self.group = group
        self.request = request
        self.lane = lane
        self.turn = turn
        self.seen_us = 0  # that it came last
        self.is_waiting = False
        self.is_preempted = False

    def is_before(self, other: Press) -> bool:
        if self.lane != other.lane:
            return self.lane > other.lane
        return self.turn < other.turn


class Queue:
    """What one leader knows of who waits."""

    def __init__(self) -> None:
        self.presses: dict[int, Press] = {}  # by session
        self.came: tuple[int, Any] | None = None  # when, and what; it may yet be refused
        self.lease = 0  # the newest
        self.turn = _BEFORE_ALL
        self.blind_us = -1  # what came at this time was taken together, and answered then


class InTurn:
    """Follows requests that leaders get, and what they answer."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._queues: dict[int, Queue] = {}  # by host
        self._node_of: dict[int, int] = {}  # by session
        self._member_of: dict[int, int] = {}
        self._doubtful: set[int] = set()  # sessions whose place another leader may have told
        self._gone: set[int] = set()  # sessions whose device has begun to join anew
        for kind, watcher in (
            (record.SENT, self._on_sent),
            (record.LOST, self._on_lost),
            (record.DELIVERED, self._on_delivered),
            (record.REFUSED, self._on_refused),
            (record.EVENT, self._on_event),
            (record.LEADS, self._on_leads),
            (record.FAULT, self._on_fault),
        ):
            world.record.watch(kind, watcher)

    # --- what happens ---

    def _on_leads(self, now_us: int, node: int, leads: int, term: int, value: Any) -> None:
        self._forget()

    def _on_fault(self, now_us: int, node: int, fault: int, b: int, detail: Any) -> None:
        if fault in _TURNED and self._world.nodes[node].is_wired:
            self._forget()
            if fault == record.RESUMED:
                self._queues.setdefault(node, Queue()).blind_us = now_us

    def _forget(self) -> None:
        self._queues.clear()
        self._doubtful.update(self._node_of)

    def _on_delivered(self, now_us: int, node: int, source: int, size: int, data: Any) -> None:
        if size <= envelope.HEADER_BYTES or data[envelope.TYPE_AT] not in _ASKS:
            return
        if self._world.nodes[node].is_wired:
            queue = self._queues.setdefault(node, Queue())
            self._take(queue)
            queue.came = (now_us, data)

    def _on_refused(self, now_us: int, node: int, reason: int, b: int, data: Any) -> None:
        queue = self._queues.get(node)
        if queue is not None and queue.came is not None and queue.came[1] is data:
            queue.came = None

    def _on_lost(self, now_us: int, node: int, to: int, reason: int, data: Any) -> None:
        if reason == record.BY_MEMORY:
            self._on_sent(now_us, node, to, len(data), data)

    def _on_sent(self, now_us: int, node: int, to: int, size: int, data: Any) -> None:
        kind = data[envelope.TYPE_AT]
        if kind in _ANSWERS:
            queue = self._queues.get(node)
            if queue is not None:
                self._take(queue)
                if queue.blind_us != now_us:
                    self._on_answer(now_us, node, queue, kind, data)
        elif kind == FLOOR_REQUEST:
            session = envelope.session_id(data)
            self._node_of[session] = node
            self._member_of[session] = envelope.get16(data, envelope.SOURCE_AT)
        elif kind == HELLO:
            stage = self._world.stage
            devices = (node, stage.twin_of) if node == stage.twin else (node,)
            if node == stage.twin_of:
                devices = (node, stage.twin)
            self._gone.update(each for each, of in self._node_of.items() if of in devices)

    def _on_event(self, now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind not in (events.FLOOR_GRANTED, events.MEMBER_LEFT):
            return
        queue = self._queues.get(node)
        if queue is not None:
            self._take(queue)
            member = value[0] if kind == events.FLOOR_GRANTED else value
            for session, press in queue.presses.items():
                if self._member_of.get(session) == member:
                    press.is_waiting = False

    # --- what it means ---

    def _take(self, queue: Queue) -> None:
        """What came last was accepted."""
        if queue.came is None:
            return
        (now_us, data), queue.came = queue.came, None
        session = envelope.session_id(data)
        if now_us == queue.blind_us:
            self._doubtful.add(session)
            queue.presses.pop(session, None)
            return
        if data[envelope.TYPE_AT] == FLOOR_RELEASE:
            press = queue.presses.pop(session, None)
            if press is not None and press.request == _fields(data)[1]:
                self._doubtful.discard(session)
            return
        group, request, lane, _ = _fields(data)
        press = queue.presses.get(session)
        if press is not None and press.is_waiting and now_us - press.seen_us >= _SURE_US:
            self._doubtful.add(session)  # its place may have been forgotten meanwhile
        if press is None or press.group != group:
            queue.turn += 1
            press = queue.presses[session] = Press(group, request, lane, queue.turn)
        elif request == press.request:
            if lane > press.lane:
                self._ask_anew(queue, press, lane)
        elif (press.request - request) & 0xFFFF < 0x8000:
            return  # it came late
        else:
            press.request = request
            if lane != press.lane or not press.is_waiting:
                self._ask_anew(queue, press, lane)
        press.seen_us = now_us

    def _ask_anew(self, queue: Queue, press: Press, lane: int) -> None:
        queue.turn += 1
        press.turn = queue.turn
        press.lane = lane
        press.is_preempted = False

    def _on_answer(self, now_us: int, node: int, queue: Queue, kind: int, data: Any) -> None:
        session = envelope.session_id(data)
        press = queue.presses.get(session)
        fields = _fields(data)
        if kind == FLOOR_GRANT:
            lease = fields[3]
            if lease > queue.lease:
                queue.lease = lease
                if press is not None and self._is_sure(session):
                    self._judge(now_us, node, queue, session, press)
            if press is not None:
                press.is_waiting = press.is_preempted = False
                if press.request == fields[1]:
                    self._doubtful.discard(session)
        elif press is None:
            return
        elif kind == FLOOR_REVOKED:
            press.is_waiting = False
            press.is_preempted = fields[3] == REVOCATION_PREEMPTED
        elif press.request != fields[1] or kind == FLOOR_DENIED:
            press.is_waiting = False
        else:
            if press.is_preempted and not press.is_waiting:
                press.lane, press.turn = LANE_PRIORITY, _BEFORE_ALL
                press.seen_us = now_us
            press.is_waiting = True

    def _judge(self, now_us: int, node: int, queue: Queue, session: int, granted: Press) -> None:
        for other, press in queue.presses.items():
            if (
                other != session
                and press.is_waiting
                and press.group == granted.group
                and now_us - press.seen_us < _SURE_US
                and self._is_sure(other)
                and press.is_before(granted)
            ):
                self._world.violate(
                    "in turn",
                    f"leader {node} gives the floor to node {self._node_of[session]} in lane "
                    f"{granted.lane}, while node {self._node_of[other]} waits before it in lane "
                    f"{press.lane}",
                )

    def _is_sure(self, session: int) -> bool:
        return (
            session not in self._doubtful and session not in self._gone and session in self._node_of
        )

    def finish(self) -> None:
        """Nothing is left to look at."""


def _fields(data: Any) -> list[Any]:
    at = envelope.HEADER_BYTES
    end = at + envelope.get16(data, envelope.LENGTH_AT)
    return codec.decode(data[envelope.TYPE_AT], data, at, end)
