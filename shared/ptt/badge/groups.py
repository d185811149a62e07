"""Which group the button belongs to: the selected talk group, or a private call while there is one.

A table of rules, as for the floor. A press stays in the group where it began, whatever is selected
or arrives meanwhile.
"""

from ..base import events
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..wire import messages, refusal
from .floor import NO_PERMISSION
from .hang_up import HangUp

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.link import Link
    from ..media.playout import Playout
    from .floor import FloorParticipant
    from .join import Join
    from .scan import Scan
    from .voice_keys import VoiceKeys

    class GroupsOwner(Protocol):
        """Whose button it is."""

        floor: FloorParticipant
        join: Join
        link: Link
        playout: Playout
        scan: Scan
        voice_keys: VoiceKeys

        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


TALK_GROUP = const(0)  # the button is in the selected talk group, or where it was when pressed
CALLING = const(1)  # it asks for a private call, which has no number yet
IN_CALL = const(2)  # it is in the private call
CALL_WAITS = const(3)  # a private call came during a press in a talk group
STATES = ("talk group", "calling", "in call", "call waits")

PRESS = const(0)  # the button goes down for a new press
CALL = const(1)  # the person calls somebody
SELECT = const(2)  # the person or the roster selects another talk group; no press is under way
OPEN = const(3)  # the leader tells of our private call
OPEN_BUSY = const(4)  # likewise, during a press
END = const(5)  # the private call is over
TRIGGERS = ("press", "call", "select", "open", "open busy", "end")

RULES = (
    (TALK_GROUP, PRESS, TALK_GROUP, "turn"),  # selected during the press before
    (TALK_GROUP, SELECT, TALK_GROUP, "turn"),
    (TALK_GROUP, CALL, CALLING, "turn"),
    (TALK_GROUP, OPEN, IN_CALL, "turn"),  # somebody calls us
    (TALK_GROUP, OPEN_BUSY, CALL_WAITS, ""),  # what is said now is for the talk group
    (CALLING, CALL, CALLING, "turn"),  # the one before was refused, or nobody answered
    (CALLING, PRESS, TALK_GROUP, "turn"),  # likewise, and enough of it
    (CALLING, SELECT, TALK_GROUP, "turn"),
    (CALLING, OPEN, IN_CALL, "turn"),
    (CALLING, OPEN_BUSY, IN_CALL, "turn"),  # the press is the call's own
    (IN_CALL, END, TALK_GROUP, "turn"),
    (CALL_WAITS, PRESS, IN_CALL, "turn"),
    (CALL_WAITS, CALL, IN_CALL, "turn"),  # there is one already
    (CALL_WAITS, END, TALK_GROUP, ""),
)
_RULES = compile_rules(RULES)


class Groups:
    """The badge's talk groups and its private call; who talks in them is in `owner.scan`."""

    obeys = {messages.CALL_ENDED: "_on_call_ended"}

    def __init__(self, owner: "GroupsOwner") -> None:
        self._owner = owner
        self.state = TALK_GROUP
        self.callee = 0  # whom the press under way calls
        self.ending: "HangUp | None" = None  # how we end the call that was ours until now

    # --- the person ---

    def look_where_selected(self) -> None:
        """The button goes where the person has selected, unless a press is under way."""
        if self._owner.floor.state == NO_PERMISSION:
            self.fire(SELECT)

    def on_hang_up(self, now_ms: int) -> bool:
        """End the private call; False when there is none."""
        group = self._owner.scan.call_group
        if not group:
            return False
        self.end_call(messages.CALL_HUNG_UP, now_ms)
        self.ending = HangUp(self, group, now_ms)
        return True

    # --- the leader ---

    def on_roster(self, groups: bytes, only: int) -> None:
        """Take the talk groups from WELCOME, see `Scan.set_groups`."""
        self._owner.scan.set_groups(groups, only)
        self._owner.voice_keys.forget_others()
        self.look_where_selected()

    def on_number(self, group: int, request: int) -> None:
        """The leader answers a request: our call now has its number."""
        if self.state == CALLING and request == self._owner.floor.request:
            self.on_call(group, self.callee)

    def on_call(self, group: int, peer: int) -> None:
        """The leader mentions `group`: if that is a private call, it is ours, with `peer`."""
        owner = self._owner
        if group < CALL_GROUP_FIRST or owner.scan.call_group == group:
            return
        owner.scan.set_call(group)
        owner.tell(events.CALL, peer)
        is_free = owner.floor.state == NO_PERMISSION
        self.fire(OPEN if is_free else OPEN_BUSY)

    def _on_call_ended(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """CALL_ENDED."""
        owner = self._owner
        group, term, lease, reason = fields
        if term != owner.join.term:
            return refusal.STALE
        is_answer = self.ending is not None and self.ending.group == group
        if is_answer:
            self.ending = None
        if group != owner.scan.call_group:
            return refusal.ACCEPTED if is_answer else refusal.STALE
        newest = owner.floor.seen_lease if owner.floor.group == group else 0
        if lease < max(owner.scan.lease(group), newest):
            return refusal.STALE  # of another call under this number
        self.end_call(reason, now_ms)
        return refusal.ACCEPTED

    # --- which groups are ours ---

    def may_be_ours(self, group: int) -> bool:
        """Are we in `group`? Or might it be a private call of ours: one at a time, and not the one
        that we have just ended."""
        scan = self._owner.scan
        if scan.place(group) >= 0:
            return True
        if group < CALL_GROUP_FIRST or scan.call_group:
            return False
        return self.ending is None or self.ending.group != group

    def is_told(self, group: int) -> bool:
        """May the leader tell us about `group`? About none while we call, since the call has no
        number yet."""
        return self.may_be_ours(group) or (group == 0 and self._owner.floor.group == 0)

    # --- as values ---

    def snapshot(self) -> "tuple":
        """What its future depends on, as values that compare and hash; the floor's values say where
        the button is."""
        return (self.state, self.callee)

    def restore(self, values: "tuple") -> None:
        """Be as `values` say; the person has ended no call."""
        self.state, self.callee = values
        self.ending = None

    # --- rules ---

    def end_call(self, reason: int, now_ms: int) -> None:
        """The private call is over for `reason`."""
        owner = self._owner
        scan = owner.scan
        group = scan.call_group
        owner.voice_keys.ring.forget(group)  # another call of this number has another key
        if owner.floor.group == group:
            talks = owner.floor.may_send()
            over = messages.REVOCATION_CALL_ENDED if talks else messages.DENIAL_STALE
            owner.floor.on_closed(over, now_ms)
        self.fire(END)
        if scan.heard == group:
            owner.playout.tune(0, now_ms)
            scan.heard = 0
        scan.set_call(0)
        owner.tell(events.CALL_OVER, reason)

    def fire(self, trigger: int, callee: int = 0) -> None:
        """`PRESS` and `CALL` (of node `callee`) come from outside, while no press is under way."""
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        if _RULES[1][cell & ACTION_MASK]:  # there is one action only
            self._turn(callee)

    def _turn(self, callee: int) -> None:
        """The button is where the state says."""
        owner = self._owner
        scan = owner.scan
        floor = owner.floor
        group = 0
        self.callee = 0
        if self.state == CALLING:
            self.callee = callee
        else:
            group = scan.call_group if self.state == IN_CALL else scan.selected
        assert group == 0 or scan.place(group) >= 0, "the button is in a group that is not ours"
        if group != floor.group:
            scan.on_floor(floor.group, floor.seen_lease, floor.talker)
            floor.tune(group, scan.lease(group), scan.talker(group))

    def send_call_ended(self, group: int, now_ms: int) -> None:
        """For `HangUp`."""
        owner = self._owner
        values = (group, owner.join.term, owner.scan.lease(group), messages.CALL_HUNG_UP)
        owner.send(messages.CALL_ENDED, values, owner.link.address, now_ms)
