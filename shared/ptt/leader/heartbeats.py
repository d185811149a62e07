"""Heartbeats: answered with the floor of the group that they ask about, and with anything else that
a member may have missed: its groups, a change of leader, the standbys' addresses.

Those are also told at once to whoever joins. The journal may be late: a standby that has not heard
of a new member takes over without it, and the member must know where to ask.
"""

from ..base import events
from ..base.clock import NEVER, age
from ..base.compat import TYPE_CHECKING, const
from ..wire import messages, refusal

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.event_queue import EventQueue
    from .announcer import Announcer
    from .groups import Groups
    from .members import Member
    from .outbound import Outbound
    from .private_calls import PrivateCalls

_CLAIM_TELL_MS = const(10000)  # at least this long between two events about claims
_STANDBY_EVERY = const(8)  # heartbeats between two STANDBY messages, once all are told twice


class Heartbeats:
    """HEARTBEAT of members. `welcome(member, now_ms)` tells a member its groups."""

    def __init__(
        self,
        term: int,
        groups: "Groups",
        calls: "PrivateCalls",
        outbound: "Outbound",
        announcer: "Announcer",
        told: "EventQueue",
        welcome: "Callable[[Member, int], None]",
    ) -> None:
        self._term = term
        self._groups = groups
        self._floors = groups.floors
        self._calls = calls
        self._outbound = outbound
        self._announcer = announcer
        self._events = told
        self._welcome = welcome
        self._claim_told_ms = NEVER
        self.claim: tuple[bytes, int] | None = None  # a badge's: (device, a term above ours)
        self.standby_hosts: list[tuple[bytes, int]] = []  # for badges: (IPv4, port) of each

    def on_heartbeat(self, member: "Member", fields: "list", now_ms: int) -> int:
        """HEARTBEAT."""
        echo_ms, group, term = fields[0:3]
        if term > self._term:
            self.on_claim(member.device, term, now_ms)
            return refusal.ACCEPTED
        if term < self._term:  # it looks for a leader, and does not know that it has found one
            self._announcer.start(member.node, now_ms)
            return refusal.ACCEPTED
        self._announcer.heard(member.node)
        self._groups.on_heard(fields[3])
        if fields[6] != member.roster:
            self._welcome(member, now_ms)
        if member.hears(group):
            floor = self._floors[group]
            values = (echo_ms, group, term, floor.lease, floor.holder, len(floor.queue))
        elif group == member.group:  # 0, by whoever is in none
            values = (echo_ms, 0, term, 0, 0, 0)
        else:
            return self._calls.refuse(member, group, now_ms)
        self._outbound.send(messages.HEARTBEAT, values, member, now_ms)
        self._tell_standby(member, now_ms)
        return refusal.ACCEPTED

    def on_claim(self, device: bytes, term: int, now_ms: int) -> None:
        """Our owner should stand again, if it believes the claim."""
        self.claim = (device, term)
        if self._claim_told_ms == NEVER or age(now_ms, self._claim_told_ms) >= _CLAIM_TELL_MS:
            self._claim_told_ms = now_ms
            self._events.push(events.HIGHER_TERM, (device, term))

    def tell_standbys(self, member: "Member", now_ms: int) -> None:
        """All at once: it has just joined, and our next datagram may be our last."""
        for place in range(len(self.standby_hosts)):
            self._tell_place(member, place, now_ms)

    def _tell_standby(self, member: "Member", now_ms: int) -> None:
        """One standby after the other: twice soon after it has joined, since what it was told then
        may be lost, and now and then later."""
        count = len(self.standby_hosts)
        beat = member.beats
        member.beats = (beat + 1) & 0xFFFF
        if not count or (beat >= 2 * count and beat % _STANDBY_EVERY):
            return
        place = (beat if beat < 2 * count else beat // _STANDBY_EVERY) % count
        self._tell_place(member, place, now_ms)

    def _tell_place(self, member: "Member", place: int, now_ms: int) -> None:
        host, port = self.standby_hosts[place]
        values = (host, port, place, len(self.standby_hosts))
        self._outbound.send(messages.STANDBY, values, member, now_ms)
