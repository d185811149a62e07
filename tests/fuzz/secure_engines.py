"""Harnesses for sealed engines: what comes in is from somebody with valid keys, or nearly valid
ones.

The script has the keys: its leader's datagrams and its members' open, and then say anything.
"""

from __future__ import annotations

from typing import Any

from tests.property.invariants import check_bounded
from tests.shared.keys import Chance, Directory, device_key, make_leader

from pressel.block_cipher import BlockCipher
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.numbers import DATAGRAM_BYTES_MAX, MEMBERS_MAX
from ptt.keyboard.text_sender import TextSender
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.wire import envelope, messages

from .engines import PLACES, LeaderRun, ParticipantRun, pick_kind
from .script import Script
from .script import sealed as around

DEVICES = 6
IN_THE_CLEAR = (messages.CHALLENGE, messages.NACK, messages.HELLO, messages.ANSWER)


def closed(key: Any, data: bytes, seq: int, mark: int) -> bytes:
    """`data` with a number, a mark and the tag of `key`."""
    end = len(data)
    if end + envelope.TAG_BYTES > DATAGRAM_BYTES_MAX:
        return data
    whole = bytearray(data) + bytes(envelope.TAG_BYTES)
    envelope.put32(whole, 12, seq & 0x3FFFFFFF)
    whole[2], whole[3] = mark, envelope.FLAG_SEALED
    envelope.put_crc(whole, envelope.header_crc(whole, envelope.payload_crc(whole)))
    whole[end:] = Hmac().digest(key, whole, end)[: envelope.TAG_BYTES]
    return bytes(whole)


def check_sent(sent: list[tuple[bytes, Any]]) -> None:
    """Nothing leaves in the clear except what may."""
    for data, _ in sent:
        assert envelope.is_sealed(data) or data[1] in IN_THE_CLEAR


class SecureLeaderRun(LeaderRun):
    """Members are let in with their devices' keys, and seal what they say with their sessions'."""

    leader: Any

    def __init__(self, script: Script) -> None:
        self.directory = Directory()
        super().__init__(script, make_leader(3, 7, directory=self.directory))
        self.seq = 0
        self.steps = (*self.steps, self.rekey, self.revoke, self.forgive, self.cut_and_paste)

    def after_step(self) -> None:
        super().after_step()
        assert len(self.leader.sessions) <= MEMBERS_MAX + 8
        for member in self.leader.members.all():
            assert self.leader.sessions.of(member) is not None
            assert member.device not in self.directory.revoked

    def check_drained(self, sent: list[tuple[bytes, Any]]) -> None:
        check_sent(sent)

    def hello(self) -> None:
        """From HELLO to the session, by a device that may be unknown or have another's key."""
        which = self.script.byte()
        device = bytes([which % DEVICES] * 8)
        place = PLACES[which % len(PLACES)]
        said = device + bytes([0, 0, 0, which >> 6]) + messages.TABLE_HASH + b"\x02\x01x\x01y"
        said += bytes(4)
        self.driver.receive(around(messages.HELLO, 0, 0, said, messages.VERSION), place)
        nonce = envelope.get32(said, 8)
        challenge = self.leader.joining.door.challenge(device, nonce, place, self.driver.now_ms)
        own = bytes([self.script.byte()] * 16)
        key = device_key(device if which & 32 else bytes([which % DEVICES] * 8))
        secret = derive.session_secret(Hmac(), key, own, challenge)
        proof = derive.proof(Hmac(), secret, said)
        answer = challenge + own + proof + said
        if which & 8 and which & 16:
            answer = self.script.take(3) + answer[3:]
        self.driver.receive(around(messages.ANSWER, 0, 0, answer, messages.VERSION), place)

    def member_sends(self, kind: int, member: Any, payload: bytes) -> None:
        version = messages.VERSION + (self.script.byte() == 1)
        data = around(kind, member.session, member.node, payload, version)
        self.driver.receive(self.sealed_by(member, data), member.address)

    def sealed_by(self, member: Any, data: bytes) -> bytes:
        session = self.leader.sessions.of(member)
        self.seq += 1
        shape = self.script.byte()
        keys = session.following if shape & 1 and session.following else session.link.keys
        back = shape >> 5 if shape & 6 == 6 else 0  # a number that was there
        return closed(keys.up, data, self.seq - back, shape >> 3 & 3)

    def rekey(self) -> None:
        if member := self.member():
            self.member_sends(messages.REKEY, member, bytes([self.script.byte() & 3] * 16))

    def cut_and_paste(self) -> None:
        """By the keys of one member in the name of another, or from its address."""
        member, other = self.member(), self.member()
        if member and other:
            kind = pick_kind(self.script)
            payload = self.script.payload(kind)
            of = other if self.script.byte() & 1 else member
            data = around(kind, of.session, other.node, payload, messages.VERSION)
            self.driver.receive(self.sealed_by(member, data), other.address)

    def revoke(self) -> None:
        self.directory.revoked.add(bytes([self.script.byte() % DEVICES] * 8))
        self.leader.look_at_directory(self.driver.now_ms)

    def forgive(self) -> None:
        self.directory.revoked.clear()
        self.leader.look_at_directory(self.driver.now_ms)


class SecureParticipantRun(ParticipantRun):
    """Its leader knows the badge's key, and challenges and welcomes it when the script says so."""

    badge: Any

    def __init__(self, script: Script) -> None:
        device = b"12345678"
        badge = Participant(
            device, b"Ann", b"1", PLACES[0], 7, device_key(device), BlockCipher, Chance(7)
        )
        TextSender(badge)
        super().__init__(script, badge)
        self.seq = 0
        self.steps = (*self.steps, self.challenge, self.give_key, self.rekeyed, self.announce)
        self.driver.drain()
        if script.byte() & 3:
            self.challenge()
            self.driver.drain()
            self.welcome()

    def check_drained(self, sent: list[tuple[bytes, Any]]) -> None:
        check_sent(sent)

    def challenge(self) -> None:
        nonce = self.badge.join.nonce.to_bytes(4, "big")
        payload = nonce + bytes([self.script.byte()] * 16)
        data = around(messages.CHALLENGE, 0, 1, payload, messages.VERSION)
        self.driver.receive(data, PLACES[self.script.byte() & 1])

    def welcome(self) -> None:
        which = self.script.byte()
        term, session = 1 + (which >> 2) % 3, which >> 4
        nonce = self.badge.join.nonce.to_bytes(4, "big")
        numbers = bytes([0, 2 + which % 3, 0, 0, 0, session, 0, 0, 0, term])
        payload = nonce + numbers + messages.TABLE_HASH + b"\x01\x01"
        data = around(messages.WELCOME, session, 1, payload, messages.VERSION)
        keys = derive.session_keys(Hmac(), self.badge.door.pending or bytes(32), term, session)
        self.driver.receive(self.closed_with(keys, data), PLACES[0])

    def leader_sends(self, kind: int, payload: bytes) -> None:
        version = messages.VERSION + (self.script.byte() == 1)
        data = around(kind, self.badge.join.session, 1, payload, version)
        if self.badge.link.keys is not None:
            data = self.closed_with(self.badge.link.keys, data)
        self.driver.receive(data, self.badge.link.address)

    def closed_with(self, keys: Any, data: bytes) -> bytes:
        self.seq += 1
        shape = self.script.byte()
        back = shape >> 5 if shape & 6 == 6 else 0
        return closed(keys.down, data, self.seq - back, shape >> 3 & 3)

    def give_key(self) -> None:
        shape = self.script.byte()
        group = (1, 1, 2, 250)[shape & 3]
        self.leader_sends(messages.GROUP_KEY, bytes([group, 0, shape >> 2 & 7]) + bytes(16))

    def rekeyed(self) -> None:
        self.badge.door.due_ms = self.driver.now_ms  # the hour is over
        self.driver.pass_time(1)
        own = self.badge.door.own_nonce if self.script.byte() & 7 else bytes(16)
        self.leader_sends(messages.REKEYED, own + bytes([self.script.byte()] * 16))

    def announce(self) -> None:
        """A standby goes on, with keys of its term, or somebody who has not got them."""
        if self.badge.join.state != JOINED:
            return
        shape = self.script.byte()
        term = self.badge.join.term + (shape & 3)
        secret = self.badge.door.secret if shape & 4 else bytes(32)
        keys = derive.session_keys(Hmac(), secret, term, self.badge.link.session)
        payload = bytes([messages.ROLE_LEADER]) + term.to_bytes(4, "big")
        data = around(messages.ROLE_ANNOUNCE, self.badge.link.session, 1, payload, messages.VERSION)
        self.driver.receive(self.closed_with(keys, data), PLACES[1 + (shape >> 7)])


def fuzz_secure_leader(data: bytes) -> None:
    run = SecureLeaderRun(Script(data))
    run.run()
    check_bounded(run.leader)


def fuzz_secure_participant(data: bytes) -> None:
    run = SecureParticipantRun(Script(data))
    run.run()
    check_bounded(run.badge)
