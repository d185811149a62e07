"""A participant's membership: it looks for its leader, joins, and notices when it is gone.

It knows neither floor nor sound. The leader's address is where WELCOME came from; while searching,
HELLO goes to the address that the owner gave (one leader's, or a broadcast).
"""

from ..base import events
from ..base.clock import add, age, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    HEARTBEAT_MS,
    HELLO_RETRY_MS,
    HELLO_RETRY_MS_MAX,
    INT_MAX,
    LEADER_LOST_MS,
    MOVE_SPREAD_MS,
    PROBE_MS,
    TERM_FORGET_MS,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

if TYPE_CHECKING:
    from typing import Protocol

    from ..base.prng import Prng

    class JoinOutput(Protocol):
        """What membership needs done."""

        def send_hello(self, now_ms: int) -> None: ...
        def send_probe(self, tries: int, now_ms: int) -> None: ...
        def send_heartbeat(self, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...
        def leader_lost(self, now_ms: int) -> None: ...


SEARCHING = const(0)
JOINED = const(1)
STATES = ("searching", "joined")

START = const(0)
WELCOME = const(1)
TIMEOUT = const(2)
LEADER_SILENT = const(3)
FORGOTTEN = const(4)  # the leader resigned, or no longer knows our session
ANNOUNCED = const(5)  # another leader takes over, under a higher term
TRIGGERS = ("start", "welcome", "timeout", "leader silent", "forgotten", "announced")

RULES = (
    (SEARCHING, START, SEARCHING, "hello"),
    (SEARCHING, TIMEOUT, SEARCHING, "hello"),  # repeated, ever slower up to a limit
    (SEARCHING, WELCOME, JOINED, "join"),
    (JOINED, TIMEOUT, JOINED, "heartbeat"),
    (JOINED, ANNOUNCED, JOINED, "move"),  # the same membership: a burst goes on
    (JOINED, LEADER_SILENT, SEARCHING, "lose"),  # three heartbeats unanswered
    (JOINED, FORGOTTEN, SEARCHING, "lose"),  # it resigned, restarted, or dropped us as silent
)
_RULES = compile_rules(RULES)


class Join:
    """Membership of one participant."""

    def __init__(self, prng: "Prng", output: "JoinOutput") -> None:
        self._prng = prng
        self._output = output
        self.state = SEARCHING
        self.node = 0
        self.session = 0
        self.term = 0
        self.nonce = 0  # of the HELLO that awaits its WELCOME
        self._heard_ms = 0
        self._beat_ms = 0  # when the last regular heartbeat was sent, or would have been
        self._unanswered = 0  # heartbeats since the leader was heard
        self._due_ms = 0
        self._retry_ms = HELLO_RETRY_MS

    def start(self, now_ms: int) -> None:
        self._fire(START, 0, now_ms)

    def on_welcome(self, nonce: int, node: int, session: int, term: int, now_ms: int) -> bool:
        """WELCOME; False when it answers another attempt or comes from an older term."""
        if nonce != self.nonce or term < self.term:
            return False
        if self.state == JOINED:
            return session == self.session  # a repetition
        self.node = node
        self.session = session
        assert term >= self.term, "a leader of an older term"
        self.term = term
        self._fire(WELCOME, node, now_ms)
        return True

    def on_forgotten(self, now_ms: int) -> None:
        """The leader stops, or does not know our session."""
        self._fire(FORGOTTEN, 0, now_ms)

    def on_announced(self, term: int, now_ms: int) -> bool:
        """A leader of `term` knows our session; False when we have obeyed as high a term."""
        if term <= self.term or self.state != JOINED:
            return False
        self.term = term
        self._fire(ANNOUNCED, term, now_ms)
        return True

    def silent_ms(self, now_ms: int) -> int:
        """How long the leader has not been heard."""
        return since(now_ms, self._heard_ms)

    def on_leader_heard(self, now_ms: int) -> None:
        """Any datagram of the session came."""
        self._heard_ms = now_ms
        if self._unanswered:
            self._unanswered = 0
            self._due_ms = add(self._beat_ms, HEARTBEAT_MS)

    def leave_beat_out(self, now_ms: int) -> None:
        """The leader is there: what it sends to many has come. As long as that goes on, each second
        heartbeat is left out. The other ones still wait for an answer, since this proves nothing of
        our own path. They keep their own time: badges that miss the same packet must not ask in
        step."""
        if self._unanswered == 0:
            self._heard_ms = now_ms
            due_ms = add(self._beat_ms, 2 * HEARTBEAT_MS)
            if since(due_ms, self._due_ms) > 0:
                self._due_ms = due_ms

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock, as values that compare and hash."""
        return (self.state, self.node, self.session, self.term, self.nonce)

    def restore(self, values: "tuple", now_ms: int) -> None:
        """Be as `values` say, with a leader that was heard just now."""
        self.state, self.node, self.session, self.term, self.nonce = values
        self._heard_ms = self._beat_ms = self._due_ms = now_ms
        self._unanswered = 0
        self._retry_ms = HELLO_RETRY_MS

    def handle_timeout(self, now_ms: int) -> None:
        if self.state == JOINED:
            silent_ms = since(now_ms, self._heard_ms)
            if silent_ms >= LEADER_LOST_MS:
                self._fire(LEADER_SILENT, silent_ms, now_ms)
                return
        if since(now_ms, self._due_ms) >= 0:
            self._fire(TIMEOUT, 0, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        if self.state == JOINED:
            return earliest(self._due_ms, add(self._heard_ms, LEADER_LOST_MS))
        return self._due_ms

    def _fire(self, trigger: int, value: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        getattr(self, "_do_" + _RULES[1][cell & ACTION_MASK])(value, now_ms)
        assert (self.state == JOINED) == (self.session != 0), "joined without a session"

    def _do_hello(self, value: int, now_ms: int) -> None:
        # Half of the wait is random: a venue's badges must not ask in step after a power cut.
        wait = self._retry_ms // 2 + self._prng.below(self._retry_ms // 2)
        self._retry_ms = min(self._retry_ms * 2, HELLO_RETRY_MS_MAX)
        if self.term and age(now_ms, self._heard_ms) >= TERM_FORGET_MS:
            self.term = 0  # nobody leads there any more: who was repaired may lead in a lower one
        self._due_ms = add(now_ms, wait)
        if self.nonce == 0:
            self.nonce = 1 + self._prng.below(INT_MAX)
        self._output.send_hello(now_ms)

    def _do_join(self, node: int, now_ms: int) -> None:
        self._heard_ms = now_ms
        self._unanswered = 0
        self._due_ms = add(now_ms, HEARTBEAT_MS // 2 + self._prng.below(HEARTBEAT_MS // 2))
        self._beat_ms = add(self._due_ms, -HEARTBEAT_MS)  # the WELCOME stands for one
        self._output.tell(events.JOINED, node)

    def _do_heartbeat(self, value: int, now_ms: int) -> None:
        """The next heartbeat follows soon, until an answer postpones it: standbys may know more."""
        self._due_ms = add(now_ms, PROBE_MS)
        if self._unanswered:
            self._output.send_probe(self._unanswered, now_ms)
        else:
            self._beat_ms = now_ms
        self._unanswered += 1
        self._output.send_heartbeat(now_ms)

    def _do_move(self, term: int, now_ms: int) -> None:
        self._heard_ms = now_ms
        self._unanswered = 0
        self._due_ms = add(now_ms, self._prng.below(MOVE_SPREAD_MS))
        self._output.tell(events.MOVED, term)

    def _do_lose(self, silent_ms: int, now_ms: int) -> None:
        self.node = 0
        self.session = 0
        self.nonce = 0
        self._retry_ms = HELLO_RETRY_MS
        self._output.tell(events.LOST, silent_ms)
        self._output.leader_lost(now_ms)
        self._do_hello(0, now_ms)
