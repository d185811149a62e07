"""A leader, and anything at all that can come in."""

from __future__ import annotations

from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from tests.shared.clear import ClearLeader

from ptt.base import clock, events
from ptt.base.numbers import NACK_INTERVAL_MS
from ptt.leader.settings_in_force import Settings
from ptt.wire import envelope, messages

from .driver import STARTS_MS, Driver
from .engines import NEAR, PLACES, STEPS_MS, near_values, with_crc
from .invariants import check_bounded, check_leader
from .strategies import datagram, text_bytes, voice_datagram

DEVICES = tuple(bytes([number] * 8) for number in range(5))
SAID_BY_MEMBERS = tuple(
    kind
    for kind, sender in enumerate(messages.SENDERS)
    if sender & 1 and kind not in (messages.HELLO, messages.VOICE_FRAME)
)


class LeaderMachine(RuleBasedStateMachine):
    """`is_fetched`: somebody takes what the leader sends and tells; else it must not grow."""

    @initialize(
        start_ms=st.sampled_from(STARTS_MS), is_fetched=st.booleans(), members=st.integers(0, 4)
    )
    def begin(self, start_ms: int, is_fetched: bool, members: int) -> None:
        self.engine = ClearLeader(3, 7)
        self.driver = Driver(self.engine, start_ms)
        self.is_fetched = is_fetched
        self.seen: list[bytes] = [b"\x21"]
        self.holders: dict[int, int] = {}  # nodes by lease, as the events tell it
        self.newest_lease = 0
        self.nacked_ms = -1
        for number in range(members):
            self.hello(DEVICES[number], PLACES[number], 1, 2, b"x")
        assert len(self.engine.members) == members

    # --- what comes in ---

    def take(self, data: bytes, source: Any) -> None:
        self.seen = [*self.seen[-20:], data]
        strange = all(member.address != source for member in self.engine.members.all())
        self.driver.receive(data, source)
        self.fetch(len(data) if strange else None, source)

    @rule(
        device=st.sampled_from(DEVICES),
        place=st.sampled_from(PLACES),
        nonce=NEAR,
        codecs=st.sampled_from((0, 1, 2, 3, 255)),
        name=text_bytes(1, 32),
    )
    def hello(self, device: bytes, place: Any, nonce: int, codecs: int, name: bytes) -> None:
        values = (device, nonce, messages.TABLE_HASH, codecs, name, b"1")
        self.take(datagram(messages.HELLO, values, 0, 0), place)

    @rule(data=st.data(), kind=st.sampled_from(SAID_BY_MEMBERS))
    def member_says(self, data: st.DataObject, kind: int) -> None:
        member = self.some_member(data)
        if member is not None:
            values = data.draw(near_values(kind))
            said = datagram(kind, values, member.session, member.node)
            self.take(said, member.address)

    @rule(data=st.data(), request=NEAR)
    def member_presses(self, data: st.DataObject, request: int) -> None:
        member = self.some_member(data)
        if member is not None:
            said = datagram(messages.FLOOR_REQUEST, (1, request), member.session, member.node)
            self.take(said, member.address)

    @rule(data=st.data(), first=NEAR, is_last=st.booleans(), count=st.integers(1, 3))
    def member_talks(self, data: st.DataObject, first: int, is_last: bool, count: int) -> None:
        member = self.some_member(data)
        if member is not None:
            lease = max(1, self.engine.floors[1].lease)
            fields = (1, messages.CODEC_IMA_ADPCM, member.node, lease, first, is_last, count)
            self.take(voice_datagram(fields, b"x", member.session, member.node), member.address)

    def some_member(self, data: st.DataObject) -> Any:
        members = self.engine.members.all()
        return data.draw(st.sampled_from(members)) if members else None

    @rule(data=st.binary(max_size=100), place=st.sampled_from(PLACES))
    def noise(self, data: bytes, place: Any) -> None:
        self.take(data, place)

    @rule(place=st.sampled_from(PLACES), major=st.integers(0, 15), size=st.integers(0, 80))
    def other_major(self, place: Any, major: int, size: int) -> None:
        self.take(bytes([major << 4]) + bytes(size), place)

    @rule(data=st.data(), place=st.sampled_from(PLACES), is_crc_right=st.booleans())
    def damaged(self, data: st.DataObject, place: Any, is_crc_right: bool) -> None:
        changed = bytearray(data.draw(st.sampled_from(self.seen)))
        if changed:
            at = data.draw(st.integers(0, len(changed) - 1))
            changed[at] = data.draw(st.integers(0, 255))
        again = with_crc(bytes(changed)) if is_crc_right else bytes(changed)
        self.take(again, place)

    @rule(data=st.data(), place=st.sampled_from(PLACES))
    def again(self, data: st.DataObject, place: Any) -> None:
        self.take(data.draw(st.sampled_from(self.seen)), place)

    # --- the operator and the clock ---

    @rule(delay_ms=st.integers(20, 400), talk_ms=st.sampled_from((1000, 60000, 1300000)))
    def publish(self, delay_ms: int, talk_ms: int) -> None:
        version = self.engine.settings.settings.version + 1
        self.engine.publish(Settings(version, delay_ms, talk_ms), self.driver.now_ms)
        self.fetch(None, None)

    @rule(name=text_bytes(0, 32), text=text_bytes(1, 200))
    def operator_writes(self, name: bytes, text: bytes) -> None:
        self.engine.send_text(1, messages.TEXT_OPERATOR, name, text, self.driver.now_ms)
        self.fetch(None, None)

    @rule()
    def resign(self) -> None:
        self.engine.resign(self.driver.now_ms)
        self.fetch(None, None)

    @rule(milliseconds=STEPS_MS)
    def pass_time(self, milliseconds: int) -> None:
        self.driver.pass_time(milliseconds)
        self.fetch(None, None)

    @rule()
    def sleep(self) -> None:
        self.driver.sleep()
        self.fetch(None, None)
        self.driver.check_progress()
        self.fetch(None, None)

    @precondition(lambda self: not self.driver.is_due())
    @rule()
    def called_too_early(self) -> None:
        """Before it is due, `handle_timeout` has nothing to do, or somebody would wait in vain."""
        before = len(self.engine.outbound)
        self.engine.handle_timeout(self.driver.now_ms)
        assert len(self.engine.outbound) == before

    # --- what goes out ---

    def fetch(self, cause_bytes: int | None, source: Any) -> None:
        """`cause_bytes`: size of what a stranger at `source` sent just now."""
        if not self.is_fetched:
            return
        sent, told = self.driver.drain()
        nacks = [data for data, _ in sent if envelope.msg_type(data) == messages.NACK]
        assert len(nacks) <= 1
        if nacks:
            if self.nacked_ms >= 0:
                waited_ms = clock.since(self.driver.now_ms, self.nacked_ms)
                assert not 0 <= waited_ms < NACK_INTERVAL_MS
            self.nacked_ms = self.driver.now_ms
        if cause_bytes is not None:
            answers = [data for data, destination in sent if destination == source]
            assert sum(len(data) for data in answers) <= cause_bytes, "amplified"
        for kind, value in told:
            self.follow_floor(kind, value)

    def follow_floor(self, kind: int, value: Any) -> None:
        if kind == events.FLOOR_GRANTED:
            assert value[0] not in self.holders.values(), "two floors at once"
            assert value[1] > self.newest_lease
            self.newest_lease = value[1]
            self.holders[value[1]] = value[0]
        elif kind == events.FLOOR_FREED:
            assert self.holders.pop(value[1]) == value[0]

    # --- what is always true ---

    @invariant()
    def everything_is_in_order(self) -> None:
        check_leader(self.engine)
        check_bounded(self.engine)
        if self.is_fetched:
            floors = self.engine.floors.values()  # of the group, and of private calls
            assert self.holders == {floor.lease: floor.holder for floor in floors if floor.holder}


TestLeader = LeaderMachine.TestCase
TestLeader.settings = settings(max_examples=60, stateful_step_count=60)
