"""Private calls: two members with a floor and a key of their own, until one hangs up."""

from ..base.clock import earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST
from ..cluster import records
from ..wire import messages, refusal
from .floor.arbitrator import FLOOR_IDLE
from .held_calls import HeldCalls

if TYPE_CHECKING:
    from ..cluster.journal import Journal
    from .calls import Call, Calls
    from .groups import Groups
    from .members import Member, Members
    from .outbound import Outbound
    from .voice_keys import VoiceKeys

WAITS = const(-1)  # a group of the callee talks


class PrivateCalls:
    """Opens and ends the calls of the table `calls`."""

    def __init__(
        self,
        term: int,
        members: "Members",
        calls: "Calls",
        groups: "Groups",
        outbound: "Outbound",
        keys: "VoiceKeys",
        journal: "Journal",
    ) -> None:
        self._term = term
        self._members = members
        self._calls = calls
        self._groups = groups
        self._outbound = outbound
        self._keys = keys
        self._journal = journal
        self._held = HeldCalls()
        self.are_on = True  # as the settings have it: may calls be opened?

    def connect(self, member: "Member", request: int, node: int, now_ms: int) -> int:
        """`member` presses to talk with `node`: 0 when they are in a call together now, else why
        not: one of `messages.DENIAL_*`, or `WAITS`."""
        callee = self._members.by_node(node)
        if member.asked and request == member.request and not member.call:
            return messages.DENIAL_STALE  # that call was made and is over
        if callee is None:
            return messages.DENIAL_CALLEE_UNKNOWN
        if callee is member:
            return messages.DENIAL_CALLEE_SELF
        if callee.call != member.call:
            return messages.DENIAL_CALLEE_BUSY
        if member.call:
            return 0
        if self._held.is_held((member.device, callee.device), now_ms):
            return messages.DENIAL_CALLEE_BUSY
        if self._calls.is_full() or not self.are_on:
            return messages.DENIAL_CALLS_FULL
        if not self._groups.is_quiet(callee):
            return WAITS
        self._held.forgive((callee.device, member.device))
        call = self._calls.open(member, callee, now_ms)
        self._groups.open_floor(call.group)
        assert member.call == callee.call == call.group, "a call with one side only"
        self._keys.give_call(call, now_ms)
        self._journal.changed(records.CALL, call.group)
        self._journal.changed(records.COUNTERS, 0)
        return 0

    def on_ended(self, member: "Member", fields: "list", now_ms: int) -> int:
        """CALL_ENDED: the member hangs up."""
        if fields[0] != member.call:
            self.tell_unknown(member, fields[0], now_ms)
            return refusal.ACCEPTED
        self.hang_up(member, now_ms)
        return refusal.ACCEPTED

    def hang_up(self, member: "Member", now_ms: int) -> None:
        """The member ends its call, if it is in one: when it was called, its caller has to wait
        before the next."""
        call = self._calls.get(member.call)
        if call is not None:
            call.is_refused = member is call.callee
            self.end(call.group, messages.CALL_HUNG_UP, now_ms)

    def end(self, group: int, reason: int, now_ms: int) -> None:
        """Both sides are told, if there is such a call."""
        call = self._calls.get(group)
        if call is None:
            return
        self._groups.floors[group].close(now_ms)
        pair = (call.caller.device, call.callee.device)
        if call.is_answered and not call.is_refused:
            self._held.forgive(pair)
        else:
            self._held.hold(pair, call.is_refused, now_ms)
        values = (group, self._term, self._groups.lease, reason)
        self._outbound.send_to_group(group, 0, messages.CALL_ENDED, values, now_ms)
        self._close(call)

    def _close(self, call: "Call") -> None:
        self._calls.close(call)
        self._groups.close(call.group)
        self._journal.removed(records.CALL, call.group)

    def refuse(self, member: "Member", group: int, now_ms: int) -> int:
        """It mentions a group that is not its own; if that is a call that is over, it is told
        so."""
        if group >= CALL_GROUP_FIRST:
            self.tell_unknown(member, group, now_ms)
        return refusal.FIELD

    def tell_unknown(self, member: "Member", group: int, now_ms: int) -> None:
        values = (group, self._term, self._groups.lease, messages.CALL_UNKNOWN)
        self._outbound.send(messages.CALL_ENDED, values, member, now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        """End calls in which nobody has talked for long, and forget old quarrels."""
        for group in self._calls.groups():
            is_idle = self._groups.floors[group].state == FLOOR_IDLE
            if is_idle and since(now_ms, self._calls.due_ms(group)) >= 0:
                self.end(group, messages.CALL_QUIET, now_ms)
        self._held.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = self._held.next_timeout_ms()
        for group in self._calls.groups():
            if self._groups.floors[group].state == FLOOR_IDLE:
                due = earliest(due, self._calls.due_ms(group))
        return due
