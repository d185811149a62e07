"""A participant: membership, floor and voice of one badge tied together, without I/O.

The same object runs in the badge, in the soft badge and in the simulator. Besides the five calls
of every engine it has the person's: `press`, `release`, `write_microphone`, `read_speaker`.
"""

from . import events
from .clock import add, earliest, since
from .cluster.join import JOINED, Join
from .compat import TYPE_CHECKING, const
from .counters import Counters
from .events import EventQueue
from .floor.participant import DENIED_NO_LEADER, NO_PERMISSION, PENDING_RELEASE, FloorParticipant
from .media.capture_ring import CaptureRing
from .media.playout import Playout
from .numbers import (
    ADPCM_FRAME_BYTES,
    AHEAD_FRAMES_MAX,
    CAPTURE_FRAMES_MAX,
    EVENTS_MAX,
    FRAME_MS,
    FRAMES_PER_PACKET_MAX,
    LAST_REPEATS,
    OUTBOX_SLOTS,
    RELEASE_TAIL_FRAMES,
    RELEASE_TAIL_MS_MAX,
    VOICE_PACE_MS,
)
from .outbox import Outbox
from .prng import Prng
from .wire import codec, envelope, messages, refusal, voice
from .wire.refusal import Refused

if TYPE_CHECKING:
    from array import array
    from typing import Any

    from .outbox import Datagram

_SLOT_BYTES = voice.FRAMES_AT + FRAMES_PER_PACKET_MAX * ADPCM_FRAME_BYTES  # the largest packet
_CODECS = const(1 << 1)  # what we decode: IMA-ADPCM


class Participant:
    """One badge. `device` is its 8-byte identity, `name` and `build` UTF-8 bytes; HELLO goes to
    `leader_address` (whatever the transport uses); `seed` must differ from start to start."""

    def __init__(
        self, device: bytes, name: bytes, build: bytes, leader_address: "Any", seed: int
    ) -> None:
        self._device = device
        self._name = name
        self._build = build
        self._search_address = leader_address
        self._leader_address = leader_address
        self._events = EventQueue(EVENTS_MAX)
        self._outbox = Outbox(OUTBOX_SLOTS, _SLOT_BYTES)
        self._seq = 0
        self.group = 0
        self.refusals = Counters(refusal.NAMES)
        self.join = Join(Prng(seed), self)
        self.floor = FloorParticipant(self)
        self.playout = Playout(self._events)
        self._capture = CaptureRing(CAPTURE_FRAMES_MAX)
        self._tail_left = 0  # frames still wanted from the microphone after letting go
        self._tail_until_ms = 0
        self._begun_ms = 0  # when the burst was granted
        self._frame_number = 0  # of the next frame to send
        self._voice_due_ms = 0  # not before this, the next voice packet
        self._last = bytearray(_SLOT_BYTES)  # the final packet, for its repetitions
        self._last_end = 0
        self._last_left = 0
        self._last_due_ms = 0

    # --- the engine interface ---

    def start(self, now_ms: int) -> None:
        """Begin to look for the leader."""
        self.join.start(now_ms)

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Never raises for what a stranger sends."""
        reason = envelope.check(data)
        if reason == refusal.ACCEPTED:
            reason = self._obey(data, source, now_ms)
        self.refusals.add(reason)

    def handle_timeout(self, now_ms: int) -> None:
        self.join.handle_timeout(now_ms)
        self.floor.handle_timeout(now_ms)
        if self._tail_left and since(now_ms, self._tail_until_ms) >= 0:
            self._tail_left = 0  # the microphone has stopped
        self._send_voice(now_ms)
        if self._last_left and since(now_ms, self._last_due_ms) >= 0:
            self._repeat_last(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = earliest(self.join.next_timeout_ms(), self.floor.next_timeout_ms())
        if self._tail_left:
            due = earliest(due, self._tail_until_ms)
        if self.floor.may_send() and (self._capture.count or self._is_ending()):
            due = earliest(due, self._voice_due_ms)
        if self._last_left:
            due = earliest(due, self._last_due_ms)
        return due

    def poll_transmit(self) -> "Datagram | None":
        """The next datagram to send; valid until the engine is called again."""
        return self._outbox.poll()

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.events`."""
        return self._events.poll()

    # --- the person ---

    def press(self, now_ms: int) -> None:
        """The talk button goes down."""
        if self.join.state != JOINED:
            self._events.push(events.DENIED, DENIED_NO_LEADER)
            return
        if self.floor.state == NO_PERMISSION or self.floor.state == PENDING_RELEASE:
            self._capture.clear()
        self._tail_left = 0
        self.floor.press(now_ms)

    def release(self, now_ms: int) -> None:
        """The talk button goes up; what is still on its way from the microphone is awaited."""
        self.floor.release(now_ms)
        if self.floor.is_let_go():
            self._tail_left = RELEASE_TAIL_FRAMES
            self._tail_until_ms = add(now_ms, RELEASE_TAIL_MS_MAX)

    def write_microphone(self, pcm: "array", now_ms: int) -> None:
        """One frame (320 samples, array 'h') that the microphone heard."""
        if not self.floor.wants_speech():
            return
        if self.floor.is_let_go():
            if self._tail_left == 0:
                return
            self._tail_left -= 1
        self._capture.push(pcm)
        self._send_voice(now_ms)

    def read_speaker(self, now_ms: int) -> "array | None":
        """The next frame to play (320 samples), None for silence; valid until the next call."""
        return self.playout.read(now_ms)

    # --- datagrams in ---

    def _obey(self, data: "Any", source: "Any", now_ms: int) -> int:
        if envelope.is_sealed(data):
            return refusal.SEALED
        kind = envelope.msg_type(data)
        sender = messages.SENDERS.get(kind)
        if sender is None:
            return refusal.TYPE
        if not sender & 2:
            return refusal.SENDER
        if kind == messages.WELCOME:
            return self._obey_control(kind, data, source, now_ms)
        if self.join.state != JOINED:
            if kind == messages.NACK:  # of our HELLO, from a leader whom we do not know yet
                return self._obey_control(kind, data, source, now_ms)
            return refusal.SESSION
        if source != self._leader_address:
            return refusal.SOURCE
        if envelope.source_node(data) != envelope.LEADER_NODE:
            return refusal.SENDER
        if kind == messages.NACK:
            return self._obey_control(kind, data, source, now_ms)
        if envelope.session_id(data) != self.join.session:
            return refusal.SESSION
        self.join.on_leader_heard(now_ms)
        if kind == messages.VOICE_FRAME:
            return self._obey_voice(data, now_ms)
        return self._obey_control(kind, data, source, now_ms)

    def _obey_voice(self, data: "Any", now_ms: int) -> int:
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        if voice.group(data) != self.group or voice.codec(data) != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        talker = voice.talker(data)
        if talker == self.join.node:
            return refusal.FLOOR  # our own voice must never come back
        lease = voice.lease(data)
        if lease >= self.floor.seen_lease:
            self.floor.on_floor(lease, talker, self.join.node, now_ms)
        count = voice.count(data)
        first = voice.first(data)
        at = voice.FRAMES_AT
        index = 0
        while index < count:
            is_last = index == count - 1 and voice.is_last(data)
            self.playout.insert(lease, talker, first + index, is_last, data, at, now_ms)
            at += ADPCM_FRAME_BYTES
            index += 1
        return refusal.ACCEPTED

    def _obey_control(self, kind: int, data: "Any", source: "Any", now_ms: int) -> int:
        try:
            fields = codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        if kind == messages.WELCOME:
            return self._on_welcome(fields, source, now_ms)
        if kind == messages.NACK:
            return self._on_nack(fields[0], now_ms)
        if fields[0] != self.group and kind != messages.HEARTBEAT:
            return refusal.FIELD
        return self._on_floor_message(kind, fields, now_ms)

    def _on_welcome(self, fields: "list", source: "Any", now_ms: int) -> int:
        nonce, node, session, term, _table, group, codec_number = fields
        if codec_number != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        was_joined = self.join.state == JOINED
        is_new_term = term > self.join.term
        if not self.join.on_welcome(nonce, node, session, term, now_ms):
            return refusal.STALE
        if is_new_term:
            self.floor.restart()
            self.playout.restart()
        if not was_joined:
            self._leader_address = source
            self.group = group
            self._seq = 0
        return refusal.ACCEPTED

    def _on_nack(self, reason: int, now_ms: int) -> int:
        if reason == messages.NACK_UNKNOWN_SESSION:
            self.join.on_unknown_session(now_ms)
        else:
            self._events.push(events.REFUSED, reason)
        return refusal.ACCEPTED

    def _on_floor_message(self, kind: int, fields: "list", now_ms: int) -> int:
        floor = self.floor
        if kind == messages.FLOOR_QUEUED:
            obeyed = floor.on_queued(fields[1], fields[2], now_ms)
        elif kind == messages.FLOOR_DENIED:
            obeyed = floor.on_denied(fields[1], fields[2], now_ms)
        else:
            term_at = 1 if kind in _TERM_SECOND else 2
            if fields[term_at] != self.join.term:
                return refusal.STALE
            obeyed = self._on_leased(kind, fields, now_ms)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def _on_leased(self, kind: int, fields: "list", now_ms: int) -> bool:
        floor = self.floor
        if kind == messages.FLOOR_GRANT:
            return floor.on_grant(fields[1], fields[3], now_ms)
        if kind == messages.FLOOR_REVOKED:
            return floor.on_revoked(fields[2], fields[3], now_ms)
        if kind == messages.FLOOR_TAKEN:
            return floor.on_floor(fields[2], fields[3], self.join.node, now_ms)
        if kind == messages.FLOOR_IDLE:
            return floor.on_floor(fields[2], 0, self.join.node, now_ms)
        echo_ms, group, _term, lease, talker, _waiting = fields  # HEARTBEAT
        self.join.on_heartbeat(echo_ms, now_ms)
        return group == self.group and floor.on_floor(lease, talker, self.join.node, now_ms)

    # --- datagrams out ---

    def _send(self, kind: int, values: "tuple", destination: "Any", now_ms: int) -> None:
        slot = self._outbox.reserve()
        end = codec.encode(slot.buffer, envelope.HEADER_BYTES, kind, values)
        slot.resize(end)
        slot.destination = destination
        self._seal(slot.buffer, end, kind, now_ms)
        self._outbox.commit()

    def _seal(self, buffer: bytearray, end: int, kind: int, now_ms: int) -> None:
        self._seq += 1
        envelope.seal_header(
            buffer, end, kind, self.join.session, self.join.node, self._seq, now_ms
        )

    def send_hello(self, nonce: int, now_ms: int) -> None:
        """For `Join`."""
        values = (self._device, nonce, messages.TABLE_HASH, _CODECS, self._name, self._build)
        self._send(messages.HELLO, values, self._search_address, now_ms)

    def send_heartbeat(self, now_ms: int) -> None:
        """For `Join`."""
        floor = self.floor
        values = (now_ms, self.group, self.join.term, floor.seen_lease, floor.talker, 0)
        self._send(messages.HEARTBEAT, values, self._leader_address, now_ms)

    def leader_lost(self, now_ms: int) -> None:
        """For `Join`."""
        self.floor.on_leader_lost(now_ms)

    def tell(self, kind: int, value: object) -> None:
        """For `Join` and `FloorParticipant`."""
        self._events.push(kind, value)

    def send_request(self, request: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        self._send(messages.FLOOR_REQUEST, (self.group, request), self._leader_address, now_ms)

    def send_release(self, request: int, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        self._send(
            messages.FLOOR_RELEASE, (self.group, request, lease), self._leader_address, now_ms
        )

    def burst_begins(self, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`: granted; what was kept since the press goes out first."""
        self._begun_ms = now_ms
        self._frame_number = 0
        self._last_left = 0
        self._voice_due_ms = now_ms
        self._send_voice(now_ms)

    def burst_discarded(self) -> None:
        """For `FloorParticipant`: what was kept belongs to no burst."""
        self._capture.clear()
        self._tail_left = 0

    # --- voice out ---

    def _send_voice(self, now_ms: int) -> None:
        """One packet with what is kept, when allowed and due; the end of the burst behind it."""
        if not self.floor.may_send() or since(now_ms, self._voice_due_ms) < 0:
            return
        is_ending = self._is_ending()
        if self._capture.count:
            self._send_packet(is_ending and self._capture.count <= FRAMES_PER_PACKET_MAX, now_ms)
        if is_ending and self._capture.count == 0:
            sent = (self.floor.lease, self._frame_number, self._capture.dropped)
            self._events.push(events.SENT, sent)
            self.floor.drained(now_ms)

    def _is_ending(self) -> bool:
        """True when nothing more will come from the microphone for this burst."""
        return self._tail_left == 0 and self.floor.is_let_go()

    def _send_packet(self, is_last: bool, now_ms: int) -> None:
        slot = self._outbox.reserve()
        count = min(self._capture.count, FRAMES_PER_PACKET_MAX)
        at = voice.FRAMES_AT
        index = 0
        while index < count:
            at = self._capture.pop_into(slot.buffer, at)
            index += 1
        voice.write_fields(
            slot.buffer,
            self.group,
            messages.CODEC_IMA_ADPCM,
            self.join.node,
            self.floor.lease,
            self._frame_number,
            is_last,
            count,
        )
        self._frame_number += count
        self._voice_due_ms = self._next_packet_ms(now_ms)
        if is_last:
            self._last[0:at] = slot.buffer[0:at]
            self._last_end = at
            self._last_left = LAST_REPEATS
            self._last_due_ms = add(now_ms, FRAME_MS)
        self._commit_voice(slot, at, now_ms)

    def _next_packet_ms(self, now_ms: int) -> int:
        """When the next packet may go: kept speech must not overflow the listeners' buffers."""
        ahead_ms = (self._frame_number - AHEAD_FRAMES_MAX) * FRAME_MS
        if ahead_ms - since(now_ms, self._begun_ms) > VOICE_PACE_MS:
            return add(self._begun_ms, ahead_ms)
        return add(now_ms, VOICE_PACE_MS)

    def _repeat_last(self, now_ms: int) -> None:
        slot = self._outbox.reserve()
        end = self._last_end
        slot.buffer[0:end] = self._last[0:end]
        self._last_left -= 1
        self._last_due_ms = add(now_ms, FRAME_MS)
        self._commit_voice(slot, end, now_ms)

    def _commit_voice(self, slot: "Datagram", end: int, now_ms: int) -> None:
        slot.resize(end)
        slot.destination = self._leader_address
        self._seal(slot.buffer, end, messages.VOICE_FRAME, now_ms)
        self._outbox.commit()


_TERM_SECOND = (messages.FLOOR_TAKEN, messages.FLOOR_IDLE, messages.FLOOR_REVOKED)
