"""A badge's own turn: what the leader says about the floor, what the badge asks of it, and the
voice that goes out while the floor is ours."""

from ..base import events, features
from ..base.compat import TYPE_CHECKING
from ..wire import envelope, messages, refusal, voice

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..base.outbox import Datagram, Outbox
    from ..link.link import Link
    from ..media.burst_sender import BurstSender
    from .floor import FloorParticipant
    from .groups import Groups
    from .join import Join
    from .listening import Listening
    from .scan import Scan

    class TalkingOwner(Protocol):
        """The participant that talks."""

        burst: BurstSender
        floor: FloorParticipant
        groups: Groups
        join: Join
        link: Link
        listening: Listening
        outbox: Outbox
        scan: Scan

        def commit(
            self, slot: Datagram, end: int, kind: int, destination: Any, now_ms: int
        ) -> None: ...
        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


class Talking:
    """Floor and burst tied together."""

    obeys = {
        messages.FLOOR_GRANT: "_on_answer",
        messages.FLOOR_QUEUED: "_on_answer",
        messages.FLOOR_DENIED: "_on_answer",
        messages.FLOOR_REVOKED: "_on_revoked",
        messages.FLOOR_TAKEN: "_on_floor",
        messages.FLOOR_IDLE: "_on_floor",
        messages.BURST_RECEIPT: "_on_receipt",
    }

    def __init__(self, owner: "TalkingOwner") -> None:
        self._owner = owner
        self.tell = owner.tell  # for `FloorParticipant`
        self.reserve_voice = owner.outbox.reserve  # for `BurstSender`
        self.queued_seq = 0  # of the newest message about our place in the queue
        self.receipt_lease = 0  # of the last receipt told, to recognize a repetition

    # --- what the leader says; each returns why it is refused ---

    def _on_answer(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """FLOOR_GRANT, FLOOR_QUEUED or FLOOR_DENIED: to a request."""
        owner = self._owner
        floor = owner.floor
        kind = data[envelope.TYPE_AT]
        group = fields[0]
        request = fields[1]
        if not owner.groups.is_told(group):
            return refusal.FIELD
        if kind == messages.FLOOR_GRANT and fields[2] != owner.join.term:
            return refusal.STALE
        owner.groups.on_number(group, request)
        if group != floor.group:
            return refusal.STALE
        seq = envelope.get32(data, envelope.SEQ_AT)
        if kind == messages.FLOOR_QUEUED:
            if seq < self.queued_seq:
                return refusal.STALE
            self.queued_seq = seq
            obeyed = floor.on_queued(request, fields[2], now_ms)
        elif kind == messages.FLOOR_DENIED:
            obeyed = floor.on_denied(request, fields[2], now_ms)
        else:
            self.queued_seq = max(self.queued_seq, seq)  # a place from before the grant is stale
            if features.HAS_SMOOTH_PLAYOUT:
                before = (owner.burst.may_rest, owner.burst.wanted())
                owner.burst.may_rest = fields[6] == 1  # the burst begins by it
                owner.burst.want(fields[7])
                obeyed = floor.on_grant(request, fields[3], now_ms, fields[5])
                if not obeyed:
                    owner.burst.may_rest = before[0]
                    owner.burst.want(before[1])
            else:
                obeyed = floor.on_grant(request, fields[3], now_ms, fields[5])
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def _on_revoked(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """FLOOR_REVOKED."""
        owner = self._owner
        group, term, lease, reason = fields
        if not owner.groups.is_told(group):
            return refusal.FIELD
        if term != owner.join.term or group != owner.floor.group:
            return refusal.STALE
        obeyed = owner.floor.on_revoked(lease, reason, now_ms)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def _on_floor(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """FLOOR_TAKEN or FLOOR_IDLE, about one of our groups."""
        owner = self._owner
        group = fields[0]
        lease = fields[2]
        if not owner.groups.is_told(group):
            return refusal.FIELD
        if fields[1] != owner.join.term:
            return refusal.STALE
        talker = 0
        if data[envelope.TYPE_AT] == messages.FLOOR_TAKEN:
            talker = fields[3]
            owner.groups.on_call(group, talker)
        if group == owner.floor.group:
            obeyed = owner.floor.on_floor(lease, talker, owner.join.node, now_ms)
        else:
            obeyed = owner.scan.on_floor(group, lease, talker)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def _on_receipt(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """BURST_RECEIPT: who heard what we said."""
        group, lease, listeners, heard, whole = fields
        if not self._owner.groups.is_told(group):
            return refusal.FIELD
        if lease == self.receipt_lease:
            return refusal.STALE
        self.receipt_lease = lease
        self.tell(events.RECEIPT, (lease, listeners, heard, whole))
        return refusal.ACCEPTED

    # --- what the floor needs done ---

    def send_request(self, request: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        owner = self._owner
        floor = owner.floor
        values = (floor.group, request)
        if floor.lane or floor.group == 0:
            values += (floor.lane, owner.groups.callee)
        owner.send(messages.FLOOR_REQUEST, values, owner.link.address, now_ms)

    def send_release(self, request: int, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        owner = self._owner
        values = (owner.floor.group, request, lease)
        owner.send(messages.FLOOR_RELEASE, values, owner.link.address, now_ms)

    def burst_begins(self, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`: granted."""
        owner = self._owner
        group = owner.floor.group
        assert owner.floor.may_send() and lease == owner.floor.lease, "a burst without the floor"
        if owner.scan.heard and owner.scan.heard != group:
            owner.listening.attend(group, now_ms)  # a talker hears no other group
        owner.burst.begin(group, owner.join.node, lease, now_ms)

    def burst_discarded(self) -> None:
        """For `FloorParticipant`: what was kept belongs to no burst."""
        self._owner.burst.discard()

    # --- what the burst needs done ---

    def commit_voice(self, slot: "Datagram", end: int, now_ms: int) -> None:
        """For `BurstSender`."""
        owner = self._owner
        assert voice.is_last(slot.buffer) or (  # which is repeated when the floor is given back
            owner.floor.may_send()
            and envelope.get32(slot.buffer, voice.LEASE_AT) == owner.floor.lease
        ), "voice without the lease"
        owner.commit(slot, end, messages.VOICE_FRAME, owner.link.address, now_ms)

    def burst_is_out(self, lease: int, sent: int, dropped: int, now_ms: int) -> None:
        """For `BurstSender`: the last frame has been handed over."""
        self._owner.tell(events.SENT, (lease, sent, dropped))
        self._owner.floor.drained(now_ms)
