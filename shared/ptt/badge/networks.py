"""Which Wi-Fi network a badge uses: that which its leader names, once it has found a leader there.

Two are known: the present one and another, to which the badge returns when a trial fails, or the
present one has been out of reach for long. Who changes the radio asks `used`, and says when the
change has begun. What it knows by heart, number 0, is that of the flashing.
"""

from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CONFIRM_MS, LEADER_LOST_MS, WIFI_TRIAL_MS
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..wire import messages, refusal
from .join import JOINED

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from .join import Join

    Network = tuple[int, bytes, bytes]  # number, name and password; those of 0 are empty

    class NetworksOwner(Protocol):
        """The participant that uses them."""

        join: Join
        link: Link

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...


_LOOK_MS = const(1000)  # how often a trial is looked at, once it may have passed

STAYING = const(0)
WANTING = const(1)
TRYING = const(2)
STATES = ("staying", "wanting", "trying")

TOLD = const(0)
DROPPED = const(1)
BEGUN = const(2)
PASSED = const(3)
FAILED = const(4)
TRIGGERS = ("told", "dropped", "begun", "passed", "failed")

RULES = (
    (STAYING, TOLD, WANTING, ""),  # changes when nobody talks
    (WANTING, TOLD, WANTING, ""),  # another one, before the change to the last
    (WANTING, DROPPED, STAYING, ""),  # the venue has changed its mind
    (WANTING, BEGUN, TRYING, "begin"),
    (TRYING, PASSED, STAYING, "keep"),  # a leader is there, CONFIRM_MS later
    (TRYING, FAILED, STAYING, "go_back"),  # none was there in WIFI_TRIAL_MS
    (TRYING, TOLD, WANTING, ""),  # a leader is there, and names another one
    (TRYING, DROPPED, STAYING, ""),  # a leader is there, and takes it back
)
_RULES = compile_rules(RULES)
NONE = const(-1)


class Networks:
    """A room of `owner`. `present`: what it uses for good; `spare`: the other one that it knows;
    `failed`: the number of the last one that had no leader."""

    obeys = {messages.WIFI_NETWORK: "_on_network"}

    def __init__(self, owner: "NetworksOwner", present: "Network", spare: "Network") -> None:
        self._owner = owner
        self.state = STAYING
        self.present = present
        self.spare = spare
        self.tried = present
        self.failed = NONE
        self.since_ms = 0  # of the state
        self._due_ms = NEVER

    @property
    def used(self) -> "Network":
        """The one to be in now."""
        return self.tried if self.state == TRYING else self.present

    def begin(self, now_ms: int) -> None:
        """`used` is the wanted one from now on."""
        self._fire(BEGUN, now_ms)

    def fall_back(self) -> None:
        """The present one is out of reach for long: use the spare one."""
        if self.state == STAYING:
            self.present, self.spare = self.spare, self.present

    def handle_timeout(self, now_ms: int) -> None:
        if self.state != TRYING or since(now_ms, self._due_ms) < 0:
            return
        self._due_ms = add(now_ms, _LOOK_MS)
        join = self._owner.join
        # So it was heard long after the change.
        if join.state == JOINED and join.silent_ms(now_ms) < LEADER_LOST_MS:
            self._fire(PASSED, now_ms)
        elif age(now_ms, self.since_ms) >= WIFI_TRIAL_MS:
            self._fire(FAILED, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return self._due_ms

    def _on_network(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """WIFI_NETWORK."""
        number = fields[0]
        state = messages.WIFI_TRIED
        if number == self.present[0]:
            self._fire(DROPPED, now_ms)
            state = messages.WIFI_USED
        elif number == self.failed:
            self._fire(DROPPED, now_ms)
            state = messages.WIFI_CUT_OFF
        elif self.state == STAYING or number != self.tried[0]:
            self.tried = (number, fields[1], fields[2])
            self._fire(TOLD, now_ms)
        self._answer(number, state, now_ms)
        return refusal.ACCEPTED

    def _answer(self, number: int, state: int, now_ms: int) -> None:
        owner = self._owner
        owner.send(messages.WIFI_STATE, (number, state), owner.link.address, now_ms)

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        self.since_ms = now_ms
        self._due_ms = NEVER
        if action == "begin":
            self._due_ms = add(now_ms, CONFIRM_MS)
        elif action == "keep":
            self.spare, self.present = self.present, self.tried
            self._answer(self.present[0], messages.WIFI_USED, now_ms)
        elif action == "go_back":
            self.failed = self.tried[0]
