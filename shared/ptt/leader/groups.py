"""The groups that the leader serves, each with its floor and its receipts; it sends the floors'
decisions to members. Lease numbers are given here, for all groups together.
"""

from ..base import events
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST, GROUPS_MAX, LEASE_GAP, LEASE_MS, MEMBER_TTL_MS
from ..cluster import records
from ..wire import messages, refusal
from .coding import Coding
from .floor.arbitrator import FLOOR_IDLE, Arbitrator
from .own_settings import in_group
from .receipts import Receipts
from .rests import ON, may_rest
from .watch import Unwatched

if TYPE_CHECKING:
    from ..base.event_queue import EventQueue
    from ..cluster.journal import Journal
    from .calls import Calls
    from .members import Member, Members
    from .outbound import Outbound
    from .settings_in_force import Settings
    from .watch import Watch


class Groups:
    """Talk groups, and those of current private calls."""

    def __init__(
        self,
        term: int,
        members: "Members",
        calls: "Calls",
        outbound: "Outbound",
        journal: "Journal",
        told: "EventQueue",
    ) -> None:
        self._term = term
        self._members = members
        self._calls = calls
        self._outbound = outbound
        self._journal = journal
        self._events = told
        self.coding = Coding(members)
        self._settings: Settings | None = None  # those in force
        self.floors: dict[int, Arbitrator] = {}
        self.receipts: dict[int, Receipts] = {}
        self.watch: Watch = Unwatched()
        self.refused = 0  # that the roster named beyond the leader's limit
        self.lease = 0  # the newest, of any group
        self.claimable = 0  # leases up to here are of terms before this one
        self._heard_max = 0  # newest lease that a member may have heard of from a rival of ours
        self._claims_end_ms = 0  # until then voice under one of them may continue

    # --- which there are ---

    def open(self, group: int) -> bool:
        """Serve talk group `group` from now on; False when there is no room for it."""
        if group in self.floors:
            return group < CALL_GROUP_FIRST
        served = len(self.floors) - len(self._calls.groups())
        if not 0 < group < CALL_GROUP_FIRST or served >= GROUPS_MAX:
            self.refused += 1
            return False
        self.open_floor(group)
        return True

    def open_floor(self, group: int) -> None:
        """Also for a private call, whatever the number of groups."""
        assert group not in self.floors
        self.floors[group] = Arbitrator(group, self)
        if self._settings is not None:
            self.floors[group].obey(in_group(self._settings, group))
        self.receipts[group] = Receipts(group, self)
        self._journal.changed(records.FLOOR, group)

    def close(self, group: int) -> None:
        """Of a call that is over."""
        assert self.floors[group].holder == 0, "its talker would never be told"
        del self.floors[group]
        del self.receipts[group]
        self._journal.removed(records.FLOOR, group)

    def obey(self, settings: "Settings") -> None:
        """They hold from the next request on."""
        self._settings = settings
        self.coding.obey(settings)
        for group, floor in self.floors.items():
            floor.obey(in_group(settings, group))

    def is_quiet(self, member: "Member") -> bool:
        """Does nobody talk in any of its groups?"""
        for group in member.groups + (member.call,):
            floor = self.floors.get(group)
            if floor is not None and floor.state != FLOOR_IDLE:
                return False
        return True

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        if self.claimable and since(now_ms, self._claims_end_ms) >= 0:
            self.claimable = 0
        for group in sorted(self.floors):
            self.floors[group].handle_timeout(now_ms)
            self.receipts[group].handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for group in self.floors:
            due = earliest(due, self.floors[group].next_timeout_ms())
            due = earliest(due, self.receipts[group].next_timeout_ms())
        return due

    # --- leases ---

    def snapshot(self) -> "tuple":
        """The floors, and the leases that they share: values that compare and hash."""
        floors = [(group, self.floors[group].snapshot()) for group in sorted(self.floors)]
        return (tuple(floors), self.lease, self.claimable, self._heard_max)

    def restore(self, snapshot: "tuple", now_ms: int) -> None:
        """Be as `snapshot` says; the groups must be there."""
        floors, self.lease, self.claimable, self._heard_max = snapshot
        for group, floor in floors:
            self.floors[group].restore(floor, now_ms)
        self._claims_end_ms = add(now_ms, MEMBER_TTL_MS)

    def go_on_from(self, newest: int, now_ms: int) -> None:
        """For a leader that takes over: leases up to `newest` may be the former one's."""
        self.lease = self.claimable = newest
        self._heard_max = newest + LEASE_GAP if newest else 0
        self._claims_end_ms = add(now_ms, MEMBER_TTL_MS)  # talkers have moved over by then

    def on_heard(self, lease: int) -> None:
        """A member has heard of `lease`: another host has gone on from the same state, and has
        given out more. It would refuse one that is not newer."""
        if self.lease < lease <= self._heard_max:
            self.lease = lease
            self._journal.changed(records.COUNTERS, 0)

    def may_talk(self, member: "Member", group: int, lease: int, now_ms: int) -> bool:
        """Is voice of `member` under `lease` relayed?"""
        floor = self.floors[group]
        if floor.on_voice(member.node, lease, now_ms):
            assert lease <= self.lease, "nobody has been given such a lease"
            return True
        if self.claimable and since(now_ms, self._claims_end_ms) >= 0:
            self.claimable = 0
        return lease <= self.claimable and floor.claim(member.node, lease, now_ms)

    def note_burst(self, group: int, lease: int, talker: int, now_ms: int) -> None:
        """A burst that began under another leader goes on."""
        self._events.push(events.FLOOR_GRANTED, (talker, lease))
        self.watch.begun(group, lease, talker, self.floors[group].request, now_ms)
        self._begin_receipts(group, lease, talker)

    def _begin_receipts(self, group: int, lease: int, talker: int) -> None:
        listeners = [m.node for m in self._members.all() if m.hears(group) and m.node != talker]
        self.receipts[group].begin(lease, talker, listeners)

    def on_report(self, member: "Member", fields: "list", now_ms: int) -> int:
        """RECEIVER_REPORT."""
        group, lease, played, concealed, late = fields
        if not member.hears(group):
            return refusal.FIELD
        receipts = self.receipts[group]
        if not receipts.awaits(member.node, lease):
            return refusal.STALE
        frames = receipts.frames_of(lease)
        heard = min(played, frames)  # a badge may say what it likes, and counts as one
        # Where the end got lost, it may have filled the place of a frame that nobody spoke.
        missed = min(concealed, frames - heard)
        late = min(late, missed)
        member.played += heard
        member.concealed += missed
        member.late += late
        self.watch.reported(lease, member.node, heard, missed, late)
        receipts.on_report(member.node, lease, heard, missed, late, now_ms)
        return refusal.ACCEPTED

    # --- what `Arbitrator` and `Receipts` need sent ---

    def next_lease(self) -> int:
        self.lease += 1
        self._journal.changed(records.COUNTERS, 0)
        return self.lease

    def grant(self, group: int, node: int, request: int, lease: int, now_ms: int) -> None:
        talk_ms = self.floors[group].granted_ms
        values = (group, request, self._term, lease, LEASE_MS, talk_ms)
        settings = self._settings
        rests = may_rest(settings, self._members, group, node)
        is_asked = settings is not None and settings.leave_out_pauses == ON
        codec = self.coding.wanted(group, node, rests and is_asked)
        if codec != messages.CODEC_IMA_ADPCM:
            values += (0, codec)
        elif rests:
            values += (1,)
        self._outbound.send_to(node, messages.FLOOR_GRANT, values, now_ms)

    def queued(self, group: int, node: int, request: int, position: int, now_ms: int) -> None:
        self.watch.queued(node, request, now_ms)
        self._outbound.send_to(node, messages.FLOOR_QUEUED, (group, request, position), now_ms)

    def denied(self, group: int, node: int, request: int, reason: int, now_ms: int) -> None:
        self._outbound.send_to(node, messages.FLOOR_DENIED, (group, request, reason), now_ms)

    def revoked(self, group: int, node: int, lease: int, reason: int, now_ms: int) -> None:
        values = (group, self._term, lease, reason)
        self._outbound.send_to(node, messages.FLOOR_REVOKED, values, now_ms)

    def taken(self, group: int, lease: int, talker: int, now_ms: int) -> None:
        self._events.push(events.FLOOR_GRANTED, (talker, lease))
        self.watch.begun(group, lease, talker, self.floors[group].request, now_ms)
        member = self._members.by_node(talker)
        name = member.name if member is not None else b""
        values = (group, self._term, lease, talker, name)
        self._outbound.send_to_group(group, talker, messages.FLOOR_TAKEN, values, now_ms)
        self._begin_receipts(group, lease, talker)

    def idle(self, group: int, lease: int, now_ms: int) -> None:
        values = (group, self._term, lease)
        self._outbound.send_to_group(group, 0, messages.FLOOR_IDLE, values, now_ms)

    def idle_to(self, group: int, node: int, lease: int, now_ms: int) -> None:
        self._outbound.send_to(node, messages.FLOOR_IDLE, (group, self._term, lease), now_ms)

    def freed(self, group: int, talker: int, lease: int, cause: int, now_ms: int) -> None:
        self._events.push(events.FLOOR_FREED, (talker, lease, cause))
        self.watch.ended(lease, cause, now_ms)
        self.receipts[group].end(lease, now_ms)
        call = self._calls.get(group)
        if call is not None:
            call.quiet_ms = now_ms
            call.is_answered = call.is_answered or talker == call.callee.node
            self._journal.changed(records.CALL, group)

    def floor_changed(self, group: int) -> None:
        """Standbys keep a copy."""
        self._journal.changed(records.FLOOR, group)

    def send_receipt(
        self, group: int, talker: int, counts: "tuple[int, int, int, int]", now_ms: int
    ) -> None:
        self._events.push(events.RECEIPT, counts)
        self.watch.settled(counts)
        values = (group,) + counts
        self._outbound.send_to(talker, messages.BURST_RECEIPT, values, now_ms)
