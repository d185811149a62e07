"""The leader's side of floor control: one talk group, one lease at a time. The floor is decided
here and nowhere else.

Members are node numbers. What a decision means on the wire is left to the owner's
`ArbitratorOutput`. First come, first served in each of the `lanes`; an emergency takes the floor
from a holder in a lower lane. Lease numbers only rise, across all groups of a leader, so that
(term, lease) orders everything that is ever said about a floor.
"""

from ...base.clock import NEVER, add, age, earliest, since
from ...base.compat import TYPE_CHECKING, const
from ...base.defaults import TALK_MS
from ...base.numbers import (
    GRANT_REPEAT_MS,
    LEASE_MS,
    QUEUE_KEEPALIVE_MS,
    QUEUE_MAX,
    TAIL_GRACE_MS,
)
from ...base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ...wire.messages import (
    DENIAL_QUEUE_FULL,
    DENIAL_STALE,
    LANE_EMERGENCY,
    LANE_ROUTINE,
    REVOCATION_CALL_ENDED,
    REVOCATION_PREEMPTED,
    REVOCATION_SILENT,
    REVOCATION_TALK_LIMIT,
)
from . import lanes
from .lanes import Waiting

if TYPE_CHECKING:
    from typing import Protocol

    class FloorSettings(Protocol):
        """What the venue's settings say about floors; a flag is 0 or 1."""

        talk_ms: int
        queue_places: int
        preemption: int

    class ArbitratorOutput(Protocol):
        """What the arbitrator needs sent; `group` is its own."""

        def next_lease(self) -> int: ...
        def grant(self, group: int, node: int, request: int, lease: int, now_ms: int) -> None: ...
        def queued(
            self, group: int, node: int, request: int, position: int, now_ms: int
        ) -> None: ...
        def denied(self, group: int, node: int, request: int, reason: int, now_ms: int) -> None: ...
        def revoked(self, group: int, node: int, lease: int, reason: int, now_ms: int) -> None: ...
        def taken(self, group: int, lease: int, talker: int, now_ms: int) -> None: ...
        def idle(self, group: int, lease: int, now_ms: int) -> None: ...
        def idle_to(self, group: int, node: int, lease: int, now_ms: int) -> None: ...
        def freed(self, group: int, talker: int, lease: int, cause: int, now_ms: int) -> None: ...
        def floor_changed(self, group: int) -> None: ...


# States (TS 24.380 section 6.3: floor control arbitration logic)
FLOOR_IDLE = const(0)
FLOOR_TAKEN = const(1)
STATES = ("floor idle", "floor taken")

# Triggers; "holder" is who has the lease, "other" anybody else
REQUEST = const(0)  # a new request while nobody talks, or the next in the queue
REQUEST_HOLDER = const(1)  # the holder's own request again
REQUEST_OTHER = const(2)
RELEASE_HOLDER = const(3)
SILENT = const(4)  # no voice for a whole lease
TALK_LIMIT = const(5)
HOLDER_LEFT = const(6)
UNHEARD = const(7)  # granted, but no voice yet
EMERGENCY = const(8)  # of another, while the holder has no emergency
CLOSED = const(9)  # the group is gone: a private call has ended, or this leader no longer leads
CLAIM = const(10)  # voice under a newer lease of the term before, which no standby had heard of
TRIGGERS = (
    "request",
    "request of the holder",
    "request of another",
    "release by the holder",
    "lease expired",
    "talk limit",
    "holder left",
    "grant unheard",
    "emergency of another",
    "group closed",
    "burst of the term before",
)

_KEPT = (
    "state",
    "holder",
    "lease",
    "request",
    "lane",
    "talk_ms",
    "_is_heard",
    "_tail_node",
    "_tail_lease",
    "_claimed",
)

RULES = (
    (FLOOR_IDLE, REQUEST, FLOOR_TAKEN, "grant"),  # first come, first served
    (FLOOR_TAKEN, REQUEST_HOLDER, FLOOR_TAKEN, "repeat_grant"),  # the grant was lost
    (FLOOR_TAKEN, REQUEST_OTHER, FLOOR_TAKEN, "enqueue"),  # or say again at which place
    (FLOOR_TAKEN, EMERGENCY, FLOOR_TAKEN, "preempt"),  # the former holder talks on afterwards
    (FLOOR_TAKEN, UNHEARD, FLOOR_TAKEN, "repeat_grant"),  # a queued badge asks rarely
    (FLOOR_TAKEN, RELEASE_HOLDER, FLOOR_IDLE, "free"),  # the next in the queue follows at once
    (FLOOR_TAKEN, SILENT, FLOOR_IDLE, "revoke_silent"),  # out of reach, or its battery is empty
    (
        FLOOR_TAKEN,
        TALK_LIMIT,
        FLOOR_IDLE,
        "revoke_limit",
    ),  # a stuck button must not mute a venue
    (FLOOR_TAKEN, HOLDER_LEFT, FLOOR_IDLE, "free"),  # it joined anew, or was not heard for long
    (FLOOR_TAKEN, CLOSED, FLOOR_IDLE, "revoke_closed"),
    (FLOOR_IDLE, CLAIM, FLOOR_TAKEN, "adopt"),  # granted in the instant in which the leader died
    (FLOOR_TAKEN, CLAIM, FLOOR_TAKEN, "adopt"),  # its holder was not heard: that burst had ended
)
_RULES = compile_rules(RULES)

REQUEST_UNKNOWN = const(-1)  # of a burst that was claimed: its voice does not say it
_QUEUE_TTL_MS = 3 * QUEUE_KEEPALIVE_MS  # two keep-alives may be lost


class Arbitrator:
    """The floor of talk group `group`."""

    def __init__(self, group: int, output: "ArbitratorOutput") -> None:
        self.group = group
        self._output = output
        self.state = FLOOR_IDLE
        self.talk_ms = TALK_MS  # longest burst, as the settings have it
        self.places = QUEUE_MAX  # in the queue, as they have it
        self.may_preempt = True  # may an emergency take the floor from its holder?
        self.granted_ms = 0  # longest that the running burst may last: settings may change
        self.holder = 0  # node that may talk, 0 when idle
        self.lease = 0  # running, or the last one
        self.queue: list[Waiting] = []
        self.request = 0  # the holder's
        self.lane = LANE_ROUTINE  # the holder's
        self._over = {}  # node -> its last request that is over; as many as members
        self.begun_ms = 0  # when the holder got it
        self._voice_ms = 0  # last voice of the holder, or the grant
        self._repeat_ms = 0
        self._is_heard = False
        self._tail_node = 0  # who released last, and when: its voice may still arrive
        self._tail_lease = 0
        self._freed_ms = 0
        self._closing = REVOCATION_CALL_ENDED  # why the group is closed
        self._claimed = 0  # lease that is being claimed

    # --- all of it, for whoever looks at every state that there is ---

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock, as values that compare and hash."""
        queue = [(each.node, each.request, each.lane, each.order) for each in self.queue]
        over = sorted(self._over.items())
        granted_ms = self.granted_ms if self.holder else 0
        kept = tuple([getattr(self, name) for name in _KEPT])
        return kept + (granted_ms, tuple(queue), tuple(over))

    def restore(self, snapshot: "tuple", now_ms: int) -> None:
        """Be as `snapshot` says. Whatever waits for a time begins to wait now."""
        for index in range(len(_KEPT)):
            setattr(self, _KEPT[index], snapshot[index])
        self.granted_ms, queue, over = snapshot[len(_KEPT) :]
        self.queue = [
            Waiting(node, request, lane, order, now_ms) for node, request, lane, order in queue
        ]
        self._over = dict(over)
        self.begun_ms = self._voice_ms = self._repeat_ms = self._freed_ms = now_ms

    # --- a leader that goes on where another was interrupted ---

    def take_over(
        self,
        lease: int,
        burst: "tuple[int, ...]",
        queue: "list[tuple[int, int, int, int]]",
        now_ms: int,
    ) -> None:
        """Take over a floor. `burst`: holder (0: nobody), its request, when it began, how long it
        may last, and its lane (or nothing for routine). `queue`: (order, node, request, lane).

        The holder has a whole lease from now on to be heard again; its grant is repeated."""
        self.lease = lease
        for order, node, request, lane in queue:
            lanes.insert(self.queue, Waiting(node, request, lane, order, now_ms))
        holder, request, begun_ms, granted_ms = burst[0:4]
        if holder:
            self.state = FLOOR_TAKEN
            self.holder = holder
            self.request = request
            self.lane = burst[4] if len(burst) > 4 else LANE_ROUTINE
            self.begun_ms = begun_ms
            self.granted_ms = granted_ms
            self._voice_ms = now_ms
            self._is_heard = False
            self._do_repeat_grant(holder, request, self.lane, now_ms)
        elif self.queue:
            self._pass_on(now_ms)

    def end_request(self, node: int, request: int) -> None:
        """`request` was over before the takeover, or never reached a floor: neither its repetition
        nor an older one counts as new."""
        self._over[node] = request

    def claim(self, node: int, lease: int, now_ms: int) -> bool:
        """Voice of `node` names a lease of the term before that is newer than any known here. May
        it go on? Never while a holder is heard: nobody is cut off on another's word."""
        if lease <= self.lease or (self.holder and self._is_heard):
            return False
        self._claimed = lease
        self._fire(CLAIM, node, REQUEST_UNKNOWN, now_ms)
        return True

    def waiting(self, node: int) -> "Waiting | None":
        """The place of `node` in the queue."""
        place = self._place_of(node)
        return self.queue[place - 1] if place else None

    def knows(self, node: int, request: int) -> bool:
        """Does this request hold the floor or a place?"""
        if node == self.holder:
            return request == self.request
        waiting = self.waiting(node)
        return waiting is not None and waiting.request == request

    def obey(self, settings: "FloorSettings") -> None:
        """From the next grant and request on; who waits already keeps the place."""
        self.talk_ms = settings.talk_ms
        self.places = settings.queue_places
        self.may_preempt = settings.preemption == 1

    # --- what members say ---

    def on_request(self, node: int, request: int, now_ms: int, lane: int = LANE_ROUTINE) -> None:
        """FLOOR_REQUEST: new, repeated, or the keep-alive of somebody who waits."""
        if self._is_over(node, request) or self._is_before_waiting(node, request):
            self._answer_ended(node, request, now_ms)  # a press that came late changes nothing
        elif node != self.holder:
            self._ask(node, request, lane, now_ms)
        elif request == self.request:
            self._raise_holder(lane)
            self._fire(REQUEST_HOLDER, node, request, now_ms)
        elif self._is_before_holders(request):
            self._answer_ended(node, request, now_ms)
        else:  # a new press: it says that the burst before is over
            self._fire(RELEASE_HOLDER, node, request, now_ms)
            self._pass_on(now_ms)
            self._ask(node, request, lane, now_ms)

    def _ask(self, node: int, request: int, lane: int, now_ms: int) -> None:
        """A press of somebody who does not hold the floor."""
        if self.state == FLOOR_IDLE:
            self._fire(REQUEST, node, request, now_ms, lane)
        elif lane == LANE_EMERGENCY and self.lane != LANE_EMERGENCY and self.may_preempt:
            self._fire(EMERGENCY, node, request, now_ms, lane)
        else:
            self._fire(REQUEST_OTHER, node, request, now_ms, lane)

    def close(self, now_ms: int, reason: int = REVOCATION_CALL_ENDED) -> None:
        """The group is gone: nobody waits or talks any more."""
        self.queue = []
        self._closing = reason
        self._fire(CLOSED, self.holder, 0, now_ms)

    def on_release(self, node: int, request: int, now_ms: int) -> None:
        """FLOOR_RELEASE: of the floor or of a place in the queue; anything else is answered."""
        if not self._is_over(node, request):
            self._over[node] = request
        if node == self.holder and self.request in (request, REQUEST_UNKNOWN):
            self._fire(RELEASE_HOLDER, node, request, now_ms)
            self._pass_on(now_ms)  # what all are told then answers the release too
            return
        place = self._place_of(node)
        if place and self._is_over(node, self.queue[place - 1].request):
            self._leave_queue(place, now_ms)
        self._answer_ended(node, request, now_ms)

    def on_voice(self, node: int, lease: int, now_ms: int) -> bool:
        """May this voice be relayed? The holder's renews the lease."""
        if node == self.holder and lease == self.lease:
            self._voice_ms = now_ms
            self._is_heard = True
            return True
        return (
            node == self._tail_node
            and lease == self._tail_lease
            and age(now_ms, self._freed_ms) <= TAIL_GRACE_MS
        )

    def on_member_left(self, node: int, now_ms: int) -> None:
        place = self._place_of(node)
        if place:
            self._leave_queue(place, now_ms)
        if node == self.holder:
            self._fire(HOLDER_LEFT, node, 0, now_ms)
            self._pass_on(now_ms)
        self._over.pop(node, None)  # its number may be somebody else's one day

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        self._drop_vanished(now_ms)
        if self.state != FLOOR_TAKEN:
            return
        if since(now_ms, self.begun_ms) >= self.granted_ms:
            self._fire(TALK_LIMIT, self.holder, 0, now_ms)
            self._pass_on(now_ms)
        elif since(now_ms, self._voice_ms) >= LEASE_MS:
            self._fire(SILENT, self.holder, 0, now_ms)
            self._pass_on(now_ms)
        elif not self._is_heard and since(now_ms, self._repeat_ms) >= 0:
            self._fire(UNHEARD, self.holder, self.request, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        if self.state != FLOOR_TAKEN:
            return NEVER  # a queue exists only behind a holder
        due = earliest(add(self._voice_ms, LEASE_MS), add(self.begun_ms, self.granted_ms))
        if not self._is_heard:
            due = earliest(due, self._repeat_ms)
        for waiting in self.queue:
            due = earliest(due, add(waiting.seen_ms, _QUEUE_TTL_MS))
        return due

    # --- rules ---

    def _fire(
        self, trigger: int, node: int, request: int, now_ms: int, lane: int = LANE_ROUTINE
    ) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        lease = self.lease
        getattr(self, "_do_" + _RULES[1][cell & ACTION_MASK])(node, request, lane, now_ms)
        assert self.lease >= lease, "a lease went back"
        assert self._is_sound(), "the floor has a holder that it must not have"

    def _is_sound(self) -> bool:
        """What always holds between two rules."""
        waiting = [each.node for each in self.queue]
        return (
            (self.state == FLOOR_TAKEN) == (self.holder != 0)
            and self.holder not in waiting
            and len(waiting) == len(set(waiting)) <= QUEUE_MAX
        )

    def _raise_holder(self, lane: int) -> None:
        if lane > self.lane:
            self.lane = lane
            self._output.floor_changed(self.group)

    def _do_grant(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self.holder = node
        self.request = request
        self.lane = lane
        lease = self._output.next_lease()
        assert lease > self.lease, "two bursts under one lease"
        self.lease = lease
        self.begun_ms = now_ms
        self.granted_ms = self.talk_ms
        self._voice_ms = now_ms
        self._is_heard = False
        self._do_repeat_grant(node, request, lane, now_ms)
        self._output.taken(self.group, self.lease, node, now_ms)
        self._output.floor_changed(self.group)

    def _do_repeat_grant(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self._repeat_ms = add(now_ms, GRANT_REPEAT_MS)
        if request != REQUEST_UNKNOWN:  # who claimed the floor needs no grant
            self._output.grant(self.group, node, request, self.lease, now_ms)

    def _do_enqueue(self, node: int, request: int, lane: int, now_ms: int) -> None:
        place = self._place_of(node)
        waiting = self.waiting(node)
        if waiting is not None and self._keeps_place(waiting, request, lane):
            if waiting.request != request:
                waiting.request = request
                self._output.floor_changed(self.group)
            waiting.seen_ms = now_ms
            self._output.queued(self.group, node, request, place, now_ms)
            return
        if place:
            self.queue.pop(place - 1)
        elif len(self.queue) >= self.places and not self._make_room(lane, now_ms):
            self._over[node] = request
            self._output.denied(self.group, node, request, DENIAL_QUEUE_FULL, now_ms)
            return
        self._join_queue(Waiting(node, request, lane, lanes.next_order(self.queue), now_ms), now_ms)

    def _keeps_place(self, waiting: Waiting, request: int, lane: int) -> bool:
        """The same request never falls back; a new one keeps its place only in the same lane."""
        if waiting.request == request:
            return lane <= waiting.lane
        return lane == waiting.lane

    def _make_room(self, lane: int, now_ms: int) -> bool:
        """A full queue of lower lanes must not keep an emergency out."""
        last = self.queue[-1]
        if lane <= last.lane:
            return False
        self.queue.pop()
        self._over[last.node] = last.request
        self._output.denied(self.group, last.node, last.request, DENIAL_QUEUE_FULL, now_ms)
        return True

    def _join_queue(self, waiting: Waiting, now_ms: int) -> None:
        """Give a new place, and tell those behind it theirs."""
        place = lanes.insert(self.queue, waiting)
        self._tell_positions(now_ms, place)
        self._output.floor_changed(self.group)

    def _do_preempt(self, node: int, request: int, lane: int, now_ms: int) -> None:
        """An emergency: the holder stops and waits, behind other emergencies only."""
        place = self._place_of(node)
        if place:
            self.queue.pop(place - 1)
        talker, its_request = self.holder, self.request
        self._output.revoked(self.group, talker, self.lease, REVOCATION_PREEMPTED, now_ms)
        self._empty(0, REVOCATION_PREEMPTED, now_ms)
        if len(self.queue) >= self.places:
            self._make_room(LANE_EMERGENCY, now_ms)
        if its_request != REQUEST_UNKNOWN:  # without one there is no place
            lanes.insert(self.queue, lanes.preempted(talker, its_request, now_ms))
        self._do_grant(node, request, lane, now_ms)
        self._tell_positions(now_ms)

    def _do_revoke_silent(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self._revoke(node, REVOCATION_SILENT, now_ms)

    def _do_revoke_limit(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self._revoke(node, REVOCATION_TALK_LIMIT, now_ms)

    def _do_revoke_closed(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self._revoke(node, self._closing, now_ms)

    def _do_adopt(self, node: int, request: int, lane: int, now_ms: int) -> None:
        place = self._place_of(node)
        if place:
            self.queue.pop(place - 1)
        if self.holder:
            self._vacate(0, 0, now_ms)
        self._over.pop(node, None)
        self.holder = node
        self.request = request
        self.lane = LANE_ROUTINE
        self.lease = self._claimed
        self.begun_ms = now_ms
        self.granted_ms = self.talk_ms
        self._voice_ms = now_ms
        self._is_heard = True
        self._output.taken(self.group, self.lease, node, now_ms)
        self._tell_positions(now_ms)
        self._output.floor_changed(self.group)

    def _revoke(self, node: int, reason: int, now_ms: int) -> None:
        self._output.revoked(self.group, node, self.lease, reason, now_ms)
        self._vacate(0, reason, now_ms)

    def _do_free(self, node: int, request: int, lane: int, now_ms: int) -> None:
        self._vacate(node, 0, now_ms)

    def _vacate(self, tail_node: int, cause: int, now_ms: int) -> None:
        if self.request != REQUEST_UNKNOWN:
            self._over[self.holder] = self.request
        self._empty(tail_node, cause, now_ms)

    def _empty(self, tail_node: int, cause: int, now_ms: int) -> None:
        talker, self.holder = self.holder, 0  # whatever becomes of what is told
        self._tail_node = tail_node
        self._tail_lease = self.lease
        self._freed_ms = now_ms
        self._output.freed(self.group, talker, self.lease, cause, now_ms)
        self._output.floor_changed(self.group)

    def _pass_on(self, now_ms: int) -> None:
        """The floor has become free: the next in the queue talks, or all hear that it is idle."""
        if self.state != FLOOR_IDLE:
            return
        self._drop_vanished(now_ms)
        if not self.queue:
            self._output.idle(self.group, self.lease, now_ms)
            return
        first = self.queue.pop(0)
        self._fire(REQUEST, first.node, first.request, now_ms, first.lane)
        self._tell_positions(now_ms)

    def _is_over(self, node: int, request: int) -> bool:
        """Is `request` the last one that ended, or older (a datagram that came very late)?"""
        over = self._over.get(node)
        return over is not None and (over - request) & 0xFFFF < 0x8000

    def _is_before_holders(self, request: int) -> bool:
        return self.request != REQUEST_UNKNOWN and (self.request - request) & 0xFFFF < 0x8000

    def _is_before_waiting(self, node: int, request: int) -> bool:
        waiting = self.waiting(node)
        return waiting is not None and 0 < (waiting.request - request) & 0xFFFF < 0x8000

    # --- the queue ---

    def _place_of(self, node: int) -> int:
        """1 for the next to talk, 0 for nobody in the queue."""
        for index in range(len(self.queue)):
            if self.queue[index].node == node:
                return index + 1
        return 0

    def _leave_queue(self, place: int, now_ms: int) -> None:
        self.queue.pop(place - 1)
        self._tell_positions(now_ms)
        self._output.floor_changed(self.group)

    def _drop_vanished(self, now_ms: int) -> None:
        kept = []
        for waiting in self.queue:
            if since(now_ms, waiting.seen_ms) < _QUEUE_TTL_MS:
                kept.append(waiting)
        if len(kept) != len(self.queue):
            self.queue = kept
            self._tell_positions(now_ms)
            self._output.floor_changed(self.group)

    def _tell_positions(self, now_ms: int, first: int = 1) -> None:
        """Tell everybody from position `first` on."""
        for index in range(first - 1, len(self.queue)):
            waiting = self.queue[index]
            self._output.queued(self.group, waiting.node, waiting.request, index + 1, now_ms)

    def _answer_ended(self, node: int, request: int, now_ms: int) -> None:
        """Tell somebody whose request is over how the floor stands now."""
        if self.state == FLOOR_IDLE:
            self._output.idle_to(self.group, node, self.lease, now_ms)
        else:
            self._output.denied(self.group, node, request, DENIAL_STALE, now_ms)
