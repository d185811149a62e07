"""A participant, and anything at all that can come in, from the network and from its user."""

from __future__ import annotations

from array import array
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.shared.clear import clear_participant

from ptt.badge.join import JOINED
from ptt.base import clock
from ptt.base.numbers import FRAME_SAMPLES
from ptt.wire import envelope, messages, voice

from .driver import STARTS_MS, Driver
from .engines import NEAR, PLACES, STEPS_MS, near_values, with_crc
from .invariants import check_bounded, check_participant
from .strategies import datagram, text_bytes, voice_datagram

LEADER = PLACES[0]
SAID_BY_LEADERS = tuple(
    kind
    for kind, sender in enumerate(messages.SENDERS)
    if sender & 2 and kind not in (messages.WELCOME, messages.VOICE_FRAME)
)
PCM = array("h", [n * 37 % 3000 - 1500 for n in range(FRAME_SAMPLES)])


class ParticipantMachine(RuleBasedStateMachine):
    """`is_fetched`: somebody takes what it sends and tells; else it must not grow."""

    @initialize(
        start_ms=st.sampled_from(STARTS_MS), is_fetched=st.booleans(), is_joined=st.booleans()
    )
    def begin(self, start_ms: int, is_fetched: bool, is_joined: bool) -> None:
        self.engine = clear_participant(b"12345678", b"Ann", b"1", LEADER, 7)
        self.driver = Driver(self.engine, start_ms)
        self.is_fetched = is_fetched
        self.seen: list[bytes] = [b"\x21"]
        self.seq = 0
        self.session = 0
        self.engine.start(start_ms)
        self.fetch()
        if is_joined:
            self.welcome(LEADER, 0, 2, 1, 1, messages.TABLE_HASH, 1)
            assert self.engine.join.state == JOINED

    # --- the network ---

    def take(self, data: bytes, source: Any) -> None:
        self.seen = [*self.seen[-20:], data]
        group, before = (
            self.engine.floor.group,
            (self.engine.join.term, self.engine.floor.seen_lease),
        )
        self.driver.receive(data, source)
        term, seen_lease = self.engine.join.term, self.engine.floor.seen_lease
        assert term >= before[0], "an older term was obeyed"
        if term == before[0] and self.engine.floor.group == group:  # each group counts for itself
            assert seen_lease >= before[1], "an older lease was obeyed"
        self.fetch()

    @rule(
        place=st.sampled_from(PLACES[:2]),
        nonce_off=st.sampled_from((0, 0, 0, 1)),
        node=st.integers(2, 4),
        session=st.integers(1, 3),
        term=NEAR,
        table=st.sampled_from((messages.TABLE_HASH, b"abcd")),
        codec_number=st.sampled_from((1, 1, 1, 0)),
    )
    def welcome(
        self,
        place: Any,
        nonce_off: int,
        node: int,
        session: int,
        term: int,
        table: bytes,
        codec_number: int,
    ) -> None:
        nonce = (self.engine.join.nonce + nonce_off) & 0x3FFFFFFF
        values = (nonce, node, session, term, table, 1, codec_number)
        self.take(datagram(messages.WELCOME, values, session, 1), place)

    @rule(data=st.data(), kind=st.sampled_from(SAID_BY_LEADERS), is_ours=st.booleans())
    def leader_says(self, data: st.DataObject, kind: int, is_ours: bool) -> None:
        """`is_ours`: with the term and request that it waits for."""
        values = list(data.draw(near_values(kind)))
        if is_ours:
            self.make_fitting(kind, values)
        self.leader_tells(kind, tuple(values))

    def make_fitting(self, kind: int, values: list[Any]) -> None:
        term, request = self.engine.join.term, self.engine.floor.request
        if kind in (messages.FLOOR_TAKEN, messages.FLOOR_IDLE, messages.FLOOR_REVOKED):
            values[0], values[1] = 1, term
        elif kind == messages.FLOOR_GRANT:
            values[0], values[1], values[2] = 1, request, term
        elif kind in (messages.FLOOR_QUEUED, messages.FLOOR_DENIED):
            values[0], values[1] = 1, request
        elif kind == messages.HEARTBEAT:
            values[1], values[2] = 1, term
        elif kind in (messages.TEXT_MESSAGE, messages.BURST_RECEIPT):
            values[0] = 1

    @rule(lease_off=st.sampled_from((1, 1, 1, 0, 2)), is_queued_first=st.booleans())
    def leader_grants(self, lease_off: int, is_queued_first: bool) -> None:
        """What it waits for, if it waits."""
        floor, join = self.engine.floor, self.engine.join
        if is_queued_first:
            self.leader_tells(messages.FLOOR_QUEUED, (1, floor.request, 1))
        lease = min(max(1, floor.seen_lease + lease_off), 0x3FFFFFFF)
        self.leader_tells(messages.FLOOR_GRANT, (1, floor.request, join.term, lease, 2000, 60000))

    def leader_tells(self, kind: int, values: tuple[Any, ...]) -> None:
        self.take(datagram(kind, values, self.engine.join.session, 1), self.leader())

    def leader(self) -> Any:
        return self.engine.link.address

    @rule(
        lease=st.integers(1, 6),
        talker=st.integers(0, 4),
        first=st.integers(0, 40) | st.sampled_from((65533, 65535)),
        is_last=st.booleans(),
        count=st.integers(1, 3),
        number=st.sampled_from((1, 1, 1, 0)),
        frames=st.binary(min_size=1, max_size=8),
    )
    def voice_comes(
        self,
        lease: int,
        talker: int,
        first: int,
        is_last: bool,
        count: int,
        number: int,
        frames: bytes,
    ) -> None:
        count = 1 if number == 0 else min(count, 0x10000 - first)
        fields = (1, number, talker, lease, first, is_last, count)
        self.take(voice_datagram(fields, frames, self.engine.join.session, 1), self.leader())

    @rule(data=st.binary(max_size=100), place=st.sampled_from(PLACES))
    def noise(self, data: bytes, place: Any) -> None:
        self.take(data, place)

    @rule(data=st.data(), place=st.sampled_from(PLACES), is_crc_right=st.booleans())
    def damaged(self, data: st.DataObject, place: Any, is_crc_right: bool) -> None:
        changed = bytearray(data.draw(st.sampled_from(self.seen)))
        if changed:
            at = data.draw(st.integers(0, len(changed) - 1))
            changed[at] = data.draw(st.integers(0, 255))
        self.take(with_crc(bytes(changed)) if is_crc_right else bytes(changed), place)

    @rule(data=st.data(), place=st.sampled_from(PLACES))
    def again(self, data: st.DataObject, place: Any) -> None:
        self.take(data.draw(st.sampled_from(self.seen)), place)

    # --- the person, the sound and the clock ---

    @rule()
    def press(self) -> None:
        self.engine.press(self.driver.now_ms)
        self.fetch()

    @rule()
    def release(self) -> None:
        self.engine.release(self.driver.now_ms)
        self.fetch()

    @rule(text=text_bytes(1, 200))
    def write(self, text: bytes) -> None:
        self.engine.keyboard.send(text, self.driver.now_ms)
        self.fetch()

    @rule(frames=st.integers(1, 50))
    def speak(self, frames: int) -> None:
        for _ in range(frames):
            self.engine.write_microphone(PCM, self.driver.now_ms)
            self.fetch()

    @rule(frames=st.integers(1, 40), frame_ms=st.sampled_from((0, 20, 20, 20)))
    def listen(self, frames: int, frame_ms: int) -> None:
        for _ in range(frames):
            pcm = self.engine.read_speaker(self.driver.now_ms)
            assert pcm is None or len(pcm) == FRAME_SAMPLES
            self.driver.now_ms = clock.add(self.driver.now_ms, frame_ms)
            self.fetch()

    @rule(milliseconds=STEPS_MS)
    def pass_time(self, milliseconds: int) -> None:
        self.driver.pass_time(milliseconds)
        self.fetch()

    @rule()
    def sleep(self) -> None:
        self.driver.sleep()
        self.driver.check_progress()
        self.fetch()

    @precondition(lambda self: not self.driver.is_due())
    @rule()
    def called_too_early(self) -> None:
        before = self.engine.outbox._count
        self.engine.handle_timeout(self.driver.now_ms)
        assert self.engine.outbox._count == before

    # --- what goes out ---

    def fetch(self) -> None:
        if not self.is_fetched:
            return
        sent, _ = self.driver.drain()
        for data, destination in sent:
            session = envelope.session_id(data)
            if session != self.session:
                self.session, self.seq = session, 0
            if session:
                assert envelope.seq(data) > self.seq, "a sequence number came twice"
                self.seq = envelope.seq(data)
            if envelope.msg_type(data) == messages.VOICE_FRAME:
                assert voice.check(data) == 0
                assert destination == self.leader()

    # --- what is always true ---

    @invariant()
    def everything_is_in_order(self) -> None:
        check_participant(self.engine)
        check_bounded(self.engine)


TestParticipant = ParticipantMachine.TestCase
TestParticipant.settings = settings(max_examples=60, stateful_step_count=60)
