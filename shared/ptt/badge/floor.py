"""The badge's side of floor control: from the press of the button to the end of its burst.

A table of rules; what a rule does to the outside (send, tell, begin, finish) is left to the owner's
`FloorOutput`. Ordering: the leader's word about a (term, lease) older than one already seen is
stale and ignored.
"""

from ..base import events
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    QUEUE_KEEPALIVE_MS,
    REQUEST_RETRY_MS,
    REQUEST_RETRY_MS_MAX,
    REQUEST_TRIES_MAX,
    TALK_WARNING_MS,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..wire.messages import LANE_ROUTINE, REVOCATION_PREEMPTED

if TYPE_CHECKING:
    from typing import Protocol

    class FloorOutput(Protocol):
        """What the floor participant needs done."""

        def send_request(self, request: int, now_ms: int) -> None: ...
        def send_release(self, request: int, lease: int, now_ms: int) -> None: ...
        def burst_begins(self, lease: int, now_ms: int) -> None: ...
        def burst_discarded(self) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


# States (TS 24.380 section 6.2: the floor participant)
NO_PERMISSION = const(0)
PENDING_REQUEST = const(1)
QUEUED = const(2)
HAS_PERMISSION = const(3)
PENDING_RELEASE = const(4)
LET_GO = const(5)  # let go before the leader answered: what was said is sent when granted
FINISHING = const(6)  # let go while talking: the tail is still captured and sent
STATES = (
    "no permission",
    "pending request",
    "queued",
    "has permission",
    "pending release",
    "let go",
    "finishing",
)

# Triggers
PRESS = const(0)
RELEASE = const(1)
GRANT = const(2)
QUEUE = const(3)
DENY = const(4)
REVOKE = const(5)
MOVED_ON = const(6)  # the leader says that our burst or request is over
TIMEOUT = const(7)
GIVE_UP = const(8)  # the last repetition went unanswered
DRAINED = const(9)  # the last frame of the burst has been sent
LEADER_LOST = const(10)
NEW_LEADER = const(12)  # another leader continues where ours stopped: repeat to it what is open
PREEMPT = const(11)  # an emergency has the floor; our request waits its turn
TRIGGERS = (
    "press",
    "release",
    "grant",
    "queue",
    "deny",
    "revoke",
    "moved on",
    "timeout",
    "give up",
    "drained",
    "leader lost",
    "preempt",
    "new leader",
)

RULES = (
    (NO_PERMISSION, PRESS, PENDING_REQUEST, "request"),  # ask; speech is kept meanwhile
    (NO_PERMISSION, GRANT, PENDING_RELEASE, "give_back"),  # for a request given up: no use
    (NO_PERMISSION, PREEMPT, QUEUED, "wait"),  # heard first that another talks, then why
    (PENDING_REQUEST, GRANT, HAS_PERMISSION, "begin"),  # what was kept goes out first
    (PENDING_REQUEST, QUEUE, QUEUED, "wait"),  # the tone says wait: nothing is kept
    (PENDING_REQUEST, DENY, NO_PERMISSION, "deny"),  # with a reason
    (PENDING_REQUEST, RELEASE, LET_GO, ""),  # a short word must not be lost
    (PENDING_REQUEST, TIMEOUT, PENDING_REQUEST, "repeat_request"),  # request or answer was lost
    (PENDING_REQUEST, GIVE_UP, NO_PERMISSION, "no_answer"),  # told, so that nobody talks in vain
    (PENDING_REQUEST, LEADER_LOST, NO_PERMISSION, "no_leader"),  # likewise
    (PENDING_REQUEST, NEW_LEADER, PENDING_REQUEST, "ask_anew"),  # it may not have heard of it
    (LET_GO, GRANT, FINISHING, "begin"),  # the kept speech is the whole burst
    (LET_GO, QUEUE, PENDING_RELEASE, "cancel"),  # the button is up: nobody waits
    (LET_GO, DENY, NO_PERMISSION, "deny"),
    (LET_GO, PRESS, PENDING_REQUEST, ""),  # pressed again: the same request goes on
    (LET_GO, TIMEOUT, LET_GO, "repeat_request"),
    (LET_GO, GIVE_UP, NO_PERMISSION, "no_answer"),
    (LET_GO, LEADER_LOST, NO_PERMISSION, "no_leader"),
    (LET_GO, NEW_LEADER, LET_GO, "ask_anew"),
    (QUEUED, GRANT, HAS_PERMISSION, "begin"),  # the tone says talk
    (QUEUED, QUEUE, QUEUED, "wait"),  # a new position
    (QUEUED, DENY, NO_PERMISSION, "deny"),
    (QUEUED, RELEASE, PENDING_RELEASE, "cancel"),  # gave up waiting
    (QUEUED, TIMEOUT, QUEUED, "keep_place"),  # still waiting; asks again, which is idempotent
    (QUEUED, LEADER_LOST, NO_PERMISSION, "no_leader"),
    (QUEUED, NEW_LEADER, QUEUED, "keep_place"),
    (HAS_PERMISSION, RELEASE, FINISHING, ""),  # the tail is on its way from the microphone
    (HAS_PERMISSION, REVOKE, NO_PERMISSION, "revoke"),  # with a reason
    (HAS_PERMISSION, MOVED_ON, NO_PERMISSION, "revoke"),  # the revocation itself was lost
    (HAS_PERMISSION, PREEMPT, QUEUED, "yield_floor"),  # the button is still down: wait and go on
    (HAS_PERMISSION, LEADER_LOST, NO_PERMISSION, "no_leader"),
    (FINISHING, PRESS, HAS_PERMISSION, ""),  # talked on within the tail: the same burst
    (FINISHING, DRAINED, PENDING_RELEASE, "release"),  # the last frame is out
    (FINISHING, REVOKE, NO_PERMISSION, "revoke"),
    (FINISHING, MOVED_ON, NO_PERMISSION, "revoke"),
    (FINISHING, PREEMPT, PENDING_RELEASE, "yield_rest"),  # nobody holds the button any more
    (FINISHING, LEADER_LOST, NO_PERMISSION, "no_leader"),
    (PENDING_RELEASE, MOVED_ON, NO_PERMISSION, "released"),  # idle, or somebody else talks
    (PENDING_RELEASE, DENY, NO_PERMISSION, "released"),  # "that request is over"
    (PENDING_RELEASE, REVOKE, NO_PERMISSION, "released"),
    (PENDING_RELEASE, PREEMPT, PENDING_RELEASE, "cancel"),  # it crossed our release
    (PENDING_RELEASE, GRANT, PENDING_RELEASE, "give_back"),  # it crossed our release
    (PENDING_RELEASE, PRESS, PENDING_REQUEST, "request"),  # asking anew gives up the old
    (PENDING_RELEASE, TIMEOUT, PENDING_RELEASE, "repeat_release"),  # release or answer was lost
    (PENDING_RELEASE, GIVE_UP, NO_PERMISSION, "released"),  # the lease ends by itself
    (PENDING_RELEASE, LEADER_LOST, NO_PERMISSION, "released"),
    (PENDING_RELEASE, NEW_LEADER, PENDING_RELEASE, "release"),
)
_RULES = compile_rules(RULES)

# Denials that the badge decides itself; the leader's are in wire.messages
DENIED_NO_LEADER = const(128)
DENIED_NO_ANSWER = const(129)


class FloorParticipant:
    """One talk group's floor as one badge sees it."""

    def __init__(self, output: "FloorOutput") -> None:
        self._output = output
        self.state = NO_PERMISSION
        self.group = 0  # where the button talks, or asks to; 0: a call without a number yet
        self.request = 0  # id of the last press
        self.lease = 0  # ours while HAS_PERMISSION, FINISHING or PENDING_RELEASE
        self.position = 0  # in the queue
        self.seen_lease = 0  # newest lease heard of, anybody's
        self.talker = 0  # its holder, 0 when idle
        self.lane = LANE_ROUTINE  # of the request
        self._is_down = False  # the button, since the last press
        self._was_taken_away = False  # another talks, and the reason is not known yet
        self._is_warned = True  # of the end of the talk time, or there is nothing to warn of
        self._warn_ms = 0
        self._warn_left_ms = 0
        self._done_lease = 0  # our last burst that ended: its grant may still echo
        self._due_ms = 0
        self._retry_ms = 0
        self._tries = 0

    # --- the person ---

    def press(self, now_ms: int, lane: int = LANE_ROUTINE) -> None:
        """The button goes down; a second one in a higher lane lifts the request into it."""
        self._is_down = True
        self._was_taken_away = False
        if self.state == NO_PERMISSION or self.state == PENDING_RELEASE:
            self.lane = lane
        elif lane > self.lane:
            self.lane = lane
            self._output.send_request(self.request, now_ms)
        self._fire(PRESS, 0, now_ms)

    def release(self, now_ms: int) -> None:
        self._is_down = False
        self._was_taken_away = False
        self._fire(RELEASE, 0, now_ms)

    def wants_speech(self) -> bool:
        """True while what the microphone hears belongs to the burst, granted or not yet."""
        state = self.state
        return (
            state == HAS_PERMISSION
            or state == PENDING_REQUEST
            or state == FINISHING
            or state == LET_GO
        )

    def is_let_go(self) -> bool:
        """True when speech ends with the tail: the button is up, the burst not yet out."""
        return self.state == FINISHING or self.state == LET_GO

    def may_send(self) -> bool:
        return self.state == HAS_PERMISSION or self.state == FINISHING

    def drained(self, now_ms: int) -> None:
        """The burst's last frame is out."""
        self._fire(DRAINED, 0, now_ms)

    # --- the leader ---

    def on_grant(self, request: int, lease: int, now_ms: int, talk_ms: int = 0) -> bool:
        """FLOOR_GRANT for at most `talk_ms` (0: without end); False when stale."""
        if request != self.request or lease < self.seen_lease or lease <= self._done_lease:
            return False
        if self.may_send():
            return lease == self.lease  # a repetition
        self.seen_lease = lease
        self.talker = 0
        self._is_warned = talk_ms == 0
        if talk_ms:
            self._warn_left_ms = min(talk_ms, TALK_WARNING_MS)
            self._warn_ms = add(now_ms, talk_ms - self._warn_left_ms)
        self._fire(GRANT, lease, now_ms)
        return True

    def on_queued(self, request: int, position: int, now_ms: int) -> bool:
        if request != self.request:
            return False
        if self.state == QUEUED and position == self.position:
            return True
        if self.may_send() or (self.state == NO_PERMISSION and self._was_taken_away):
            self._fire(PREEMPT, position, now_ms)  # the owner knows that it is newer than the grant
        else:
            self._fire(QUEUE, position, now_ms)
        return True

    def on_denied(self, request: int, reason: int, now_ms: int) -> bool:
        if request != self.request:
            return False
        self._fire(DENY, reason, now_ms)
        return True

    def on_revoked(self, lease: int, reason: int, now_ms: int) -> bool:
        if lease != self.lease:
            return False
        if reason == REVOCATION_PREEMPTED:
            self._fire(PREEMPT, 1, now_ms)
        else:
            self._fire(REVOKE, reason, now_ms)
        return True

    def on_closed(self, reason: int, now_ms: int) -> None:
        """The group of our request is gone; `reason` is a denial's, if we did not talk yet."""
        if self.may_send():
            self._fire(REVOKE, reason, now_ms)
        else:
            self._fire(DENY, reason, now_ms)

    def on_floor(self, lease: int, talker: int, own_node: int, now_ms: int) -> bool:
        """The floor as reported by FLOOR_TAKEN, FLOOR_IDLE (talker 0), HEARTBEAT or voice."""
        if lease < self.seen_lease:
            return False
        is_ours = talker == own_node
        if self.state == PENDING_RELEASE:
            if self._has_moved_on(lease, talker, is_ours):
                self._fire(MOVED_ON, 0, now_ms)
        elif self.may_send() and (lease > self.lease or (talker == 0 and lease == self.lease)):
            self._was_taken_away = self._is_down and talker != 0
            self._fire(MOVED_ON, 0, now_ms)
        if is_ours:
            return True
        if lease == self.seen_lease and talker == self.talker:
            return True
        if lease == self.seen_lease and self.talker == 0 and lease != 0:
            return True  # arrived late: that burst has already ended
        self.seen_lease = lease
        self.talker = talker
        if talker:
            self._output.tell(events.TAKEN, (talker, lease))
        else:
            self._output.tell(events.IDLE, lease)
        return True

    def _has_moved_on(self, lease: int, talker: int, is_ours: bool) -> bool:
        """Has the leader seen our release? A place in the queue (lease 0) ends with its own answer,
        or certainly when nobody talks at all."""
        if self.lease == 0:
            return talker == 0
        return not is_ours or lease != self.lease

    def on_leader_lost(self, now_ms: int) -> None:
        self.talker = 0
        self._fire(LEADER_LOST, 0, now_ms)

    def on_new_leader(self, now_ms: int) -> None:
        """It continues the lease numbers of the leader before."""
        self._fire(NEW_LEADER, 0, now_ms)

    def restart(self) -> None:
        """A new term numbers its leases from the start."""
        self.seen_lease = 0
        self.talker = 0
        self._done_lease = 0

    def tune(self, group: int, lease: int, talker: int) -> None:
        """Another group, where `talker` (0: nobody) has or had `lease`."""
        self.group = group
        self.seen_lease = lease
        self.talker = talker

    # --- as values ---

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock, as values that compare and hash."""
        return (
            self.state,
            self.request,
            self.lease,
            self.position,
            self.seen_lease,
            self.talker,
            self._is_down,
            self._was_taken_away,
            self._done_lease,
            self.lane,
            self.group,
        )

    def restore(self, values: "tuple", now_ms: int, tries: int = 1) -> None:
        """Be as `values` say. What waits for an answer has been sent `tries` times and is due now;
        no warning of the end of the talk time follows."""
        self.state, self.request, self.lease, self.position, self.seen_lease = values[0:5]
        self.talker, self._is_down, self._was_taken_away, self._done_lease = values[5:9]
        self.lane, self.group = values[9:11]
        self._due_ms = now_ms
        self._retry_ms = REQUEST_RETRY_MS
        self._tries = tries
        self._is_warned = True

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        if self._is_due_to_warn() and since(now_ms, self._warn_ms) >= 0:
            self._is_warned = True
            self._output.tell(events.TALK_WARNING, self._warn_left_ms // 1000)
        if self._is_waiting() and since(now_ms, self._due_ms) >= 0:
            gave_up = self.state != QUEUED and self._tries >= REQUEST_TRIES_MAX
            self._fire(GIVE_UP if gave_up else TIMEOUT, 0, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        if self.state == NO_PERMISSION:
            return NEVER
        due = self._due_ms if self._is_waiting() else NEVER
        return earliest(due, self._warn_ms) if self._is_due_to_warn() else due

    def _is_due_to_warn(self) -> bool:
        return self.state == HAS_PERMISSION and not self._is_warned

    def _is_waiting(self) -> bool:
        state = self.state
        return (
            state == PENDING_REQUEST
            or state == LET_GO
            or state == QUEUED
            or state == PENDING_RELEASE
        )

    # --- rules ---

    def _fire(self, trigger: int, value: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        if action:
            getattr(self, "_do_" + action)(value, now_ms)

    def _do_request(self, value: int, now_ms: int) -> None:
        self.request = (self.request + 1) & 0xFFFF
        self.lease = 0
        self.position = 0
        self._start_retries(now_ms)
        self._output.tell(events.PENDING, self.request)
        self._output.send_request(self.request, now_ms)

    def _do_repeat_request(self, value: int, now_ms: int) -> None:
        self._back_off(now_ms)
        self._output.send_request(self.request, now_ms)

    def _do_ask_anew(self, value: int, now_ms: int) -> None:
        self._start_retries(now_ms)
        self._output.send_request(self.request, now_ms)

    def _do_wait(self, position: int, now_ms: int) -> None:
        if self.position == 0:  # later moves must not postpone the keep-alive
            self._output.burst_discarded()
            self._due_ms = add(now_ms, QUEUE_KEEPALIVE_MS)
        self.position = position
        self._output.tell(events.QUEUED, position)

    def _do_keep_place(self, value: int, now_ms: int) -> None:
        self._due_ms = add(now_ms, QUEUE_KEEPALIVE_MS)
        self._output.send_request(self.request, now_ms)

    def _do_begin(self, lease: int, now_ms: int) -> None:
        self.lease = lease
        self.position = 0
        self._output.tell(events.GRANTED, lease)
        self._output.burst_begins(lease, now_ms)

    def _do_give_back(self, lease: int, now_ms: int) -> None:
        self.lease = lease
        self._start_retries(now_ms)
        self._output.send_release(self.request, lease, now_ms)

    def _do_yield_floor(self, position: int, now_ms: int) -> None:
        self._output.tell(events.REVOKED, REVOCATION_PREEMPTED)
        self._done_lease = self.lease
        self.lease = 0
        self._do_wait(position, now_ms)

    def _do_yield_rest(self, position: int, now_ms: int) -> None:
        self._output.tell(events.REVOKED, REVOCATION_PREEMPTED)
        self._end()
        self._do_release(0, now_ms)

    def _do_cancel(self, value: int, now_ms: int) -> None:
        self.lease = 0
        self.position = 0
        self._do_release(0, now_ms)

    def _do_release(self, value: int, now_ms: int) -> None:
        self._start_retries(now_ms)
        self._output.send_release(self.request, self.lease, now_ms)

    def _do_repeat_release(self, value: int, now_ms: int) -> None:
        self._back_off(now_ms)
        self._output.send_release(self.request, self.lease, now_ms)

    def _do_released(self, value: int, now_ms: int) -> None:
        self._output.tell(events.RELEASED, self.lease)
        self._end()

    def _do_revoke(self, reason: int, now_ms: int) -> None:
        self._output.tell(events.REVOKED, reason)
        self._end()

    def _do_deny(self, reason: int, now_ms: int) -> None:
        self._output.tell(events.DENIED, reason)
        self._end()

    def _do_no_answer(self, value: int, now_ms: int) -> None:
        self._do_deny(DENIED_NO_ANSWER, now_ms)

    def _do_no_leader(self, value: int, now_ms: int) -> None:
        self._do_deny(DENIED_NO_LEADER, now_ms)

    def _end(self) -> None:
        if self.lease:
            self._done_lease = self.lease
        self.lease = 0
        self.position = 0
        self._output.burst_discarded()

    def _start_retries(self, now_ms: int) -> None:
        self._tries = 1
        self._retry_ms = REQUEST_RETRY_MS
        self._due_ms = add(now_ms, REQUEST_RETRY_MS)

    def _back_off(self, now_ms: int) -> None:
        self._tries += 1
        self._retry_ms = min(self._retry_ms * 2, REQUEST_RETRY_MS_MAX)
        self._due_ms = add(now_ms, self._retry_ms)
