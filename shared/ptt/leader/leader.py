"""The leader: members, floors, settings, texts and the passing-on of voice tied together.

It decides nothing itself: `floor.arbitrator` decides who talks, `members` who belongs.
Voice goes from the holder of the lease to every other member of the group, payload untouched.
"""

from ..base import events
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.counters import Counters
from ..base.event_queue import EventQueue
from ..base.numbers import (
    CALL_GROUP_FIRST,
    DATAGRAM_BYTES_MAX,
    EVENTS_MAX,
    GROUPS_MAX,
    INT_MAX,
    LEASE_MS,
    MEMBER_GROUPS_MAX,
    MEMBER_TTL_MS,
    MEMBERS_MAX,
    NACK_INTERVAL_MS,
    RESIGN_REPEATS,
)
from ..base.prng import Prng
from ..cluster import records, settings_record
from ..cluster.journal import Journal
from ..wire import codec, envelope, messages, refusal, voice
from ..wire.envelope import OF_THE_SEAL
from ..wire.refusal import Refused
from . import takeover
from .announcer import Announcer
from .calls import Calls
from .distributor import Distributor
from .floor.arbitrator import FLOOR_IDLE, Arbitrator
from .members import DIFFERENT_TABLE, SAME_TABLE, Members
from .publisher import Publisher
from .receipts import Receipts
from .roster import ENTITLED_EMERGENCY, ENTITLED_PRIORITY, GROUP_DEFAULT, OpenRoster
from .settings import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cluster.replica import State
    from .calls import Call
    from .distributor import Job
    from .members import Member

_NACK_BYTES = const(28)  # envelope and four fields
_LEASE_BYTES = const(48)  # WELCOME up to the newest lease
_FULL_BYTES = const(57)  # WELCOME with all its fields
_CLAIM_TELL_MS = const(10000)  # who claims a higher term is told of so seldom
_STANDBY_EVERY = const(8)  # heartbeats between two words about standbys, once all are told
_OUTBOX_MAX = 4 * MEMBERS_MAX  # every member once for voice and thrice for control


class Outgoing:
    """One datagram to send: `data` (bytes-like) and `destination`."""

    __slots__ = ("data", "destination")

    def __init__(self, data: "Any", destination: "Any") -> None:
        self.data = data
        self.destination = destination


class Leader:
    """The leader of one venue in one `term` (must go up with every start); `seed` must differ
    from start to start, since session numbers come from it. `roster` says who is in which talk
    group and entitled to what; without one all are in one group.

    It speaks in the clear, which only tests may: a venue's is a `sealed.SealedLeader`."""

    def __init__(
        self, term: int, seed: int, settings: "Settings | None" = None, roster: "Any" = None
    ) -> None:
        self.term = term
        self._prng = Prng(seed)
        self._events = EventQueue(EVENTS_MAX)
        self._out: list[Outgoing] = []
        self._out_head = 0
        self.overrun = 0  # datagrams dropped because nobody fetched them
        self.refusals = Counters(refusal.WORDS)
        self.newer = 0  # datagrams of a newer minor version, obeyed as far as we know it
        self.members = Members()
        self.settings = Publisher(Settings(version=1), self)
        self._roster = roster or OpenRoster()
        self._calls = Calls()
        self.groups_refused = 0  # that the roster named beyond what a leader serves
        self._lease = 0  # the newest, of any group
        self._claimable = 0  # leases up to here are of terms before this one
        self._claims_end_ms = 0  # until then voice under one of them may go on
        self.journal = Journal(term, self)
        self.announcer = Announcer(self._announce)
        self.claim: tuple[bytes, int] | None = None  # a badge's: (device, a term above ours)
        self._claim_told_ms = NEVER
        self.is_deposed = False  # a higher term leads: nobody is served here any more
        self.standby_hosts: list[tuple[bytes, int]] = []  # for badges: (IPv4, port) of each
        self.address_of: Callable[[bytes], Any] = _as_it_is  # of a record
        self.bytes_of: Callable[[Any], bytes] = _as_it_is  # of an address
        self.floors = {GROUP_DEFAULT: Arbitrator(GROUP_DEFAULT, self)}
        self.receipts = {GROUP_DEFAULT: Receipts(GROUP_DEFAULT, self)}
        self._scratch = bytearray(DATAGRAM_BYTES_MAX)
        self._adopt(settings or self.settings.settings)
        self._nacked_ms = -1  # when a stranger was last answered; -1: never
        self._text_number = 0  # of the last text from outside the network
        self.updates = Distributor(self)
        self.voice_in = 0  # packets accepted
        self.voice_out = 0  # packets passed on

    # --- the cluster ---

    def take_over(self, state: "State", now_ms: int) -> None:
        """Go on where the leader of `state` was interrupted, before anything else is done. Members,
        floors, calls and settings are as they were; every member is told."""
        newest, next_node, self._text_number, next_call = takeover.counters_of(state, self.term)
        self._lease = self._claimable = newest
        self._claims_end_ms = add(now_ms, MEMBER_TTL_MS)  # whoever talks has moved over by then
        self._events.push(events.LEADING, (self.term, newest))
        settings = takeover.settings_of(state)
        if settings is not None:
            self._adopt(settings)
        self.members.go_on_from(next_node)
        self._restore_members(state, now_ms)
        self._restore_calls(state, next_call, now_ms)
        nodes = {member.node: member for member in self.members.all()}
        for group in sorted(self.floors):
            holder = takeover.floor_of(state, group, now_ms).holder
            if holder in nodes:  # who talks is not to wait until all the others are told
                self.announcer.start(holder, now_ms)
        for group in sorted(self.floors):
            floor = self.floors[group]
            record = takeover.floor_of(state, group, now_ms)
            takeover.restore_floor(floor, record, nodes, now_ms)
            if floor.holder and floor.lease == record.lease:
                self._note_burst(group, floor.lease, floor.holder)
            self.journal.changed(records.FLOOR, group)
        for member in self.members.all():
            self.announcer.start(member.node, now_ms)
            if member.asked in self.floors:
                floor = self.floors[member.asked]
                if not floor.knows(member.node, member.request):
                    floor.end_request(member.node, member.request)
        self.journal.flush(now_ms)

    def _restore_members(self, state: "State", now_ms: int) -> None:
        for node in state.numbers(records.MEMBER):
            record = records.read_member(node, state.body(records.MEMBER, node) or b"")
            member = self.members.restore(node, record.device, record.session)
            if member is None:
                continue
            takeover.restore_member(member, record, self.address_of(record.address))
            member.heard_ms = now_ms
            for group in member.groups:
                self._open_group(group)
            member.groups = tuple([group for group in member.groups if group in self.floors])
            self.journal.changed(records.MEMBER, node)

    def _restore_calls(self, state: "State", next_call: int, now_ms: int) -> None:
        self._calls.go_on_from(next_call)
        for group in state.numbers(records.CALL):
            body = state.body(records.CALL, group) or b""
            first, second, quiet_ms = records.read_numbers(records.CALL_SIZES, body)
            caller, callee = self.members.by_node(first), self.members.by_node(second)
            if caller is None or callee is None or self._calls.is_full():
                continue
            self._calls.restore(group, caller, callee, add(now_ms, -quiet_ms))
            self._open_floor(group)
            self.journal.changed(records.CALL, group)

    def depose(self, term: int, now_ms: int) -> None:
        """Another leads in `term`, or will: give up all leases, say so, serve nobody."""
        if self.is_deposed:
            return
        for group in sorted(self.floors):
            self.floors[group].close(now_ms, messages.REVOCATION_LEADER_CHANGED)
        self.resign(now_ms)
        self.is_deposed = True
        self._events.push(events.DEPOSED, term)

    def _announce(self, node: int, now_ms: int) -> None:
        self._send_to(node, messages.ROLE_ANNOUNCE, (messages.ROLE_LEADER, self.term), now_ms)

    def write_record(self, kind: int, number: int, now_ms: int) -> bytes:
        """For `Journal`: the state as it is now."""
        if kind == records.MEMBER:
            member = self.members.by_node(number)
            return takeover.member_record(member, self.bytes_of(member.address)) if member else b""
        if kind == records.FLOOR:
            return takeover.floor_record(self.floors[number], now_ms)
        if kind == records.CALL:
            call = self._calls.get(number)
            if call is None:
                return b""
            quiet_ms = min(max(0, since(now_ms, call.quiet_ms)), INT_MAX)
            values = (call.caller.node, call.callee.node, quiet_ms)
            return records.write_numbers(records.CALL_SIZES, values)
        if kind == records.SETTINGS:
            values = self.settings.settings.values()
            return records.write_numbers(settings_record.SIZES, values)
        values = (self._lease, self.members.next_node, self._text_number, self._calls.next_group)
        return records.write_numbers(records.COUNTERS_SIZES, values)

    # --- the engine interface ---

    def resign(self, now_ms: int) -> None:
        """Tell all members that this leader stops; to be fetched before the socket is closed."""
        for _ in range(RESIGN_REPEATS):
            for member in self.members.all():
                values = (messages.ROLE_RESIGNED, self.term)
                self._send(messages.ROLE_ANNOUNCE, values, member, now_ms)

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Never raises for what a stranger sends."""
        reason = envelope.check(data)
        if reason == refusal.ACCEPTED:
            reason = self._obey(data, source, now_ms)
        elif reason == refusal.VERSION:
            self._nack(messages.NACK_VERSION, data, source, now_ms)
        self.refusals.add(reason)
        self.journal.flush(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        if self.is_deposed:
            return
        self.announcer.handle_timeout(now_ms)
        for member in self.members.vanished(now_ms):
            self._drop(member, now_ms)
        for group in sorted(self.floors):
            self.floors[group].handle_timeout(now_ms)
            self.receipts[group].handle_timeout(now_ms)
        for group in self._calls.groups():
            self._end_quiet_call(group, now_ms)
        self.settings.handle_timeout(self.members.all(), now_ms)
        self.journal.handle_timeout(now_ms)
        self.updates.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        if self.is_deposed:
            return NEVER
        due = earliest(self.members.next_timeout_ms(), self.announcer.next_timeout_ms())
        due = earliest(due, self.journal.next_timeout_ms())
        for group in self.floors:
            due = earliest(due, self.floors[group].next_timeout_ms())
            due = earliest(due, self.receipts[group].next_timeout_ms())
        for group in self._calls.groups():
            if self.floors[group].state == FLOOR_IDLE:
                due = earliest(due, self._calls.due_ms(group))
        due = earliest(due, self.updates.next_timeout_ms())
        return earliest(due, self.settings.next_timeout_ms(self.members.all()))

    def poll_transmit(self) -> "Outgoing | None":
        """The next datagram to send."""
        if self._out_head == len(self._out):
            self._out.clear()
            self._out_head = 0
            return None
        outgoing = self._out[self._out_head]
        self._out_head += 1
        return outgoing

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.base.events`."""
        return self._events.poll()

    # --- the operator, and whoever bridges another system ---

    def publish(self, settings: "Settings", now_ms: int) -> None:
        """Put `settings` in force. ValueError when their version is not above the last, or a value
        is out of range."""
        if settings.version <= self.settings.settings.version:
            raise ValueError("settings need a higher version")
        self._adopt(settings)
        self.settings.handle_timeout(self.members.all(), now_ms)
        self.journal.flush(now_ms)

    def _adopt(self, settings: "Settings") -> None:
        if not settings_record.is_in_range(settings.values()):
            raise ValueError("a setting is out of range")
        self.settings.settings = settings
        self.journal.changed(records.SETTINGS, 0)
        for floor in self.floors.values():
            floor.talk_ms = settings.talk_ms

    def regroup(self, device: bytes, now_ms: int) -> None:
        """The roster says something new about `device`: it is told, if it is here."""
        member = self.members.by_device(device)
        if member is None:
            return
        before = member.groups
        self._take_grants(member)
        for group in before:
            if group not in member.groups:
                self.floors[group].on_member_left(member.node, now_ms)
        for group in member.groups:
            if group not in before:
                self.receipts[group].joined(member.node)
        if member.groups != before:
            member.roster = member.roster % 255 + 1
            self._welcome(member, now_ms)
            self.journal.changed(records.MEMBER, member.node)
            self.journal.flush(now_ms)

    def _take_grants(self, member: "Member") -> None:
        grants = self._roster.lookup(member.device)
        member.entitlements = grants.entitlements
        groups = []
        for group in grants.groups[0:MEMBER_GROUPS_MAX]:
            if self._open_group(group) and group not in groups:
                groups.append(group)
        member.groups = tuple(groups)

    def _open_group(self, group: int) -> bool:
        """Serve talk group `group` from now on; False when there is no room for it."""
        if group in self.floors:
            return group < CALL_GROUP_FIRST
        served = len(self.floors) - len(self._calls.groups())
        if not 0 < group < CALL_GROUP_FIRST or served >= GROUPS_MAX:
            self.groups_refused += 1
            return False
        self._open_floor(group)
        return True

    def _open_floor(self, group: int) -> None:
        self.floors[group] = Arbitrator(group, self)
        self.journal.changed(records.FLOOR, group)
        self.floors[group].talk_ms = self.settings.settings.talk_ms
        self.receipts[group] = Receipts(group, self)

    def send_text(self, group: int, kind: int, name: bytes, text: bytes, now_ms: int) -> None:
        """A text from somebody who is no member, to all members of `group`."""
        self._text_number = (self._text_number + 1) & 0xFFFF
        self.journal.changed(records.COUNTERS, 0)
        values = (group, self._text_number, kind, 0, name, text)
        self._send_to_group(group, 0, messages.TEXT_MESSAGE, values, now_ms)
        self._events.push(events.TEXT, (kind, 0, name, text))

    # --- datagrams in ---

    def _obey(self, data: "Any", source: "Any", now_ms: int) -> int:
        if self.is_deposed:
            return refusal.STALE
        if envelope.is_sealed(data):
            return refusal.SEALED
        kind = envelope.msg_type(data)
        sender = messages.SENDERS.get(kind)
        if sender is None:
            return refusal.TYPE
        if not sender & 1:
            return refusal.SENDER
        if kind == messages.HELLO:
            return self._obey_control(kind, None, data, source, now_ms)
        member = self.members.by_session(envelope.session_id(data))
        if member is None:
            self._nack(messages.NACK_UNKNOWN_SESSION, data, source, now_ms)
            return refusal.SESSION
        if source != member.address:
            return refusal.SOURCE
        if envelope.source_node(data) != member.node:
            return refusal.SENDER
        member.heard_ms = now_ms
        if envelope.is_newer(data):
            self.newer += 1
        if kind != messages.HEARTBEAT:
            self.announcer.heard(member.node)
        if kind == messages.VOICE_FRAME:
            return self._obey_voice(member, data, now_ms)
        return self._obey_control(kind, member, data, source, now_ms)

    def _obey_control(
        self, kind: int, member: "Member | None", data: "Any", source: "Any", now_ms: int
    ) -> int:
        if kind in OF_THE_SEAL:
            return refusal.TYPE
        try:
            fields = codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        if member is None:
            return self._on_hello(fields, data, source, now_ms)
        if kind == messages.HEARTBEAT:
            return self._on_heartbeat(member, fields, now_ms)
        if kind == messages.SETTINGS_ACK:
            was_applied = fields[1] == messages.APPLIED_APPLIED
            known = self.settings.on_ack(member.settings, fields[0], was_applied)
            self.journal.changed(records.MEMBER, member.node)
            return refusal.ACCEPTED if known else refusal.STALE
        if kind == messages.UPDATE_WANT or kind == messages.UPDATE_STATE:
            known = self._on_update(kind, member, fields, now_ms)
            return refusal.ACCEPTED if known else refusal.STALE
        group = fields[0]
        if kind == messages.FLOOR_REQUEST:
            return self._on_press(member, fields, now_ms)
        if kind == messages.CALL_ENDED and group != member.call:
            self._tell_no_call(member, group, now_ms)
            return refusal.ACCEPTED
        if not member.hears(group):
            if group >= CALL_GROUP_FIRST and kind == messages.FLOOR_RELEASE:
                self._tell_no_call(member, group, now_ms)
            return refusal.FIELD
        return self._on_group_message(kind, member, fields, now_ms)

    def _on_group_message(self, kind: int, member: "Member", fields: "list", now_ms: int) -> int:
        group = fields[0]
        if kind == messages.CALL_ENDED:
            self._end_call(self._calls.get(group), messages.CALL_HUNG_UP, now_ms)
            return refusal.ACCEPTED
        if kind == messages.FLOOR_RELEASE:
            self.floors[group].on_release(member.node, fields[1], now_ms)
        elif kind == messages.TEXT_MESSAGE:
            self._on_text(member, fields, now_ms)
        else:
            group, lease, played, concealed, late = fields  # RECEIVER_REPORT
            node = member.node
            if not self.receipts[group].on_report(node, lease, played, concealed, late, now_ms):
                return refusal.STALE
        return refusal.ACCEPTED

    def _on_hello(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        device, nonce, table, codecs, name, build = fields[0:6]
        if not codecs & (1 << messages.CODEC_IMA_ADPCM):
            return refusal.FIELD
        if fields[6] > self.term:  # it would refuse us
            self._on_claim(device, fields[6], now_ms)
            return refusal.STALE
        member = self.members.by_device(device)
        before = 0
        if member is not None and (member.nonce != nonce or member.address != source):
            before = member.node
            self._drop(member, now_ms)  # it restarted, or forgot us: a new session
            member = None
        if member is None:
            member = self.members.add(device, self._new_session())
            if member is None:
                self._nack(messages.NACK_FULL, data, source, now_ms)
                return refusal.LIMIT
            member.address = source
            member.nonce = nonce
            member.name = name
            member.build = build
            self._take_grants(member)
            for group in member.groups:
                self.receipts[group].joined(member.node, before)
            member.roster = 0 if len(member.groups) == 1 else 1
            member.settings.due_ms = now_ms
            self.journal.changed(records.MEMBER, member.node)
            self.journal.changed(records.COUNTERS, 0)
            self._events.push(events.MEMBER_JOINED, member.node)
            if table != messages.TABLE_HASH:
                member.table_is = envelope.compare_version(data) or DIFFERENT_TABLE
                self._events.push(events.OTHER_TABLE, -member.table_is)  # as the badge sees it
            else:
                member.table_is = SAME_TABLE
        member.heard_ms = now_ms
        self._welcome(member, now_ms, len(data))
        return refusal.ACCEPTED

    def _welcome(self, member: "Member", now_ms: int, asked_bytes: int = _FULL_BYTES) -> None:
        """Who asked with less than `asked_bytes` is told its groups when its first heartbeat comes:
        an answer to a stranger is never longer than the question."""
        values = (
            member.nonce,
            member.node,
            member.session,
            self.term,
            messages.TABLE_HASH,
            member.group,
            messages.CODEC_IMA_ADPCM,
        )
        if asked_bytes >= _LEASE_BYTES:
            values += (self._lease,)
        if member.roster and asked_bytes >= _FULL_BYTES:
            places = bytearray(MEMBER_GROUPS_MAX)
            for index in range(len(member.groups)):
                places[index] = member.groups[index]
            values += (bytes(places), member.roster)
        self._send(messages.WELCOME, values, member, now_ms)

    def _new_session(self) -> int:
        while True:
            session = 1 + self._prng.below(INT_MAX)
            if self.members.by_session(session) is None:
                return session

    def _on_heartbeat(self, member: "Member", fields: "list", now_ms: int) -> int:
        """Answered with the floor of the group that it asks about; 0 by who is in none."""
        echo_ms, group, term = fields[0:3]
        if term > self.term:
            self._on_claim(member.device, term, now_ms)
            return refusal.ACCEPTED
        if term < self.term:  # it looks for a leader, and does not know yet that it has found one
            self.announcer.start(member.node, now_ms)
            return refusal.ACCEPTED
        self.announcer.heard(member.node)
        if fields[6] != member.roster:
            self._welcome(member, now_ms)
        if member.hears(group):
            floor = self.floors[group]
            values = (echo_ms, group, self.term, floor.lease, floor.holder, len(floor.queue))
        elif group == member.group:
            values = (echo_ms, 0, self.term, 0, 0, 0)
        else:
            if group >= CALL_GROUP_FIRST:
                self._tell_no_call(member, group, now_ms)
            return refusal.FIELD
        self._send(messages.HEARTBEAT, values, member, now_ms)
        self._tell_standby(member, now_ms)
        return refusal.ACCEPTED

    def _on_claim(self, device: bytes, term: int, now_ms: int) -> None:
        """Whoever runs us should stand again, if that is believed."""
        self.claim = (device, term)
        if self._claim_told_ms == NEVER or since(now_ms, self._claim_told_ms) >= _CLAIM_TELL_MS:
            self._claim_told_ms = now_ms
            self._events.push(events.HIGHER_TERM, (device, term))

    def _tell_standby(self, member: "Member", now_ms: int) -> None:
        """One standby after the other, all soon after it has joined, then now and then."""
        count = len(self.standby_hosts)
        beat = member.beats
        member.beats = (beat + 1) & 0xFFFF
        if not count or (beat >= 2 * count and beat % _STANDBY_EVERY):
            return
        place = (beat if beat < 2 * count else beat // _STANDBY_EVERY) % count
        host, port = self.standby_hosts[place]
        self._send(messages.STANDBY, (host, port, place, count), member, now_ms)

    def _on_press(self, member: "Member", fields: "list", now_ms: int) -> int:
        """FLOOR_REQUEST. A member has one button: its newest press counts, in whatever group, and
        ends what it asked for before, however it is answered."""
        group, request, lane, callee = fields
        is_new = not member.asked or request != member.request
        if is_new:
            if member.asked and (member.request - request) & 0xFFFF < 0x8000:
                return self._on_late_press(member, group, request, lane, now_ms)
            if not member.presses.take(now_ms):
                return refusal.LIMIT
        elif member.denied:
            self.denied(group, member.node, request, member.denied, now_ms)
            return refusal.ACCEPTED
        if group == 0 and callee:
            return self._on_call_request(member, request, lane, callee, now_ms)
        if not member.hears(group):
            if is_new:
                self._end_asked(member, now_ms)
            if group >= CALL_GROUP_FIRST:
                self._tell_no_call(member, group, now_ms)
            return refusal.FIELD
        return self._on_request(member, group, request, lane, now_ms)

    def _on_request(
        self, member: "Member", group: int, request: int, lane: int, now_ms: int
    ) -> int:
        floor = self.floors[group]
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
            self.journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED

    def _on_late_press(
        self, member: "Member", group: int, request: int, lane: int, now_ms: int
    ) -> int:
        """Older than its newest: the network brought it late, and only its own floor answers."""
        if group != member.asked or not member.hears(group):
            return refusal.STALE
        self.floors[group].on_request(member.node, request, now_ms, lane)
        return refusal.ACCEPTED

    def _deny(self, member: "Member", group: int, request: int, reason: int, now_ms: int) -> int:
        """Its newest press comes to no floor and into no queue."""
        self._end_asked(member, now_ms)
        member.asked = group or member.asked or member.group or GROUP_DEFAULT
        member.request = request
        member.denied = reason
        if member.hears(member.asked):
            self.floors[member.asked].end_request(member.node, request)
        self.denied(group, member.node, request, reason, now_ms)
        self.journal.changed(records.MEMBER, member.node)
        return refusal.ACCEPTED

    def _end_asked(self, member: "Member", now_ms: int) -> None:
        """Nobody takes what is granted to a press before the newest."""
        floor = self.floors.get(member.asked)
        if floor is None:
            return
        if floor.holder == member.node or floor.waiting(member.node) is not None:
            floor.on_release(member.node, member.request, now_ms)

    # --- private calls ---

    def _on_call_request(
        self, member: "Member", request: int, lane: int, node: int, now_ms: int
    ) -> int:
        callee = self.members.by_node(node)
        reason = 0
        if member.asked and request == member.request and not member.call:
            reason = messages.DENIAL_STALE  # that call has been made and is over
        elif callee is None:
            reason = messages.DENIAL_CALLEE_UNKNOWN
        elif callee is member:
            reason = messages.DENIAL_CALLEE_SELF
        elif callee.call != member.call:
            reason = messages.DENIAL_CALLEE_BUSY
        elif not member.call and self._calls.is_full():
            reason = messages.DENIAL_CALLS_FULL
        if callee is None or reason:
            return self._deny(member, 0, request, reason, now_ms)
        if not member.call:
            call = self._calls.open(member, callee, now_ms)
            self._open_call_floor(call, now_ms)
            self.journal.changed(records.CALL, call.group)
            self.journal.changed(records.COUNTERS, 0)
        return self._on_request(member, member.call, request, lane, now_ms)

    def _open_call_floor(self, call: "Call", now_ms: int) -> None:
        self._open_floor(call.group)

    def _end_call(self, call: "Call | None", reason: int, now_ms: int) -> None:
        if call is None:
            return
        self.floors[call.group].close(now_ms)
        values = (call.group, self.term, self._lease, reason)
        self._send_to_group(call.group, 0, messages.CALL_ENDED, values, now_ms)
        self._calls.close(call)
        del self.floors[call.group]
        del self.receipts[call.group]
        self.journal.removed(records.CALL, call.group)
        self.journal.removed(records.FLOOR, call.group)

    def _end_quiet_call(self, group: int, now_ms: int) -> None:
        if self.floors[group].state == FLOOR_IDLE and since(now_ms, self._calls.due_ms(group)) >= 0:
            self._end_call(self._calls.get(group), messages.CALL_QUIET, now_ms)

    def _tell_no_call(self, member: "Member", group: int, now_ms: int) -> None:
        values = (group, self.term, self._lease, messages.CALL_UNKNOWN)
        self._send(messages.CALL_ENDED, values, member, now_ms)

    def _on_text(self, member: "Member", fields: "list", now_ms: int) -> None:
        group, number, _kind, _writer, _name, text = fields
        self._send(messages.TEXT_ACK, (number,), member, now_ms)
        last = member.text_number
        if last >= 0 and (last - number) & 0xFFFF < 0x8000:
            return  # our acknowledgement was lost, or the network brought it very late
        member.text_number = number
        self.journal.changed(records.MEMBER, member.node)
        values = (group, number, messages.TEXT_PERSON, member.node, member.name, text)
        self._send_to_group(group, member.node, messages.TEXT_MESSAGE, values, now_ms)
        self._events.push(events.TEXT, (messages.TEXT_PERSON, member.node, member.name, text))

    def _obey_voice(self, member: "Member", data: "Any", now_ms: int) -> int:
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        group = voice.group(data)
        if voice.talker(data) != member.node or not member.hears(group):
            return refusal.FIELD
        if voice.codec(data) != messages.CODEC_IMA_ADPCM:  # what its WELCOME said
            return refusal.FIELD
        floor = self.floors[group]
        if not floor.on_voice(member.node, voice.lease(data), now_ms):
            is_claim = voice.lease(data) <= self._claimable
            if since(now_ms, self._claims_end_ms) >= 0:
                self._claimable = 0
                is_claim = False
            if not is_claim or not floor.claim(member.node, voice.lease(data), now_ms):
                return refusal.FLOOR
        self.voice_in += 1
        end = voice.first(data) + voice.count(data)
        self.receipts[group].on_voice(voice.lease(data), end)
        self._pass_on_voice(member, group, data, now_ms)
        return refusal.ACCEPTED

    def _pass_on_voice(self, talker: "Member", group: int, data: "Any", now_ms: int) -> None:
        """The same payload to every other member of the group, its CRC computed once."""
        end = envelope.payload_end(data)
        payload_crc = envelope.payload_crc(data)
        for member in self.members.all():
            if member is talker or not member.hears(group):
                continue
            copy = bytearray(data[0:end])
            envelope.write_header(
                copy,
                end,
                messages.VOICE_FRAME,
                member.session,
                envelope.LEADER_NODE,
                member.next_seq(),
                now_ms,
            )
            copy[2] = data[2]  # says under which key the frames are
            envelope.put_crc(copy, envelope.header_crc(copy, payload_crc))
            self._queue(copy, member.address)
            self.voice_out += 1

    def _drop(self, member: "Member", now_ms: int) -> None:
        self.members.remove(member)
        self.announcer.heard(member.node)
        self.journal.removed(records.MEMBER, member.node)
        if member.call:
            self._end_call(self._calls.get(member.call), messages.CALL_LEFT, now_ms)
        for group in member.groups:
            self.floors[group].on_member_left(member.node, now_ms)
        self._events.push(events.MEMBER_LEFT, member.node)

    def _on_update(self, kind: int, member: "Member", fields: "list", now_ms: int) -> bool:
        if kind == messages.UPDATE_WANT:
            return self.updates.on_want(member.device, fields, now_ms)
        return self.updates.on_state(member.device, fields, now_ms)

    # --- datagrams out ---

    def _send(
        self, kind: int, values: "tuple", member: "Member", now_ms: int, tail: bytes = b""
    ) -> None:
        scratch = self._scratch
        end = codec.encode(scratch, envelope.HEADER_BYTES, kind, values)
        scratch[end : end + len(tail)] = tail
        end += len(tail)
        envelope.seal_header(
            scratch, end, kind, member.session, envelope.LEADER_NODE, member.next_seq(), now_ms
        )
        self._queue(bytes(scratch[0:end]), member.address)

    def _send_unbound(self, kind: int, values: "tuple", destination: "Any", now_ms: int) -> None:
        """To somebody without a session."""
        scratch = self._scratch
        end = codec.encode(scratch, envelope.HEADER_BYTES, kind, values)
        envelope.seal_header(scratch, end, kind, 0, envelope.LEADER_NODE, 0, now_ms)
        self._queue(bytes(scratch[0:end]), destination)

    def _queue(self, data: "Any", destination: "Any") -> None:
        if len(self._out) - self._out_head >= _OUTBOX_MAX:
            self.overrun += 1
            return
        if self._out_head >= _OUTBOX_MAX:  # somebody always leaves one: free what was fetched
            self._out = self._out[self._out_head :]
            self._out_head = 0
        self._out.append(Outgoing(data, destination))

    def _nack(self, reason: int, data: "Any", source: "Any", now_ms: int) -> None:
        """Answer a stranger, at most once a second all together and never with more than came."""
        if len(data) < _NACK_BYTES:
            return
        # After 6 days of silence the difference is negative, which is long ago, too.
        if self._nacked_ms >= 0 and 0 <= since(now_ms, self._nacked_ms) < NACK_INTERVAL_MS:
            return
        self._nacked_ms = now_ms
        values = (reason, messages.VERSION & 0xF0, messages.VERSION, data[1])
        self._send_unbound(messages.NACK, values, source, now_ms)

    # --- what the state machines need said ---

    def next_lease(self) -> int:
        self._lease += 1
        self.journal.changed(records.COUNTERS, 0)
        return self._lease

    def grant(self, group: int, node: int, request: int, lease: int, now_ms: int) -> None:
        talk_ms = self.floors[group].granted_ms
        values = (group, request, self.term, lease, LEASE_MS, talk_ms)
        self._send_to(node, messages.FLOOR_GRANT, values, now_ms)

    def queued(self, group: int, node: int, request: int, position: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_QUEUED, (group, request, position), now_ms)

    def denied(self, group: int, node: int, request: int, reason: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_DENIED, (group, request, reason), now_ms)

    def revoked(self, group: int, node: int, lease: int, reason: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_REVOKED, (group, self.term, lease, reason), now_ms)

    def taken(self, group: int, lease: int, talker: int, now_ms: int) -> None:
        self._events.push(events.FLOOR_GRANTED, (talker, lease))
        member = self.members.by_node(talker)
        name = member.name if member is not None else b""
        values = (group, self.term, lease, talker, name)
        self._send_to_group(group, talker, messages.FLOOR_TAKEN, values, now_ms)
        self._begin_receipts(group, lease, talker)

    def _note_burst(self, group: int, lease: int, talker: int) -> None:
        """A burst that began under another leader goes on."""
        self._events.push(events.FLOOR_GRANTED, (talker, lease))
        self._begin_receipts(group, lease, talker)

    def _begin_receipts(self, group: int, lease: int, talker: int) -> None:
        listeners = [m.node for m in self.members.all() if m.hears(group) and m.node != talker]
        self.receipts[group].begin(lease, talker, listeners)

    def idle(self, group: int, lease: int, now_ms: int) -> None:
        self._send_to_group(group, 0, messages.FLOOR_IDLE, (group, self.term, lease), now_ms)

    def idle_to(self, group: int, node: int, lease: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_IDLE, (group, self.term, lease), now_ms)

    def freed(self, group: int, talker: int, lease: int, cause: int, now_ms: int) -> None:
        self._events.push(events.FLOOR_FREED, (talker, lease, cause))
        self.receipts[group].end(lease, now_ms)
        call = self._calls.get(group)
        if call is not None:
            call.quiet_ms = now_ms
            self.journal.changed(records.CALL, group)

    def floor_changed(self, group: int) -> None:
        """For `Arbitrator`: standbys keep a copy."""
        self.journal.changed(records.FLOOR, group)

    def is_quiet(self, device: bytes) -> bool:
        """For `Distributor`: is the device here, and nobody talks in its groups?"""
        member = self.members.by_device(device)
        if member is None:
            return False
        for group in member.groups + (member.call,):
            floor = self.floors.get(group)
            if floor is not None and floor.state != FLOOR_IDLE:
                return False
        return True

    def send_update(
        self, device: bytes, kind: int, values: "tuple", tail: bytes, now_ms: int
    ) -> bool:
        """For `Distributor`."""
        member = self.members.by_device(device)
        if member is not None:
            self._send(kind, values, member, now_ms, tail)
        return member is not None

    def tell_update(self, job: "Job") -> None:
        """For `Distributor`."""
        told = (job.device, job.release.number, job.state, job.reason)
        self._events.push(events.UPDATE, told)

    def send_settings(self, node: int, settings: "Settings", now_ms: int) -> None:
        self._send_to(node, messages.SETTINGS_SNAPSHOT, settings.fields(), now_ms)

    def send_receipt(
        self, group: int, talker: int, counts: "tuple[int, int, int, int]", now_ms: int
    ) -> None:
        self._events.push(events.RECEIPT, counts)
        self._send_to(talker, messages.BURST_RECEIPT, (group,) + counts, now_ms)

    def _send_to(self, node: int, kind: int, values: "tuple", now_ms: int) -> None:
        member = self.members.by_node(node)
        if member is not None:
            self._send(kind, values, member, now_ms)

    def _send_to_group(
        self, group: int, except_node: int, kind: int, values: "tuple", now_ms: int
    ) -> None:
        for member in self.members.all():
            if member.hears(group) and member.node != except_node:
                self._send(kind, values, member, now_ms)


def _as_it_is(address: "Any") -> "Any":
    """Of hosts whose addresses are bytes."""
    return address
