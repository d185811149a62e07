"""What members ask of floors. A member has one button: its newest press counts, in whatever group,
and ends its earlier request, however it is answered.
"""

from ..base.compat import TYPE_CHECKING
from ..cluster import records
from ..wire import messages, refusal
from .private_calls import WAITS, PrivateCalls
from .roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY, GROUP_DEFAULT

if TYPE_CHECKING:
    from ..cluster.journal import Journal
    from .groups import Groups
    from .members import Member


class Presses:
    """FLOOR_REQUEST and FLOOR_RELEASE."""

    def __init__(self, groups: "Groups", calls: "PrivateCalls", journal: "Journal") -> None:
        self._groups = groups
        self._floors = groups.floors
        self._calls = calls
        self._journal = journal

    def on_request(self, member: "Member", fields: "list", now_ms: int) -> int:
        """FLOOR_REQUEST."""
        group, request, lane, callee = fields
        if member.is_asking_first:
            member.is_asking_first = False
            self._forget_others(member, request, now_ms)
        is_new = not member.asked or request != member.request
        if is_new:
            if member.asked and (member.request - request) & 0xFFFF < 0x8000:
                return self._on_late(member, group, request, lane, now_ms)
            if not member.presses.take(now_ms):
                return refusal.LIMIT
        elif member.denied:
            self._groups.denied(group, member.node, request, member.denied, now_ms)
            return refusal.ACCEPTED
        if lane == messages.LANE_EMERGENCY and member.entitlements & ENTITLED_EMERGENCY:
            self._calls.hang_up(member, now_ms)  # the talk group is to hear it
            if group == 0 and callee:
                return self._deny(member, 0, request, messages.DENIAL_CALLEE_BUSY, now_ms)
        if group == 0 and callee:
            reason = self._calls.connect(member, request, callee, now_ms)
            if reason == WAITS:  # of which nothing is kept: it asks again
                self._end_asked(member, now_ms)
                self._groups.queued(0, member.node, request, 1, now_ms)
                return refusal.ACCEPTED
            if reason:
                return self._deny(member, 0, request, reason, now_ms)
            return self._ask(member, member.call, request, lane, now_ms)
        if not member.hears(group):
            if is_new:
                self._end_asked(member, now_ms)
            return self._calls.refuse(member, group, now_ms)
        return self._ask(member, group, request, lane, now_ms)

    def _forget_others(self, member: "Member", request: int, now_ms: int) -> None:
        """The first press under our keys, which nobody can have kept from before: it is its newest,
        however high a number the leader before has written down."""
        node = member.node
        for floor in self._floors.values():
            has_other = node == floor.holder or floor.waiting(node) is not None
            if not floor.knows(node, request) and (has_other or request != member.request):
                floor.on_member_left(node, now_ms)
        if request != member.request:
            member.asked = member.denied = 0

    def on_release(self, member: "Member", fields: "list", now_ms: int) -> int:
        """FLOOR_RELEASE."""
        group = fields[0]
        if group == 0:  # of a call that was never opened
            self._groups.denied(0, member.node, fields[1], messages.DENIAL_STALE, now_ms)
            return refusal.ACCEPTED
        if not member.hears(group):
            return self._calls.refuse(member, group, now_ms)
        self._floors[group].on_release(member.node, fields[1], now_ms)
        return refusal.ACCEPTED

    def _ask(self, member: "Member", group: int, request: int, lane: int, now_ms: int) -> int:
        assert member.hears(group), "a floor of a group that is not its own"
        floor = self._floors[group]
        entitled = (0, ENTITLED_PRIORITY, ENTITLED_EMERGENCY)[lane]
        if entitled and not member.entitlements & entitled:
            if not floor.knows(member.node, request):
                return self._deny(member, group, request, messages.DENIAL_NOT_ENTITLED, now_ms)
            lane = messages.LANE_ROUTINE  # what it has it keeps
        if member.asked != group:
            self._end_asked(member, now_ms)
        is_new = member.request != request or member.asked != group
        member.asked = group
        member.request = request
        member.denied = 0
        floor.on_request(member.node, request, now_ms, lane)
        if is_new:  # behind the floor: else a request might seem over that has just been granted
            self._journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED

    def _on_late(self, member: "Member", group: int, request: int, lane: int, now_ms: int) -> int:
        """Older than its newest: the network delivered it late, and only its own floor answers."""
        if group != member.asked or not member.hears(group):
            return refusal.STALE
        self._floors[group].on_request(member.node, request, now_ms, lane)
        return refusal.ACCEPTED

    def _deny(self, member: "Member", group: int, request: int, reason: int, now_ms: int) -> int:
        """Its newest press reaches no floor and no queue."""
        self._end_asked(member, now_ms)
        member.asked = group or member.asked or member.group or GROUP_DEFAULT
        member.request = request
        member.denied = reason
        if member.hears(member.asked):
            self._floors[member.asked].end_request(member.node, request)
        self._groups.denied(group, member.node, request, reason, now_ms)
        self._journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED

    def _end_asked(self, member: "Member", now_ms: int) -> None:
        """Nobody would use a grant for a press before the newest."""
        floor = self._floors.get(member.asked)
        if floor is None:
            return
        if floor.holder == member.node or floor.waiting(member.node) is not None:
            floor.on_release(member.node, member.request, now_ms)
        assert floor.holder != member.node, "a press before the newest still talks"
        assert floor.waiting(member.node) is None, "a press before the newest still waits"
