"""The leader: members, floors and the passing-on of voice tied together, without I/O.

It decides nothing itself: `floor.arbitrator` decides who talks, `cluster.members` who belongs.
Voice goes from the holder of the lease to every other member of the group, payload untouched.
"""

from . import events
from .clock import earliest, since
from .cluster.members import Members
from .compat import TYPE_CHECKING, const
from .counters import Counters
from .events import EventQueue
from .floor.arbitrator import Arbitrator
from .numbers import (
    DATAGRAM_BYTES_MAX,
    EVENTS_MAX,
    INT_MAX,
    LEASE_MS,
    MEMBERS_MAX,
    NACK_INTERVAL_MS,
    TALK_MS_MAX,
    VERSION,
)
from .prng import Prng
from .wire import codec, envelope, messages, refusal, voice
from .wire.refusal import Refused

if TYPE_CHECKING:
    from typing import Any

    from .cluster.members import Member

GROUP_DEFAULT = const(1)  # the one talk group, until groups are a setting
_NACK_BYTES = const(28)  # envelope and four fields
_OUTBOX_MAX = 4 * MEMBERS_MAX  # every member once for voice and thrice for control


class Outgoing:
    """One datagram to send: `data` (bytes-like) and `destination`."""

    __slots__ = ("data", "destination")

    def __init__(self, data: "Any", destination: "Any") -> None:
        self.data = data
        self.destination = destination


class Leader:
    """The leader of one venue in one `term` (must go up with every start); `seed` must differ
    from start to start, since session numbers come from it."""

    def __init__(self, term: int, seed: int) -> None:
        self.term = term
        self._prng = Prng(seed)
        self._events = EventQueue(EVENTS_MAX)
        self._out: list[Outgoing] = []
        self._out_head = 0
        self.overrun = 0  # datagrams dropped because nobody fetched them
        self.refusals = Counters(refusal.NAMES)
        self.members = Members()
        self._lease = 0  # the newest, of any group
        self.floors = {GROUP_DEFAULT: Arbitrator(GROUP_DEFAULT, self)}
        self._scratch = bytearray(DATAGRAM_BYTES_MAX)
        self._nacked_ms = -1  # when a stranger was last answered; -1: never
        self.voice_in = 0  # packets accepted
        self.voice_out = 0  # packets passed on

    # --- the engine interface ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Never raises for what a stranger sends."""
        reason = envelope.check(data)
        if reason == refusal.ACCEPTED:
            reason = self._obey(data, source, now_ms)
        elif reason == refusal.VERSION:
            self._nack(messages.NACK_VERSION, data, source, now_ms)
        self.refusals.add(reason)

    def handle_timeout(self, now_ms: int) -> None:
        for member in self.members.vanished(now_ms):
            self._drop(member, now_ms)
        for group in sorted(self.floors):
            self.floors[group].handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = self.members.next_timeout_ms()
        for floor in self.floors.values():
            due = earliest(due, floor.next_timeout_ms())
        return due

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
        """The next (kind, value) of `ptt.events`."""
        return self._events.poll()

    # --- datagrams in ---

    def _obey(self, data: "Any", source: "Any", now_ms: int) -> int:
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
        if kind == messages.VOICE_FRAME:
            return self._obey_voice(member, data, now_ms)
        return self._obey_control(kind, member, data, source, now_ms)

    def _obey_control(
        self, kind: int, member: "Member | None", data: "Any", source: "Any", now_ms: int
    ) -> int:
        try:
            fields = codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        if member is None:
            return self._on_hello(fields, data, source, now_ms)
        if kind == messages.HEARTBEAT:
            self._answer_heartbeat(member, fields[0], now_ms)
            return refusal.ACCEPTED
        floor = self.floors.get(fields[0])
        if floor is None or fields[0] != member.group:
            return refusal.FIELD
        if kind == messages.FLOOR_REQUEST:
            floor.on_request(member.node, fields[1], now_ms)
        else:
            floor.on_release(member.node, fields[1], now_ms)
        return refusal.ACCEPTED

    def _on_hello(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        device, nonce, table, codecs, name, build = fields
        if not codecs & (1 << messages.CODEC_IMA_ADPCM):
            return refusal.FIELD
        member = self.members.by_device(device)
        if member is not None and (member.nonce != nonce or member.address != source):
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
            member.group = GROUP_DEFAULT
            member.same_table = table == messages.TABLE_HASH
            self._events.push(events.MEMBER_JOINED, member.node)
        member.heard_ms = now_ms
        values = (
            nonce,
            member.node,
            member.session,
            self.term,
            messages.TABLE_HASH,
            member.group,
            messages.CODEC_IMA_ADPCM,
        )
        self._send(messages.WELCOME, values, member, now_ms)
        return refusal.ACCEPTED

    def _new_session(self) -> int:
        while True:
            session = 1 + self._prng.below(INT_MAX)
            if self.members.by_session(session) is None:
                return session

    def _answer_heartbeat(self, member: "Member", echo_ms: int, now_ms: int) -> None:
        floor = self.floors[member.group]
        values = (
            echo_ms,
            member.group,
            self.term,
            floor.lease,
            floor.holder,
            len(floor.queue),
        )
        self._send(messages.HEARTBEAT, values, member, now_ms)

    def _obey_voice(self, member: "Member", data: "Any", now_ms: int) -> int:
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        if voice.talker(data) != member.node or voice.group(data) != member.group:
            return refusal.FIELD
        if not self.floors[member.group].on_voice(member.node, voice.lease(data), now_ms):
            return refusal.FLOOR
        self.voice_in += 1
        self._pass_on_voice(member, data, now_ms)
        return refusal.ACCEPTED

    def _pass_on_voice(self, talker: "Member", data: "Any", now_ms: int) -> None:
        """The same payload to every other member of the group, its CRC computed once."""
        end = envelope.payload_end(data)
        payload_crc = envelope.payload_crc(data)
        for member in self.members.all():
            if member is talker or member.group != talker.group:
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
            envelope.put_crc(copy, envelope.header_crc(copy, payload_crc))
            self._queue(copy, member.address)
            self.voice_out += 1

    def _drop(self, member: "Member", now_ms: int) -> None:
        self.members.remove(member)
        self.floors[member.group].on_member_left(member.node, now_ms)
        self._events.push(events.MEMBER_LEFT, member.node)

    # --- datagrams out ---

    def _send(self, kind: int, values: "tuple", member: "Member", now_ms: int) -> None:
        scratch = self._scratch
        end = codec.encode(scratch, envelope.HEADER_BYTES, kind, values)
        envelope.seal_header(
            scratch, end, kind, member.session, envelope.LEADER_NODE, member.next_seq(), now_ms
        )
        self._queue(bytes(scratch[0:end]), member.address)

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
        scratch = self._scratch
        values = (reason, VERSION, VERSION, data[1])
        end = codec.encode(scratch, envelope.HEADER_BYTES, messages.NACK, values)
        envelope.seal_header(scratch, end, messages.NACK, 0, envelope.LEADER_NODE, 0, now_ms)
        self._queue(bytes(scratch[0:end]), source)

    # --- what the arbitrators need said ---

    def next_lease(self) -> int:
        self._lease += 1
        return self._lease

    def grant(self, group: int, node: int, request: int, lease: int, now_ms: int) -> None:
        values = (group, request, self.term, lease, LEASE_MS, TALK_MS_MAX)
        self._send_to(node, messages.FLOOR_GRANT, values, now_ms)

    def queued(self, group: int, node: int, request: int, position: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_QUEUED, (group, request, position), now_ms)

    def denied(self, group: int, node: int, request: int, reason: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_DENIED, (group, request, reason), now_ms)

    def revoked(self, group: int, node: int, lease: int, reason: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_REVOKED, (group, self.term, lease, reason), now_ms)

    def taken(self, group: int, lease: int, talker: int, now_ms: int) -> None:
        self._events.push(events.FLOOR_GRANTED, (talker, lease))
        values = (group, self.term, lease, talker)
        self._send_to_group(group, talker, messages.FLOOR_TAKEN, values, now_ms)

    def idle(self, group: int, lease: int, now_ms: int) -> None:
        self._send_to_group(group, 0, messages.FLOOR_IDLE, (group, self.term, lease), now_ms)

    def idle_to(self, group: int, node: int, lease: int, now_ms: int) -> None:
        self._send_to(node, messages.FLOOR_IDLE, (group, self.term, lease), now_ms)

    def freed(self, talker: int, lease: int, cause: int) -> None:
        self._events.push(events.FLOOR_FREED, (talker, lease, cause))

    def _send_to(self, node: int, kind: int, values: "tuple", now_ms: int) -> None:
        member = self.members.by_node(node)
        if member is not None:
            self._send(kind, values, member, now_ms)

    def _send_to_group(
        self, group: int, except_node: int, kind: int, values: "tuple", now_ms: int
    ) -> None:
        for member in self.members.all():
            if member.group == group and member.node != except_node:
                self._send(kind, values, member, now_ms)
