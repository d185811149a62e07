"""A participant: the rooms of one badge tied together.

The same object runs in the badge, in the soft badge and in the simulator. Besides the five calls
of every engine it has the person's: `press`, `release`, `write_microphone`, `read_speaker`, and
`keyboard` where there is one. Every datagram takes the same way: shape, seal, sender, then the room
for its kind.
"""

from ..base import events, features
from ..base.clock import NEVER, earliest
from ..base.compat import TYPE_CHECKING
from ..base.counters import Counters
from ..base.event_queue import EventQueue
from ..base.numbers import (
    EVENTS_MAX,
    KEPT_FRAMES_MAX,
    OUTBOX_SLOTS,
    REKEY_SPREAD_MS,
)
from ..base.outbox import Outbox
from ..base.prng import Prng
from ..link.hmac import Hmac
from ..link.link import Link
from ..media.burst_sender import PACKET_BYTES_MAX, BurstSender
from ..media.frame_store import FrameStore
from ..media.playout import Playout
from ..wire import codec, envelope, messages, refusal
from ..wire.checksum import Checksum
from ..wire.envelope import TAG_BYTES
from ..wire.refusal import Refused
from .door import Door
from .floor import DENIED_NO_LEADER, NO_PERMISSION, PENDING_RELEASE, FloorParticipant
from .groups import CALL, PRESS, Groups
from .join import JOINED, Join
from .listening import Listening
from .membership import Membership
from .offers import Offers
from .scan import Scan
from .session import Session
from .settings import Settings
from .talking import Talking
from .texts import Texts
from .voice_keys import VoiceKeys

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..base.outbox import Datagram

    class Ear(Protocol):
        """Between the playout and the speaker."""

        def read(self, now_ms: int) -> "array | None":
            """The next 320 samples, or None when there is silence; valid until the next call."""
            ...


class Participant:
    """One badge. `device` is its 8-byte identity, `name` and `build` UTF-8 bytes; HELLO goes to
    `leader_address` (whatever the transport uses); `seed` must differ from start to start.

    `key`: the device's 32 bytes. `cipher(key)` makes an AES block cipher of 16 bytes' key, with
    `encrypt(source, target)`; `random(n)` gives n unpredictable bytes. `hmac` is another way to
    make tags, for simulators that run many venues at once."""

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
        self.name = name
        self.build = build
        self.address_of: Callable[[bytes, int], Any] | None = None  # of an IPv4 and port
        self.refusals = Counters(refusal.WORDS)
        self.newer = 0  # datagrams of a newer minor version, obeyed as far as we know it
        self._events = EventQueue(EVENTS_MAX)
        self.outbox = Outbox(OUTBOX_SLOTS, PACKET_BYTES_MAX + TAG_BYTES)
        self.checksum = Checksum(hmac.buffer)
        self.link = Link(hmac, False)
        self.link.address = leader_address
        self.door = Door(self, hmac, key, random, Prng(seed).below(REKEY_SPREAD_MS))
        self.voice_keys = VoiceKeys(self, hmac, cipher)
        self.session = Session(self, hmac)
        self.membership = Membership(self, leader_address)
        self.join = Join(Prng(seed), self.membership)
        self.scan = Scan()
        self.groups = Groups(self)
        self.talking = Talking(self)
        self.floor = FloorParticipant(self.talking)
        self.listening = Listening(self)
        store = FrameStore(KEPT_FRAMES_MAX)
        self.playout = Playout(self.listening, store)
        self.ear: Ear = self.playout  # what is heard of it; a `SmoothPlayout` where there is room
        self.burst = BurstSender(self.talking, store)
        if features.HAS_SMOOTH_PLAYOUT:
            self.burst.codecs = self.playout.codecs
        self.settings = Settings(self)
        self.texts = Texts(self)
        self.offers = Offers(self)
        self.keyboard: Any = None
        self._later: tuple[Any, ...] = ()  # rooms that were taken in, which have times of their own
        self._rooms: tuple[Any, ...] = (
            self.membership,
            self.talking,
            self.groups,
            self.settings,
            self.texts,
            self.offers,
        )

    # --- the engine interface ---

    def start(self, now_ms: int) -> None:
        """Begin to look for the leader."""
        self.join.start(now_ms)

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """Obey one datagram, or count why not. Nothing that a stranger sends raises an
        exception."""
        reason = self.checksum.check(data)
        if reason == refusal.ACCEPTED:
            reason = self.session.receive(data, source, now_ms)
        elif reason == refusal.VERSION:
            self.membership.on_other_version(data)
        self.refusals.add(reason)

    def handle_timeout(self, now_ms: int) -> None:
        self.join.handle_timeout(now_ms)
        self.floor.handle_timeout(now_ms)
        self.burst.handle_timeout(now_ms)
        for room in self._later:
            room.handle_timeout(now_ms)
        if self.groups.ending is not None:
            self.groups.ending.handle_timeout(now_ms)
        if self.join.state == JOINED:
            self.voice_keys.handle_timeout(now_ms)
            self.door.handle_timeout(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = self.join.next_timeout_ms()
        other = self.floor.next_timeout_ms()
        if other != NEVER:
            due = earliest(due, other)
        other = self.burst.next_timeout_ms()
        if other != NEVER:
            due = earliest(due, other)
        for room in self._later:
            due = earliest(due, room.next_timeout_ms())
        if self.groups.ending is not None:
            due = earliest(due, self.groups.ending.next_timeout_ms())
        if self.join.state == JOINED:
            due = earliest(due, self.door.due_ms)
            if self.voice_keys.due_ms != NEVER:
                due = earliest(due, self.voice_keys.due_ms)
        return due

    def poll_transmit(self) -> "Datagram | None":
        """The next datagram to send; valid until the engine is called again."""
        while True:
            datagram = self.outbox.poll()
            if datagram is None or self.session.put_seal(datagram):
                return datagram

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.base.events`."""
        return self._events.poll()

    # --- the person ---

    def press(self, now_ms: int, lane: int = messages.LANE_ROUTINE) -> None:
        """The talk button goes down: in the private call while there is one, else in the selected
        group. A second call in a higher `lane` while it is down lifts the same request."""
        if self.join.state != JOINED:
            self._events.push(events.DENIED, DENIED_NO_LEADER)
            return
        if self._is_free():
            self.groups.fire(PRESS)
        self._press(now_ms, lane)

    def call(self, node: int, now_ms: int) -> bool:
        """Press the button to talk with `node` in private; False while another press is under
        way or nobody leads."""
        if self.join.state != JOINED or not self._is_free() or not node:
            return False
        self.groups.fire(CALL, node)
        self._press(now_ms, messages.LANE_ROUTINE)
        return True

    def call_back(self, now_ms: int) -> bool:
        """`call` the talker heard last."""
        return self.call(self.listening.talker, now_ms)

    def hang_up(self, now_ms: int) -> bool:
        """End the private call; False when there is none."""
        return self.groups.on_hang_up(now_ms)

    def select_group(self, group: int) -> bool:
        """Talk in `group` from the next press on; False when the badge is not in it."""
        if not self.scan.select(group):
            return False
        self.groups.look_where_selected()
        return True

    def _is_free(self) -> bool:
        """Is no press under way?"""
        return self.floor.state == NO_PERMISSION or self.floor.state == PENDING_RELEASE

    def _press(self, now_ms: int, lane: int) -> None:
        if self._is_free():
            self.burst.collect(now_ms)
        else:
            self.burst.go_on()
        self.floor.press(now_ms, lane)

    def release(self, now_ms: int) -> None:
        """The talk button goes up; speech still on its way from the microphone is awaited."""
        self.floor.release(now_ms)
        if self.floor.is_let_go():
            self.burst.end(now_ms)

    def write_microphone(self, pcm: "array", now_ms: int) -> None:
        """One frame (320 samples, array 'h') that the microphone heard."""
        if self.floor.wants_speech():
            self.burst.write(pcm, now_ms)

    def read_speaker(self, now_ms: int) -> "array | None":
        """The next frame to play (320 samples), None for silence; valid until the next call."""
        return self.ear.read(now_ms)

    def take_keyboard(self, keyboard: "Any") -> None:
        """Somebody can type: `keyboard` is a `TextSender`."""
        self.keyboard = keyboard
        self.take_room(keyboard)

    def take_room(self, room: "Any") -> None:
        """`room` obeys messages that no badge knows, and has times of its own."""
        self._later += (room,)
        self._rooms += (room,)

    # --- as values ---

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock, its keys and what is on its way:
        membership, leader, groups, floor, and what waits to be heard. Values that compare and
        hash."""
        return (
            self.join.snapshot(),
            self.link.address,
            self.talking.queued_seq,
            self.scan.snapshot(),
            self.groups.snapshot(),
            self.floor.snapshot(),
            self.playout.snapshot(),
        )

    def restore(self, values: "tuple", now_ms: int) -> None:
        """Be as `values` say. Whatever waits for a time is due now, and nothing is on its way."""
        join, self.link.address, self.talking.queued_seq, scan, groups, floor, playout = values
        self.join.restore(join, now_ms)
        self.scan.restore(scan)
        self.groups.restore(groups)
        self.floor.restore(floor, now_ms)
        self.playout.restore(playout, now_ms)

    # --- datagrams in ---

    def obey(self, data: "Any", source: "Any", now_ms: int) -> int:
        """For `Session`, which believes `data`; returns why it is refused."""
        kind = data[envelope.TYPE_AT]
        if self.join.state == JOINED and kind != messages.WELCOME:
            if data[envelope.SOURCE_AT] << 8 | data[envelope.SOURCE_AT + 1] != envelope.LEADER_NODE:
                return refusal.SENDER
            if kind != messages.NACK:  # which anybody can send
                if source == self.link.address:
                    self.join.on_leader_heard(now_ms)
                if data[envelope.VERSION_AT] > messages.VERSION:
                    self.newer += 1
            if kind == messages.VOICE_FRAME:
                return self.listening.on_voice(data, now_ms)
        for room in self._rooms:
            if kind in room.obeys:
                break
        else:
            return refusal.TYPE
        try:
            fields = codec.decode(kind, data, envelope.HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            if kind == messages.SETTINGS_SNAPSHOT and refused.reason == refusal.RANGE:
                self.settings.discard(data, now_ms)
            return refused.reason
        return getattr(room, room.obeys[kind])(fields, data, source, now_ms)

    def begin_anew(self, is_new_term: bool) -> None:
        """For `Membership`: another leader counts its own settings, texts, places and leases."""
        self.settings.version = 0
        self.texts.shown_writer = -1
        self.talking.queued_seq = 0
        self.talking.receipt_lease = 0
        if is_new_term:
            self.floor.restart()
            self.playout.restart()
            self.scan.restart()

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
        slot.resize(end + TAG_BYTES)
        slot.destination = destination
        seq = self.link.next_seq()
        envelope.write_header(
            slot.buffer, end, kind, self.join.session, self.join.node, seq, now_ms
        )
        self.outbox.commit()

    # --- what the rooms need done ---

    def tell(self, kind: int, value: object) -> None:
        """Queue an event for `next_event`."""
        self._events.push(kind, value)

    def send_key_want(self, group: int, now_ms: int) -> None:
        """For `Session` and `VoiceKeys`."""
        self.send(messages.KEY_WANT, (group,), self.link.address, now_ms)
