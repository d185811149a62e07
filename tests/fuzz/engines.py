"""Harnesses for whole engines: a script of datagrams, times and people, invariants after each step.

What comes in is mostly well formed and in a session that exists; only then anything happens.
"""

from __future__ import annotations

from array import array
from collections.abc import Callable
from typing import Any

from tests.property.driver import STARTS_MS, Driver
from tests.property.invariants import check_bounded, check_leader, check_participant
from tests.shared.clear import ClearLeader, clear_participant

from ptt.badge.participant import Participant
from ptt.base.numbers import FRAME_SAMPLES
from ptt.leader.leader import Leader
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages, voice

from .script import Script, sealed

STEPS_MAX = 300  # of one script, so that one input stays quick
PLACES = tuple(("place", number) for number in range(5))
KINDS = sorted(messages.LAYOUTS)
PCM = array("h", [n * 37 % 3000 - 1500 for n in range(FRAME_SAMPLES)])
NEVER_A_KIND = 250


def pick_kind(script: Script) -> int:
    number = script.byte()
    return KINDS[number % len(KINDS)] if number < NEVER_A_KIND else number


def speech(script: Script, talker: int, lease: int) -> bytes:
    """The payload of a voice packet."""
    shape = script.byte()
    count = 1 + shape % 3
    first = min(script.byte() << (shape >> 6), 0x10000 - count)
    data = bytearray(voice.FRAMES_AT + count * 164)
    is_last = shape & 4 != 0
    voice.write_fields(
        data, 1, messages.CODEC_IMA_ADPCM, talker, max(1, lease), first, is_last, count
    )
    data[voice.FRAMES_AT + 2] = script.byte()  # the coder's step index
    return bytes(data[24:])


class LeaderRun:
    def __init__(self, script: Script, leader: Leader | None = None) -> None:
        self.script = script
        self.leader = leader or ClearLeader(3, 7)
        self.driver = Driver(self.leader, STARTS_MS[script.byte() % len(STARTS_MS)])
        self.is_fetched = script.byte() & 1 == 0
        self.steps: tuple[Callable[[], None], ...] = (
            self.raw,
            self.hello,
            self.member_says,
            self.member_says,
            self.member_says,
            self.member_presses,
            self.member_releases,
            self.member_talks,
            self.somebody_says,
            self.pass_time,
            self.sleep,
            self.publish,
            self.operator_writes,
            self.resign,
        )

    def run(self) -> None:
        for _ in range(STEPS_MAX):
            if not self.script:
                return
            self.steps[self.script.byte() % len(self.steps)]()
            if self.is_fetched:
                self.check_drained(self.driver.drain()[0])
            self.after_step()

    def after_step(self) -> None:
        check_leader(self.leader)

    def check_drained(self, sent: list[tuple[bytes, Any]]) -> None:
        """What it sent, as (data, destination)."""

    def place(self) -> Any:
        return PLACES[self.script.byte() % len(PLACES)]

    def raw(self) -> None:
        self.driver.receive(self.script.blob(), self.place())

    def hello(self) -> None:
        which = self.script.byte()
        device = bytes([which % 6] * 8)
        values = device + bytes([0, 0, 0, which >> 6]) + messages.TABLE_HASH + b"\x02\x01x\x01y"
        data = sealed(messages.HELLO, 0, 0, values, messages.VERSION)
        self.driver.receive(data, PLACES[which % len(PLACES)])

    def member(self) -> Any:
        members = self.leader.members.all()
        return members[self.script.byte() % len(members)] if members else None

    def member_sends(self, kind: int, member: Any, payload: bytes) -> None:
        version = messages.VERSION + (self.script.byte() == 1)
        data = sealed(kind, member.session, member.node, payload, version)
        self.driver.receive(data, member.address)

    def member_says(self) -> None:
        if member := self.member():
            kind = pick_kind(self.script)
            self.member_sends(kind, member, self.script.payload(kind))

    def member_presses(self) -> None:
        if member := self.member():
            request = bytes([1, 0, self.script.byte() & 7])
            self.member_sends(messages.FLOOR_REQUEST, member, request)

    def member_releases(self) -> None:
        if member := self.member():
            lease = self.leader.floors[1].lease.to_bytes(4, "big")
            request = bytes([1, 0, self.script.byte() & 7])
            self.member_sends(messages.FLOOR_RELEASE, member, request + lease)

    def member_talks(self) -> None:
        if member := self.member():
            lease = self.leader.floors[1].lease
            self.member_sends(messages.VOICE_FRAME, member, speech(self.script, member.node, lease))

    def somebody_says(self) -> None:
        """Sessions, numbers and addresses that may or may not fit each other."""
        kind = pick_kind(self.script)
        payload = self.script.payload(kind)
        member = self.member()
        session = member.session if member else self.script.word()
        data = sealed(kind, session, self.script.byte() & 7, payload, self.script.byte())
        self.driver.receive(data, self.place())

    def pass_time(self) -> None:
        self.driver.pass_time(self.script.word())

    def sleep(self) -> None:
        self.driver.sleep()
        self.driver.check_progress()

    def publish(self) -> None:
        version = self.leader.settings.settings.version + 1
        settings = Settings(version, 20 + self.script.byte(), 1000 + self.script.word())
        self.leader.publish(settings, self.driver.now_ms)

    def operator_writes(self) -> None:
        self.leader.send_text(1, messages.TEXT_OPERATOR, b"op", b"hello", self.driver.now_ms)

    def resign(self) -> None:
        self.leader.resign(self.driver.now_ms)


class ParticipantRun:
    def __init__(self, script: Script, badge: Participant | None = None) -> None:
        self.script = script
        start_ms = STARTS_MS[script.byte() % len(STARTS_MS)]
        self.badge = badge or clear_participant(b"12345678", b"Ann", b"1", PLACES[0], 7)
        self.badge.start(start_ms)
        self.driver = Driver(self.badge, start_ms)
        self.is_fetched = script.byte() & 1 == 0
        self.steps: tuple[Callable[[], None], ...] = (
            self.raw,
            self.welcome,
            self.leader_says,
            self.leader_says,
            self.leader_says,
            self.leader_grants,
            self.leader_answers,
            self.voice_comes,
            self.voice_comes,
            self.somebody_says,
            self.press,
            self.release,
            self.speak,
            self.listen,
            self.write,
            self.pass_time,
            self.sleep,
        )

    def run(self) -> None:
        for _ in range(STEPS_MAX):
            if not self.script:
                return
            self.steps[self.script.byte() % len(self.steps)]()
            if self.is_fetched:
                self.check_drained(self.driver.drain()[0])
            check_participant(self.badge)

    def check_drained(self, sent: list[tuple[bytes, Any]]) -> None:
        """What it sent, as (data, destination)."""

    def leader_sends(self, kind: int, payload: bytes) -> None:
        version = messages.VERSION + (self.script.byte() == 1)
        data = sealed(kind, self.badge.join.session, 1, payload, version)
        self.driver.receive(data, self.badge.link.address)

    def raw(self) -> None:
        self.driver.receive(self.script.blob(), PLACES[self.script.byte() % len(PLACES)])

    def welcome(self) -> None:
        which = self.script.byte()
        nonce = self.badge.join.nonce.to_bytes(4, "big")
        numbers = bytes([0, 2 + which % 3, 0, 0, 0, 1 + (which >> 2) % 3, 0, 0, 0, which >> 4])
        payload = nonce + numbers + messages.TABLE_HASH + b"\x01\x01"
        data = sealed(messages.WELCOME, 0, 1, payload, messages.VERSION)
        self.driver.receive(data, PLACES[which & 1])

    def leader_says(self) -> None:
        kind = pick_kind(self.script)
        self.leader_sends(kind, self.script.payload(kind))

    def leader_grants(self) -> None:
        floor, join = self.badge.floor, self.badge.join
        lease = min(floor.seen_lease + (self.script.byte() & 3), 0x3FFFFFFF)
        payload = b"\x01" + floor.request.to_bytes(2, "big") + join.term.to_bytes(4, "big")
        payload += max(1, lease).to_bytes(4, "big") + b"\x07\xd0\x00\x00\xea\x60"
        self.leader_sends(messages.FLOOR_GRANT, payload)

    def leader_answers(self) -> None:
        """What the leader says of our request, our lease and its term."""
        which = self.script.byte()
        request = b"\x01" + self.badge.floor.request.to_bytes(2, "big")
        term = self.badge.join.term.to_bytes(4, "big")
        lease = (self.badge.floor.lease or 1).to_bytes(4, "big")
        kind, payload = (
            (messages.FLOOR_QUEUED, request + bytes([1 + (which >> 6)])),
            (messages.FLOOR_DENIED, request + b"\x01"),
            (messages.FLOOR_REVOKED, b"\x01" + term + lease + b"\x01"),
            (messages.FLOOR_IDLE, b"\x01" + term + lease),
            (messages.FLOOR_TAKEN, b"\x01" + term + lease + bytes([0, 2 + (which >> 6), 0])),
            (messages.ROLE_ANNOUNCE, b"\x02" + term),
            (messages.TEXT_ACK, self.badge.keyboard.number.to_bytes(2, "big")),
        )[which % 7]
        self.leader_sends(kind, payload)

    def voice_comes(self) -> None:
        which = self.script.byte()
        lease = self.badge.floor.seen_lease + (which >> 6)
        self.leader_sends(
            messages.VOICE_FRAME, speech(self.script, which & 7, min(lease, 0x3FFFFFFF))
        )

    def somebody_says(self) -> None:
        kind = pick_kind(self.script)
        payload = self.script.payload(kind)
        session = self.badge.join.session if self.script.byte() & 1 else self.script.word()
        data = sealed(kind, session, self.script.byte() & 3, payload, self.script.byte())
        self.driver.receive(data, PLACES[self.script.byte() % len(PLACES)])

    def press(self) -> None:
        self.badge.press(self.driver.now_ms)

    def release(self) -> None:
        self.badge.release(self.driver.now_ms)

    def speak(self) -> None:
        for _ in range(1 + self.script.byte() % 4):
            self.badge.write_microphone(PCM, self.driver.now_ms)

    def listen(self) -> None:
        for _ in range(1 + self.script.byte() % 8):
            pcm = self.badge.read_speaker(self.driver.now_ms)
            assert pcm is None or len(pcm) == FRAME_SAMPLES
            self.driver.pass_time(20)

    def write(self) -> None:
        self.badge.keyboard.send(b"hello", self.driver.now_ms)

    def pass_time(self) -> None:
        self.driver.pass_time(self.script.word())

    def sleep(self) -> None:
        self.driver.sleep()
        self.driver.check_progress()


def fuzz_leader(data: bytes) -> None:
    run = LeaderRun(Script(data))
    run.run()
    check_bounded(run.leader)


def fuzz_participant(data: bytes) -> None:
    run = ParticipantRun(Script(data))
    run.run()
    check_bounded(run.badge)
