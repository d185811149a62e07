"""A participant: membership, floor, voice, settings and text of one badge tied together.

The same object runs in the badge, in the soft badge and in the simulator. Besides the five calls
of every engine it has the person's: `press`, `release`, `write_microphone`, `read_speaker`,
`send_text`. What comes in is `receive_datagram` and below; the state machines live in their rooms.
"""

from ..base import events
from ..base.clock import earliest
from ..base.compat import TYPE_CHECKING
from ..base.counters import Counters
from ..base.defaults import AT_PLAYOUT_DELAY_MS, AT_VERSION
from ..base.event_queue import EventQueue
from ..base.numbers import (
    ADPCM_FRAME_BYTES,
    CALL_GROUP_FIRST,
    EVENTS_MAX,
    KEPT_FRAMES_MAX,
    OUTBOX_SLOTS,
    REKEY_SPREAD_MS,
    TEXT_BYTES_MAX,
)
from ..base.outbox import Outbox
from ..base.prng import Prng
from ..link.hmac import Hmac
from ..link.link import Link
from ..media.burst_sender import PACKET_BYTES_MAX, BurstSender
from ..media.frame_store import FrameStore
from ..media.playout import Playout
from ..wire import codec, envelope, messages, refusal, voice
from ..wire.checksum import Checksum
from ..wire.envelope import OF_THE_SEAL, TAG_BYTES
from ..wire.offsets import OFFER_TAG_AT
from ..wire.refusal import Refused
from .door import Door
from .floor import DENIED_NO_LEADER, NO_PERMISSION, PENDING_RELEASE, FloorParticipant
from .hang_up import HangUp
from .join import JOINED, Join
from .scan import Scan
from .session import Session
from .text_sender import TextSender
from .voice_keys import VoiceKeys

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from typing import Any

    from ..base.outbox import Datagram
    from ..media.jitter_buffer import JitterBuffer

_CODECS = 1 << messages.CODEC_IMA_ADPCM  # what we decode


class Participant:
    """One badge. `device` is its 8-byte identity, `name` and `build` UTF-8 bytes; HELLO goes to
    `leader_address` (whatever the transport uses); `seed` must differ from start to start.

    `key`: the device's 32 bytes. `cipher(key)` makes an AES block cipher of 16 bytes' key, with
    `encrypt(source, target)`; `random(n)` gives n unpredictable bytes. `hmac` is another way to
    make tags, for whoever plays many venues at once."""

    def __init__(
        self,
        device: bytes,
        name: bytes,
        build: bytes,
        leader_address: "Any",
        seed: int,
        key: bytes,
        cipher: "Callable[[bytes], Any]",
        random: "Callable[[int], bytes]",
        hmac: "Hmac | None" = None,
    ) -> None:
        hmac = hmac or Hmac()
        self.device = device
        self._name = name
        self._build = build
        self.search_address = leader_address
        self._events = EventQueue(EVENTS_MAX)
        self.outbox = Outbox(OUTBOX_SLOTS, PACKET_BYTES_MAX + TAG_BYTES)
        self.checksum = Checksum(hmac.buffer)
        self.link = Link(hmac, False)
        self.link.address = leader_address
        self.door = Door(self, hmac, key, random, Prng(seed).below(REKEY_SPREAD_MS))
        self.voice_keys = VoiceKeys(self, hmac, cipher)
        self.session = Session(self, hmac)
        self.address_of: Callable[[bytes, int], Any] | None = None  # of an IPv4 and port
        self._standbys: list[Any] = []  # addresses to turn to when the leader is silent
        self._is_major_told = False  # since the last WELCOME
        self._queued_seq = 0  # of the newest word about our place in the queue
        self._text_writer = -1  # of the last text shown, to know a repetition by the network
        self._text_number = -1
        self._receipt_lease = 0  # of the last receipt told, likewise
        self.group = 0  # of the button: where it talks, or asks to; 0: a call without a number yet
        self._callee = 0  # whom the press under way calls
        self._caller_back = 0  # talker heard last
        self._roster = 0  # of the last WELCOME
        self._beat_group = 0  # that the last heartbeat asked about
        self._group_told = 0  # that the person knows to be heard
        self.scan = Scan()
        self._hang_up = HangUp(self)
        self.updater: Any = None  # takes what the leader says of updates; None: none runs
        self.offered = ()  # release, bytes of the manifest, flags, tag: of the last UPDATE_OFFER
        self.settings_version = 0
        self.refusals = Counters(refusal.WORDS)
        self.newer = 0  # datagrams of a newer minor version, obeyed as far as we know it
        self.join = Join(Prng(seed), self)
        self.floor = FloorParticipant(self)
        store = FrameStore(KEPT_FRAMES_MAX)
        self.playout = Playout(self, store)
        self._burst = BurstSender(self, store)
        self._text = TextSender(self)

    # --- the engine interface ---

    def start(self, now_ms: int) -> None:
        """Begin to look for the leader."""
        self.join.start(now_ms)

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Never raises for what a stranger sends."""
        reason = self.checksum.check(data)
        if reason == refusal.ACCEPTED:
            reason = self.session.unseal(data, source, now_ms)
        elif reason == refusal.VERSION:
            self.on_other_version(data)
        self.refusals.add(reason)

    def handle_timeout(self, now_ms: int) -> None:
        self.join.handle_timeout(now_ms)
        self.floor.handle_timeout(now_ms)
        self._burst.handle_timeout(now_ms)
        self._text.handle_timeout(now_ms)
        self._hang_up.handle_timeout(now_ms)
        self.session.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = earliest(self.join.next_timeout_ms(), self.floor.next_timeout_ms())
        due = earliest(due, self._burst.next_timeout_ms())
        due = earliest(due, self._hang_up.next_timeout_ms())
        due = earliest(due, self.session.next_timeout_ms())
        return earliest(due, self._text.next_timeout_ms())

    def poll_transmit(self) -> "Datagram | None":
        """The next datagram to send; valid until the engine is called again."""
        while True:
            datagram = self.outbox.poll()
            if datagram is None or self.session.seal(datagram):
                return datagram

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.base.events`."""
        return self._events.poll()

    # --- the person ---

    def press(self, now_ms: int, lane: int = messages.LANE_ROUTINE) -> None:
        """The talk button goes down: in the private call while there is one, else in the selected
        group. Again in a higher `lane` while it is down: the same request matters more."""
        if self.join.state != JOINED:
            self._events.push(events.DENIED, DENIED_NO_LEADER)
            return
        if self.floor.state == NO_PERMISSION or self.floor.state == PENDING_RELEASE:
            self._callee = 0
            self._turn_to(self.scan.call or self.scan.selected)
        self._press(now_ms, lane)

    def call(self, node: int, now_ms: int) -> bool:
        """Press the button to talk with `node` in private; False while another press is under
        way or nobody leads."""
        is_free = self.floor.state == NO_PERMISSION or self.floor.state == PENDING_RELEASE
        if self.join.state != JOINED or not is_free or not node:
            return False
        if not self.scan.call:
            self._callee = node
            self._turn_to(0)
        self._press(now_ms, messages.LANE_ROUTINE)
        return True

    def call_back(self, now_ms: int) -> bool:
        """`call` whoever was heard last."""
        return self.call(self._caller_back, now_ms)

    def hang_up(self, now_ms: int) -> bool:
        """End the private call; False when there is none."""
        group = self.scan.call
        if not group:
            return False
        self._end_call(messages.CALL_HUNG_UP, now_ms)
        self._hang_up.start(group, now_ms)
        return True

    def select_group(self, group: int) -> bool:
        """Talk in `group` from the next press on; False when the badge is not in it."""
        if not self.scan.select(group):
            return False
        if self.floor.state == NO_PERMISSION and not self.scan.call:
            self._turn_to(group)
        return True

    def _turn_to(self, group: int) -> None:
        """The button belongs to `group` now."""
        if group == self.group:
            return
        self.scan.on_floor(self.group, self.floor.seen_lease, self.floor.talker)
        self.group = group
        self.floor.tune(self.scan.lease(group), self.scan.talker(group))

    def _press(self, now_ms: int, lane: int) -> None:
        if self.floor.state == NO_PERMISSION or self.floor.state == PENDING_RELEASE:
            self._burst.collect()
        else:
            self._burst.go_on()
        self.floor.press(now_ms, lane)

    def release(self, now_ms: int) -> None:
        """The talk button goes up; what is still on its way from the microphone is awaited."""
        self.floor.release(now_ms)
        if self.floor.is_let_go():
            self._burst.end(now_ms)

    def write_microphone(self, pcm: "array", now_ms: int) -> None:
        """One frame (320 samples, array 'h') that the microphone heard."""
        if self.floor.wants_speech():
            self._burst.write(pcm, now_ms)

    def read_speaker(self, now_ms: int) -> "array | None":
        """The next frame to play (320 samples), None for silence; valid until the next call."""
        return self.playout.read(now_ms)

    def send_text(self, text: bytes, now_ms: int) -> bool:
        """UTF-8 of 1 to `TEXT_BYTES_MAX` bytes to the group; event TEXT_SENT tells how it went.

        False when not joined or while another text is on its way."""
        if not 0 < len(text) <= TEXT_BYTES_MAX:
            raise ValueError("a text has 1 to %d bytes" % TEXT_BYTES_MAX)
        return self.join.state == JOINED and self._text.submit(text, now_ms)

    # --- datagrams in ---

    def on_other_version(self, data: "Any") -> None:
        """All that can be read is that byte: why nobody lets us join. Told once a search, since it
        may go on for days."""
        if self.join.state != JOINED and not self._is_major_told:
            self._is_major_told = True
            self._events.push(events.OTHER_TABLE, envelope.compare_version(data))

    def obey(self, data: "Any", source: "Any", now_ms: int) -> int:
        """For `Session`, which believes `data`; why not when it is refused."""
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
        if source != self.link.address and kind != messages.ROLE_ANNOUNCE:
            return refusal.SOURCE
        if envelope.source_node(data) != envelope.LEADER_NODE:
            return refusal.SENDER
        if kind == messages.NACK:
            return self._obey_control(kind, data, source, now_ms)
        if envelope.session_id(data) != self.join.session:
            return refusal.SESSION
        if source == self.link.address:
            self.join.on_leader_heard(now_ms)
        if envelope.is_newer(data):
            self.newer += 1
        if kind == messages.VOICE_FRAME:
            return self._obey_voice(data, now_ms)
        return self._obey_control(kind, data, source, now_ms)

    def _obey_voice(self, data: "Any", now_ms: int) -> int:
        reason = voice.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        group = voice.group(data)
        if not self.may_be_ours(group):
            return refusal.FIELD
        if voice.codec(data) != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        talker = voice.talker(data)
        if talker == self.join.node:
            return refusal.FLOOR  # our own voice must never come back
        lease = voice.lease(data)
        if group >= CALL_GROUP_FIRST:
            self._open_call(group, talker)
        if group != self.group:
            self.scan.on_floor(group, lease, talker)
        elif lease >= self.floor.seen_lease:
            self.floor.on_floor(lease, talker, self.join.node, now_ms)
        count = voice.count(data)
        if not self._is_heard(group, now_ms):
            self.scan.unheard += count
            return refusal.ACCEPTED
        reason = self.session.decrypt(data, now_ms)
        if reason != refusal.ACCEPTED:
            return reason
        first = voice.first(data)
        at = voice.FRAMES_AT
        index = 0
        while index < count:
            is_last = index == count - 1 and voice.is_last(data)
            self.playout.insert(lease, talker, first + index, is_last, data, at, now_ms)
            at += ADPCM_FRAME_BYTES
            index += 1
        return refusal.ACCEPTED

    def _is_heard(self, group: int, now_ms: int) -> bool:
        """Is voice of `group` for the speaker now? Whoever talks hears no other group."""
        scan = self.scan
        if group == scan.heard:
            return True
        if self.floor.may_send() and group != self.group:
            return False
        if not self.playout.is_quiet() and scan.rank(group) > scan.rank(scan.heard):
            return False
        if scan.heard:
            self.playout.tune(scan.ended(group), now_ms)
        scan.heard = group
        return True

    def may_be_ours(self, group: int) -> bool:
        """Are we in `group`, or might it be a private call of ours?"""
        return self.scan.place(group) >= 0 or self._is_call(group)

    def _is_call(self, group: int) -> bool:
        """May a private call have this number? Not the one that we have just ended."""
        return group >= CALL_GROUP_FIRST and not self.scan.call and group != self._hang_up.group

    def _open_call(self, group: int, peer: int) -> None:
        """The leader speaks of our private call."""
        if self.scan.call == group:
            return
        self.scan.set_call(group)
        self._events.push(events.CALL, peer)
        if self.group == 0:
            self._callee = 0
            self._turn_to(group)
        elif self.floor.state == NO_PERMISSION:
            self._turn_to(group)

    def _end_call(self, reason: int, now_ms: int) -> None:
        group = self.scan.call
        self.voice_keys.ring.forget(group)  # another call of this number has another key
        if self.group == group:
            self.floor.on_closed(messages.REVOCATION_CALL_ENDED, now_ms)
        if self.scan.heard == group:
            self.playout.tune(0, now_ms)
            self.scan.heard = 0
        self.scan.set_call(0)
        if self.group == group:
            self._turn_to(self.scan.selected)
        self._events.push(events.CALL_OVER, reason)

    def _on_call_ended(self, fields: "list", now_ms: int) -> int:
        group, term, lease, reason = fields
        if term != self.join.term:
            return refusal.STALE
        is_answer = self._hang_up.on_ended(group)
        if group != self.scan.call:
            return refusal.ACCEPTED if is_answer else refusal.STALE
        if lease < max(self.scan.lease(group), self.floor.seen_lease if self.group == group else 0):
            return refusal.STALE  # of another call under this number
        self._end_call(reason, now_ms)
        return refusal.ACCEPTED

    def _obey_control(self, kind: int, data: "Any", source: "Any", now_ms: int) -> int:
        if kind in OF_THE_SEAL:
            return refusal.TYPE
        try:
            fields = codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        if kind == messages.WELCOME:
            return self._on_welcome(fields, data, source, now_ms)
        if kind == messages.ROLE_ANNOUNCE:
            return self._on_announce(fields, source, now_ms)
        if kind == messages.NACK:
            return self._on_nack(fields[0], now_ms)
        if kind == messages.SETTINGS_SNAPSHOT:
            return self._on_settings(fields, now_ms)
        if kind == messages.TEXT_ACK:
            return refusal.ACCEPTED if self._text.on_ack(fields[0]) else refusal.STALE
        if kind == messages.HEARTBEAT:
            return self._on_heartbeat(fields, now_ms)
        if kind == messages.CALL_ENDED:
            return self._on_call_ended(fields, now_ms)
        if kind == messages.STANDBY:
            return self._on_standby(fields)
        if messages.UPDATE_OFFER <= kind <= messages.UPDATE_ORDER:
            return self._on_update(kind, fields, data, now_ms)
        group = fields[0]
        if not self.may_be_ours(group):
            if group or self.group:
                return refusal.FIELD
        if kind == messages.TEXT_MESSAGE:
            return self._on_text(fields)
        if kind == messages.BURST_RECEIPT:
            return self._on_receipt(fields)
        return self._on_floor_message(kind, fields, envelope.seq(data), now_ms)

    def _on_welcome(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        nonce, node, session, term, table, group, codec_number, _lease, groups, roster = fields
        if codec_number != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        was_joined = self.join.state == JOINED
        is_new_term = term > self.join.term
        if not self.join.on_welcome(nonce, node, session, term, now_ms):
            return refusal.STALE
        if not was_joined or roster != self._roster:
            self._take_groups(groups, group, roster)
        if was_joined:
            return refusal.ACCEPTED
        if is_new_term:
            self.floor.restart()
            self.playout.restart()
            self.scan.restart()
        self.link.address = source
        self._is_major_told = False
        self.link.seq = 0
        self._queued_seq = 0
        self.settings_version = 0  # another leader counts its own, texts and leases too
        self._text_writer = -1
        self._receipt_lease = 0
        if table != messages.TABLE_HASH:
            self._events.push(events.OTHER_TABLE, envelope.compare_version(data))
        return refusal.ACCEPTED

    def _take_groups(self, groups: bytes, only: int, roster: int) -> None:
        self._roster = roster
        self.scan.set_groups(groups, only)
        self.voice_keys.forget_others()
        if self.floor.state == NO_PERMISSION and not self.scan.call:
            self._turn_to(self.scan.selected)

    def _on_announce(self, fields: "list", source: "Any", now_ms: int) -> int:
        role, term = fields
        if role == messages.ROLE_LEADER:
            return self._on_new_leader(term, source, now_ms)
        if source != self.link.address:
            return refusal.SOURCE
        if term != self.join.term:
            return refusal.STALE
        if role == messages.ROLE_RESIGNED:
            self.join.on_resigned(now_ms)
        return refusal.ACCEPTED

    def _on_new_leader(self, term: int, source: "Any", now_ms: int) -> int:
        """A standby goes on with our membership: so do burst, queue and whatever is heard."""
        is_ours = term == self.join.term and source == self.link.address
        if not self.join.on_announced(term, now_ms):
            return refusal.ACCEPTED if is_ours else refusal.STALE  # a repetition
        self.link.address = source
        self._queued_seq = 0
        self.floor.on_new_leader(now_ms)
        return refusal.ACCEPTED

    def _on_standby(self, fields: "list") -> int:
        """One address of several, told in turn."""
        host, port, place, count = fields
        if count and place >= count:
            return refusal.FIELD
        if self.address_of is None:
            return refusal.ACCEPTED  # whoever runs us knows one address only
        standbys = self._standbys
        while len(standbys) > count:
            standbys.pop()
        if count:
            address = self.address_of(host, port)
            if place < len(standbys):
                standbys[place] = address
            elif address not in standbys:
                standbys.append(address)
        return refusal.ACCEPTED

    def _on_nack(self, reason: int, now_ms: int) -> int:
        if reason == messages.NACK_UNKNOWN_SESSION:
            self.join.on_unknown_session(now_ms)
        else:
            self._events.push(events.REFUSED, reason)
        return refusal.ACCEPTED

    def _on_settings(self, fields: "list", now_ms: int) -> int:
        version = fields[AT_VERSION]
        if version < self.settings_version:
            return refusal.STALE
        if version != self.settings_version:
            self.settings_version = version
            self.playout.delay_ms = fields[AT_PLAYOUT_DELAY_MS]
            self._events.push(events.SETTINGS, version)
        answer = (version, messages.APPLIED_APPLIED)
        self.send(messages.SETTINGS_ACK, answer, self.link.address, now_ms)
        return refusal.ACCEPTED

    def _on_text(self, fields: "list") -> int:
        _group, number, kind, writer, name, text = fields
        if writer == self._text_writer and number == self._text_number:
            return refusal.STALE
        self._text_writer = writer
        self._text_number = number
        self._events.push(events.TEXT, (kind, writer, name, text))
        return refusal.ACCEPTED

    def _on_receipt(self, fields: "list") -> int:
        _group, lease, listeners, heard, whole = fields
        if lease == self._receipt_lease:
            return refusal.STALE
        self._receipt_lease = lease
        self._events.push(events.RECEIPT, (lease, listeners, heard, whole))
        return refusal.ACCEPTED

    def _on_update(self, kind: int, fields: "list", data: "Any", now_ms: int) -> int:
        if self.updater is not None:
            return self.updater.on_message(kind, fields, data, now_ms)
        if kind != messages.UPDATE_OFFER:
            return refusal.STALE
        tag = bytes(data[OFFER_TAG_AT : envelope.payload_end(data)])
        self.offered = (fields[0], fields[1], fields[2], tag)
        self._events.push(events.UPDATE, fields[0])
        return refusal.ACCEPTED

    def _on_floor_message(self, kind: int, fields: "list", seq: int, now_ms: int) -> int:
        floor = self.floor
        group = fields[0]
        if kind != messages.FLOOR_QUEUED and kind != messages.FLOOR_DENIED:
            if fields[1 if kind in _TERM_SECOND else 2] != self.join.term:
                return refusal.STALE
        if group >= CALL_GROUP_FIRST and group != self.scan.call:
            if kind == messages.FLOOR_TAKEN:
                self._open_call(group, fields[3])
            elif self.group == 0 and fields[1] == floor.request:
                self._open_call(group, self._callee)
        if group != self.group:
            return self._on_other_group(kind, fields)
        if kind == messages.FLOOR_QUEUED:
            if seq < self._queued_seq:
                return refusal.STALE
            self._queued_seq = seq
            obeyed = floor.on_queued(fields[1], fields[2], now_ms)
        elif kind == messages.FLOOR_DENIED:
            obeyed = floor.on_denied(fields[1], fields[2], now_ms)
        else:
            if kind == messages.FLOOR_GRANT:
                self._queued_seq = max(self._queued_seq, seq)  # a place from before it is stale
            obeyed = self._on_leased(kind, fields, now_ms)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def _on_leased(self, kind: int, fields: "list", now_ms: int) -> bool:
        floor = self.floor
        if kind == messages.FLOOR_GRANT:
            return floor.on_grant(fields[1], fields[3], now_ms, fields[5])
        if kind == messages.FLOOR_REVOKED:
            return floor.on_revoked(fields[2], fields[3], now_ms)
        if kind == messages.FLOOR_TAKEN:
            return floor.on_floor(fields[2], fields[3], self.join.node, now_ms)
        return floor.on_floor(fields[2], 0, self.join.node, now_ms)  # FLOOR_IDLE

    def _on_other_group(self, kind: int, fields: "list") -> int:
        """The floor of a group that the button does not belong to."""
        if kind != messages.FLOOR_TAKEN and kind != messages.FLOOR_IDLE:
            return refusal.STALE
        talker = fields[3] if kind == messages.FLOOR_TAKEN else 0
        is_new = self.scan.on_floor(fields[0], fields[2], talker)
        return refusal.ACCEPTED if is_new else refusal.STALE

    def _on_heartbeat(self, fields: "list", now_ms: int) -> int:
        echo_ms, group, term, lease, talker = fields[0:5]
        if group and self.scan.place(group) < 0:
            return refusal.FIELD
        if term != self.join.term:
            return refusal.STALE
        self.join.on_heartbeat(echo_ms, now_ms)
        if group == self.group:
            obeyed = self.floor.on_floor(lease, talker, self.join.node, now_ms)
        else:
            obeyed = self.scan.on_floor(group, lease, talker)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    # --- datagrams out ---

    def send(self, kind: int, values: "tuple", destination: "Any", now_ms: int) -> None:
        slot = self.outbox.reserve()
        end = codec.encode(slot.buffer, envelope.HEADER_BYTES, kind, values)
        self.commit(slot, end, kind, destination, now_ms)

    def commit(
        self, slot: "Datagram", end: int, kind: int, destination: "Any", now_ms: int
    ) -> None:
        if self.join.session == 0 and kind != messages.HELLO and kind != messages.ANSWER:
            return  # a text or a last packet whose repetition outlived the session
        slot.resize(end + self.session.tail_bytes)
        slot.destination = destination
        seq = self.link.next_seq()
        envelope.write_header(
            slot.buffer, end, kind, self.join.session, self.join.node, seq, now_ms
        )
        self.outbox.commit()

    def send_update(self, kind: int, values: "tuple", now_ms: int) -> None:
        """UPDATE_WANT or UPDATE_STATE, for whoever fetches a release; lost while not joined."""
        if self.join.state == JOINED:
            self.send(kind, values, self.link.address, now_ms)

    # --- what the state machines need done ---

    def tell(self, kind: int, value: object) -> None:
        """For `Join` and `FloorParticipant`."""
        self._events.push(kind, value)

    def send_hello(self, now_ms: int) -> None:
        """For `Join`."""
        values = (
            self.device,
            self.join.nonce,
            messages.TABLE_HASH,
            _CODECS,
            self._name,
            self._build,
            self.join.term,
        )
        self.send(messages.HELLO, values, self.search_address, now_ms)
        for standby in self._standbys:
            self.send(messages.HELLO, values, standby, now_ms)

    def send_key_want(self, group: int, now_ms: int) -> None:
        """For `Session` and `VoiceKeys`."""
        self.send(messages.KEY_WANT, (group,), self.link.address, now_ms)

    def send_heartbeat(self, now_ms: int) -> None:
        """For `Join` and `Session`."""
        self._send_beat(self.link.address, now_ms)

    def send_probe(self, tries: int, now_ms: int) -> None:
        """For `Join`: the leader does not answer; one of the standbys may lead by now."""
        if self._standbys:
            self._send_beat(self._standbys[tries % len(self._standbys)], now_ms)

    def _send_beat(self, destination: "Any", now_ms: int) -> None:
        group = self.scan.after(self._beat_group)
        self._beat_group = group
        lease, talker = self.scan.lease(group), self.scan.talker(group)
        if group == self.group:
            lease, talker = self.floor.seen_lease, self.floor.talker
        values = (now_ms, group, self.join.term, lease, talker, 0, self._roster)
        self.send(messages.HEARTBEAT, values, destination, now_ms)

    def leader_lost(self, now_ms: int) -> None:
        """For `Join`."""
        self.session.left()
        self.floor.on_leader_lost(now_ms)
        if self.scan.call:
            self._end_call(messages.CALL_UNKNOWN, now_ms)

    def send_request(self, request: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        values = (self.group, request)
        if self.floor.lane or self.group == 0:
            values += (self.floor.lane, self._callee)
        self.send(messages.FLOOR_REQUEST, values, self.link.address, now_ms)

    def send_call_ended(self, group: int, now_ms: int) -> None:
        """For `HangUp`."""
        values = (group, self.join.term, self.scan.lease(group), messages.CALL_HUNG_UP)
        self.send(messages.CALL_ENDED, values, self.link.address, now_ms)

    def send_release(self, request: int, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`."""
        values = (self.group, request, lease)
        self.send(messages.FLOOR_RELEASE, values, self.link.address, now_ms)

    def burst_begins(self, lease: int, now_ms: int) -> None:
        """For `FloorParticipant`: granted."""
        if self.scan.heard and self.scan.heard != self.group:
            self.playout.tune(self.scan.ended(self.group), now_ms)
            self.scan.heard = self.group  # who talks hears no other group
        self._burst.begin(self.group, self.join.node, lease, now_ms)

    def burst_discarded(self) -> None:
        """For `FloorParticipant`: what was kept belongs to no burst."""
        self._burst.discard()

    def reserve_voice(self) -> "Datagram":
        """For `BurstSender`."""
        return self.outbox.reserve()

    def commit_voice(self, slot: "Datagram", end: int, now_ms: int) -> None:
        """For `BurstSender`."""
        self.commit(slot, end, messages.VOICE_FRAME, self.link.address, now_ms)

    def burst_is_out(self, lease: int, sent: int, dropped: int, now_ms: int) -> None:
        """For `BurstSender`: the last frame has been handed over."""
        self._events.push(events.SENT, (lease, sent, dropped))
        self.floor.drained(now_ms)

    def burst_heard_from(self, talker: int, lease: int) -> None:
        """For `Playout`: the speaker starts."""
        self._caller_back = talker
        group = self.scan.heard
        if group != (self._group_told or self.group):
            self._events.push(events.SCANNED, group)
        self._group_told = group
        self._events.push(events.HEARING, (talker, lease))

    def burst_heard(self, buffer: "JitterBuffer", now_ms: int) -> None:
        """For `Playout`: a burst is over, or has paused for long."""
        self._events.push(
            events.HEARD,
            (
                buffer.talker,
                buffer.lease,
                buffer.played,
                buffer.concealed,
                buffer.late,
                buffer.duplicate,
                buffer.dropped,
            ),
        )
        if buffer.is_over():
            self.scan.set_ended(self.scan.heard, buffer.lease)
        if self.join.state == JOINED:
            values = (
                self.scan.heard,
                buffer.lease,
                min(buffer.played, voice.FRAMES_MAX),
                min(buffer.concealed, voice.FRAMES_MAX),
                min(buffer.late, voice.FRAMES_MAX),
            )
            self.send(messages.RECEIVER_REPORT, values, self.link.address, now_ms)

    def send_text_message(self, number: int, text: bytes, now_ms: int) -> None:
        """For `TextSender`."""
        values = (self.group, number, messages.TEXT_PERSON, self.join.node, self._name, text)
        self.send(messages.TEXT_MESSAGE, values, self.link.address, now_ms)

    def text_done(self, number: int, was_taken: bool) -> None:
        """For `TextSender`."""
        self._events.push(events.TEXT_SENT, 1 if was_taken else 0)


_TERM_SECOND = (messages.FLOOR_TAKEN, messages.FLOOR_IDLE, messages.FLOOR_REVOKED)
