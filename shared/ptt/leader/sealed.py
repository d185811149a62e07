"""A leader that lets in who proves a registered key, and seals and opens everything else.

It is the engine `leader` behind a door (`door`), with a tag on every datagram and the keys of the
groups' voice to give out. Voice it passes on as it came: it need not open it.
"""

from ..base import events
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    DEVICES_MAX,
    FORMER_KEYS_MS,
    SESSION_MS_MAX,
    STRANGERS_BURST,
    STRANGERS_PER_S,
)
from ..cluster import records
from ..link import derive
from ..link.hmac import Hmac, equal
from ..wire import codec, envelope, messages, refusal
from ..wire.envelope import FLAG_SEALED, FROM_PARTICIPANT, HEADER_BYTES, SEALED_SINCE, TAG_BYTES
from ..wire.refusal import Refused
from . import leader
from .budget import Budget
from .door import Door
from .group_keys import GroupKeys
from .session import Session

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..cluster.replica import State
    from ..link.derive import SessionKeys
    from .calls import Call
    from .leader import Outgoing
    from .members import Member
    from .settings import Settings

    class Directory(Protocol):
        """Who may become a member."""

        def key(self, device: bytes) -> "bytes | None":
            """The 32-byte key of an active device."""
            ...

        def name(self, device: bytes) -> "bytes | None":
            """What people call it, UTF-8; None: what it says itself."""
            ...


_SWEEP_MS = const(1000)  # between looks at what has become old
_HELLO_FIELD = const(3)  # of ANSWER: what HELLO said begins here


class SecureLeader(leader.Leader):
    """`directory` knows the devices' keys; `random(n)` gives n unpredictable bytes; `hmac` is
    another way to make tags, for whoever plays many venues at once. The rest is `Leader`'s."""

    def __init__(
        self,
        term: int,
        seed: int,
        directory: "Directory",
        random: "Callable[[int], bytes]",
        settings: "Settings | None" = None,
        roster: "Any" = None,
        hmac: "Hmac | None" = None,
    ) -> None:
        super().__init__(term, seed, settings, roster)
        self._directory = directory
        self._random = random
        self._hmac = hmac or Hmac()
        self._door = Door(random(derive.KEY_BYTES), self._hmac)
        self._groups = GroupKeys(self._hmac, random)
        self._sessions: dict[int, Session] = {}  # of members, and a moment longer
        self._strangers = Budget(STRANGERS_PER_S, STRANGERS_BURST)  # that are told of
        self._devices: list[bytes] = []  # for standbys, as records
        self._devices_version = 0
        self._sweep_ms = NEVER
        self.journal.changed(records.KEYS, 0)

    # --- the engine interface ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        reason = envelope.check(data)
        if reason == refusal.ACCEPTED:
            reason = self._open(data, source, now_ms)
        elif reason == refusal.VERSION:
            self._nack(messages.NACK_VERSION, data, source, now_ms)
        self.refusals.add(reason)
        self.journal.flush(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        super().handle_timeout(now_ms)
        if self._sweep_ms == NEVER or since(now_ms, self._sweep_ms) >= 0:
            self._sweep_ms = add(now_ms, _SWEEP_MS)
            self._sweep(now_ms)

    def next_timeout_ms(self) -> int:
        due = super().next_timeout_ms()
        return earliest(due, self._sweep_ms) if self._sessions else due

    def poll_transmit(self) -> "Outgoing | None":
        while True:
            outgoing = super().poll_transmit()
            if outgoing is None or self._close(outgoing):
                return outgoing

    # --- out ---

    def _close(self, outgoing: "Outgoing") -> bool:
        """Seal what is on its way; False when its member is gone."""
        data = outgoing.data
        number = envelope.session_id(data)
        if number == 0:
            return True  # CHALLENGE and NACK
        session = self._sessions.get(number)
        if session is None:
            return False
        end = len(data)
        sealed = bytearray(end + TAG_BYTES)
        sealed[0:end] = data
        sealed[3] = FLAG_SEALED
        if sealed[1] != messages.VOICE_FRAME:
            sealed[2] = self._groups.epoch & 255
        envelope.put_crc(sealed, envelope.header_crc(sealed, envelope.payload_crc(sealed)))
        sealed[end:] = self._hmac.digest(session.keys.down, sealed, end)[0:TAG_BYTES]
        outgoing.data = sealed
        return True

    # --- in ---

    def _open(self, data: "Any", source: "Any", now_ms: int) -> int:
        if self.is_deposed:
            return refusal.STALE
        reason = envelope.check_type(data, FROM_PARTICIPANT)
        if reason != refusal.ACCEPTED:
            return reason
        if data[1] == messages.HELLO:
            return self._challenge(data, source, now_ms)
        if data[1] == messages.ANSWER:
            return self._on_answer(data, source, now_ms)
        number = envelope.session_id(data)
        session = self._sessions.get(number)
        member = self.members.by_session(number)
        if session is None or member is None:
            self._nack(messages.NACK_UNKNOWN_SESSION, data, source, now_ms)
            return refusal.SESSION
        if source != member.address:
            return refusal.SOURCE
        if not session.replay.is_new(envelope.seq(data)):
            return refusal.REPLAY
        end = envelope.payload_end(data)
        if not self._is_sealed_by(session.keys, data, end):
            return self._open_otherwise(session, member, data, end, now_ms)
        return self._obey_opened(session, member, data, end, now_ms)

    def _is_sealed_by(self, keys: "SessionKeys | None", data: "Any", end: int) -> bool:
        return keys is not None and equal(
            data, end, self._hmac.digest(keys.up, data, end), TAG_BYTES
        )

    def _open_otherwise(
        self, session: Session, member: "Member", data: "Any", end: int, now_ms: int
    ) -> int:
        """Not by the keys in use: by those before or behind them?"""
        if self._is_sealed_by(session.following, data, end):
            session.former, session.keys = session.keys, session.following  # pyright: ignore[reportAttributeAccessIssue]
            session.following = None
            session.made_ms = session.switched_ms = now_ms
            return self._obey_opened(session, member, data, end, now_ms)
        if session.former is not None:
            if since(now_ms, session.switched_ms) >= FORMER_KEYS_MS:
                session.former = None
            elif self._is_sealed_by(session.former, data, end):
                return self._obey_opened(session, member, data, end, now_ms)
        if self._is_sealed_by(session.before, data, end):
            # It has not heard of us. Its word could have been kept by anybody since the leader
            # before, so it makes us repeat ourselves and nothing else.
            if data[1] == messages.HEARTBEAT and session.may_say(messages.HEARTBEAT, now_ms):
                self.announcer.start(member.node, now_ms)
                return refusal.ACCEPTED
            return refusal.STALE
        return refusal.TAG

    def _obey_opened(
        self, session: Session, member: "Member", data: "Any", end: int, now_ms: int
    ) -> int:
        session.replay.accept(envelope.seq(data))
        kind = data[1]
        if not session.may_say(kind, now_ms):
            return refusal.LIMIT
        if kind == messages.VOICE_FRAME and self._groups.is_to_come(data[2]):
            return refusal.KEY  # every listener would ask us for it
        if session.before is not None:  # the first word since it has moved over
            session.before = None
            self._give_keys(member, now_ms)
        if kind == messages.KEY_WANT or kind == messages.REKEY:
            return self._on_key_message(kind, session, member, data, end, now_ms)
        opened = bytearray(data[0:end])
        opened[3] = 0
        return self._obey(opened, member.address, now_ms)

    def _on_key_message(
        self,
        kind: int,
        session: Session,
        member: "Member",
        data: "Any",
        end: int,
        now_ms: int,
    ) -> int:
        if envelope.source_node(data) != member.node:
            return refusal.SENDER
        try:
            (value,) = codec.decode(kind, data, HEADER_BYTES, end)
        except Refused as refused:
            return refused.reason
        member.heard_ms = now_ms
        if kind == messages.REKEY:
            self._rekey(session, member, value, now_ms)
            return refusal.ACCEPTED
        if not member.hears(value):
            return refusal.FIELD
        self._give_key(member, value, now_ms)
        return refusal.ACCEPTED

    # --- the door ---

    def _challenge(self, data: "Any", source: "Any", now_ms: int) -> int:
        if data[0] < SEALED_SINCE:
            self._nack(messages.NACK_VERSION, data, source, now_ms)
            return refusal.VERSION
        if not self._door.may_knock(source, now_ms):
            return refusal.LIMIT
        try:
            fields = codec.decode(messages.HELLO, data, HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        device, nonce = fields[0:2]
        values = (nonce, self._door.challenge(device, nonce, source, now_ms))
        self._send_unbound(messages.CHALLENGE, values, source, now_ms)
        return refusal.ACCEPTED

    def _on_answer(self, data: "Any", source: "Any", now_ms: int) -> int:
        if not self._door.may_knock(source, now_ms):
            return refusal.LIMIT
        end = envelope.payload_end(data)
        try:
            fields = codec.decode(messages.ANSWER, data, HEADER_BYTES, end)
        except Refused as refused:
            return refused.reason
        challenge, own_nonce, proof = fields[0:_HELLO_FIELD]
        hello = fields[_HELLO_FIELD:]
        device, nonce = hello[0:2]
        if not self._door.is_good(challenge, device, nonce, source, now_ms):
            return refusal.CHALLENGE
        key = self._directory.key(device)
        if key is None:
            if self._strangers.take(now_ms):
                self._events.push(events.STRANGER, (device, hello[4]))
            return refusal.IDENTITY
        secret = derive.session_secret(self._hmac, key, own_nonce, challenge)
        said = data[HEADER_BYTES + 3 * derive.NONCE_BYTES : end]
        if not equal(proof, 0, derive.proof(self._hmac, secret, said), derive.PROOF_BYTES):
            return refusal.IDENTITY
        member = self.members.by_device(device)
        is_repeated = member is not None and member.secret == secret  # its WELCOME was lost
        if not is_repeated and not self._door.may_enter(device, now_ms):
            return refusal.LIMIT
        self._door.answered(device, challenge)
        hello[4] = self._directory.name(device) or hello[4]  # nobody goes by another's name
        reason = self._on_hello(hello, data, source, now_ms)
        member = self.members.by_device(device)
        if member is not None and member.nonce == nonce and member.address == source:
            self._begin_session(member, key, secret, now_ms)
        return reason

    def _begin_session(self, member: "Member", key: bytes, secret: bytes, now_ms: int) -> None:
        """Its WELCOME waits to be sealed; the keys of its groups follow."""
        if member.session in self._sessions and member.secret == secret:
            return  # the WELCOME was lost, and is repeated
        keys = derive.session_keys(self._hmac, secret, self.term, member.session)
        self._sessions[member.session] = Session(member.session, key, keys, now_ms)
        member.secret = secret
        self.journal.changed(records.MEMBER, member.node)
        self._give_keys(member, now_ms)
        if self._sweep_ms == NEVER:
            self._sweep_ms = add(now_ms, _SWEEP_MS)

    def _rekey(self, session: Session, member: "Member", own_nonce: bytes, now_ms: int) -> None:
        if session.own_nonce != own_nonce:
            session.own_nonce = own_nonce
            session.rekeyed = self._random(derive.NONCE_BYTES)
            secret = derive.session_secret(
                self._hmac, session.device_key, own_nonce, session.rekeyed
            )
            session.following = derive.session_keys(self._hmac, secret, self.term, session.number)
            member.secret = secret
            self.journal.changed(records.MEMBER, member.node)
        self._send(messages.REKEYED, (own_nonce, session.rekeyed), member, now_ms)

    # --- keys of groups ---

    def _give_keys(self, member: "Member", now_ms: int) -> None:
        for group in member.groups:
            self._give_key(member, group, now_ms)
        if member.call:
            self._give_key(member, member.call, now_ms)

    def _give_key(self, member: "Any", group: int, now_ms: int) -> None:
        session = self._sessions.get(member.session)
        if session is None:
            return
        epoch, key = self.voice_key(group)
        wrapped = derive.wrap(self._hmac, session.keys.wrap, member.session, member.seq + 1, key)
        self._send(messages.GROUP_KEY, (group, epoch, wrapped), member, now_ms)

    def voice_key(self, group: int) -> "tuple[int, bytes]":
        """Epoch and key of the voice in `group` now."""
        return self._groups.epoch, self._groups.key(group, self._members_of_call(group))

    def _members_of_call(self, group: int) -> bytes:
        call = self._calls.get(group)
        if call is None:
            return b""
        places = bytearray(4)
        envelope.put16(places, 0, call.caller.node)
        envelope.put16(places, 2, call.callee.node)
        return bytes(places)

    def _open_call_floor(self, call: "Call", now_ms: int) -> None:
        """Both sides have the key before anybody may talk."""
        super()._open_call_floor(call, now_ms)
        for side in (call.caller, call.callee):
            self._give_key(side, call.group, now_ms)

    def change_group_keys(self, now_ms: int) -> None:
        """From now on nobody hears who is not told the new keys."""
        self._groups.change()
        self.journal.changed(records.KEYS, 0)
        for member in self.members.all():
            self._give_keys(member, now_ms)

    # --- what the operator changes ---

    def look_at_directory(self, now_ms: int) -> None:
        """The directory or the roster has changed: whoever lost its key is out, with new keys for
        all others; whoever lost a group hears it no more; a new name is told from now on."""
        is_less = False
        for member in self.members.all():
            session = self._sessions.get(member.session)
            if session is None or self._directory.key(member.device) != session.device_key:
                self._drop(member, now_ms)
                self._sessions.pop(member.session, None)
                is_less = True
                continue
            name = self._directory.name(member.device) or member.name
            if name != member.name:
                member.name = name
                self.journal.changed(records.MEMBER, member.node)
            before = member.groups
            self.regroup(member.device, now_ms)
            if member.groups != before:
                is_less = is_less or any(group not in member.groups for group in before)
                self._give_keys(member, now_ms)
        if is_less:
            self.change_group_keys(now_ms)
        self.journal.flush(now_ms)

    # --- the cluster ---

    def take_over(self, state: "State", now_ms: int) -> None:
        record = state.body(records.KEYS, 0)
        if record is not None:
            self._groups.go_on_from(record)
        super().take_over(state, now_ms)
        for member in self.members.all():
            key = self._directory.key(member.device)
            if key is None or not member.secret:
                self._drop(member, now_ms)
                continue
            keys = derive.session_keys(self._hmac, member.secret, self.term, member.session)
            session = Session(member.session, key, keys, now_ms)
            session.before = derive.session_keys(
                self._hmac, member.secret, state.term, member.session
            )
            self._sessions[member.session] = session
        self._sweep_ms = add(now_ms, _SWEEP_MS)

    def keep_devices(
        self, version: int, devices: "list[records.DeviceRecord]", now_ms: int
    ) -> None:
        """Standbys get to know who may join: all `devices`, in the same order always."""
        written = [records.write_device(each) for each in devices[0:DEVICES_MAX]]
        for number in range(max(len(written), len(self._devices))):
            if number >= len(written):
                self.journal.removed(records.DEVICE, number + 1)
            elif number >= len(self._devices) or written[number] != self._devices[number]:
                self.journal.changed(records.DEVICE, number + 1)
        self._devices = written
        self._devices_version = version
        self.journal.changed(records.ROSTER, 0)
        self.journal.flush(now_ms)

    def write_record(self, kind: int, number: int, now_ms: int) -> bytes:
        if kind == records.KEYS:
            return self._groups.record()
        if kind == records.DEVICE:
            return self._devices[number - 1]
        if kind == records.ROSTER:
            values = (self._devices_version, len(self._devices))
            return records.write_numbers(records.ROSTER_SIZES, values)
        return super().write_record(kind, number, now_ms)

    def _sweep(self, now_ms: int) -> None:
        self._door.forget_old(now_ms)
        for number in list(self._sessions):
            member = self.members.by_session(number)
            if member is None:
                del self._sessions[number]
            elif since(now_ms, self._sessions[number].made_ms) >= SESSION_MS_MAX:
                self._drop(member, now_ms)  # it has not asked for new keys in time
                del self._sessions[number]
