"""A participant that proves its key when it joins, seals what it says and believes what is sealed.

It is the engine `participant` with a tag behind every datagram and its voice encrypted. In the
clear go HELLO and ANSWER, and come CHALLENGE and NACK, nothing else. Cheap looks come first: a
flood of forged datagrams costs a comparison each, or one hash from who sees the network.
"""

from ..base import octets
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    ADPCM_FRAME_BYTES,
    CLEAR_NACK_MS,
    DERIVATIONS_MAX,
    FORMER_KEYS_MS,
    KEY_WANT_MS,
    KEY_WANT_MS_MAX,
    REKEY_MS,
    REKEY_RETRY_MS,
    REKEY_SPREAD_MS,
)
from ..base.prng import Prng
from ..link import derive
from ..link.ctr import KeyStream
from ..link.hmac import Hmac, equal
from ..link.replay import ReplayWindow
from ..media import dsp
from ..wire import envelope, messages, refusal, voice
from ..wire.checksum import FRONT_BYTES, Checksum
from ..wire.envelope import (
    CRC_AT,
    FLAG_SEALED,
    HEADER_BYTES,
    IN_THE_CLEAR,
    SEALED_SINCE,
    TAG_BYTES,
    get32,
)
from . import participant
from .floor import NO_PERMISSION
from .join import JOINED
from .key_ring import KeyRing

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..base.outbox import Datagram
    from ..link.derive import SessionKeys

_CHALLENGE_END = const(44)  # nonce 24 4 · challenge 28 16
_ANSWER_HELLO_AT = const(72)  # challenge 24 16 · own nonce 40 16 · proof 56 16
_WELCOME_TERM_AT = const(34)
_ANNOUNCE_TERM_AT = const(25)
_GROUP_KEY_END = const(43)  # group 24 1 · epoch 25 2 · wrapped 27 16
_REKEYED_END = const(56)  # own nonce 24 16 · challenge 40 16
_NONCE_AT = const(8)  # in a HELLO's payload


class SecureParticipant(participant.Participant):
    """`key`: the device's 32 bytes. `cipher(key)` makes an AES block cipher of 16 bytes' key, with
    `encrypt(source, target)`; `random(n)` gives n unpredictable bytes. `hmac` is
    another way to make tags, for who plays many venues at once. The rest is `Participant`'s.
    """

    tail_bytes = TAG_BYTES

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
        super().__init__(device, name, build, leader_address, seed)
        self._key = key
        self._random = random
        self._hmac = hmac or Hmac()
        self.checksum = Checksum(self._hmac.buffer)
        self._scratch = memoryview(self.checksum.buffer)
        self._clear = self._scratch[0:0]  # the datagram that is obeyed, opened
        self._stream = KeyStream()
        self._ring = KeyRing(cipher)
        self._spread_ms = Prng(seed).below(REKEY_SPREAD_MS)
        self._hello = b""  # payload of the last HELLO
        self._own_nonce = b""  # our part of the keys that are being agreed on
        self._secret = b""  # that the keys come from
        self._pending = b""  # the same of a join under way; empty: none
        self._keys: SessionKeys | None = None
        self._former: SessionKeys | None = None  # before they were changed
        self._replay = ReplayWindow()
        self._keys_session = 0
        self._keys_term = 0
        self._keys_ms = 0  # since when there are keys
        self._former_ms = 0  # since when the former ones are
        self._mark = -1  # low byte of the leader's newest epoch; -1: not told yet
        self._want_ms = NEVER  # when to ask for a group's key
        self._want_wait_ms = KEY_WANT_MS
        self._rekey_ms = NEVER  # when to ask for new session keys
        self._is_rekeying = False
        self._derived = 0  # in the second that began at
        self._derived_ms = 0
        self.answered = 0  # challenges, since the start: somebody leads here
        self.keyless = 0  # voice packets of ours not sent because no key was here

    # --- the engine interface ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        reason = self.checksum.check(data)
        if reason == refusal.ACCEPTED:
            reason = self._open(data, source, now_ms)
        elif reason == refusal.VERSION:
            self._on_other_major(data)
        self.refusals.add(reason)

    def handle_timeout(self, now_ms: int) -> None:
        participant.Participant.handle_timeout(self, now_ms)
        if self.join.state != JOINED:
            return
        if self._want_ms != NEVER and since(now_ms, self._want_ms) >= 0:
            self._want_key(now_ms)
        if self._rekey_ms != NEVER and since(now_ms, self._rekey_ms) >= 0:
            self._rekey(now_ms)

    def next_timeout_ms(self) -> int:
        due = participant.Participant.next_timeout_ms(self)
        if self.join.state != JOINED:
            return due
        return earliest(due, earliest(self._want_ms, self._rekey_ms))

    def poll_transmit(self) -> "Datagram | None":
        while True:
            datagram = self._outbox.poll()
            if datagram is None or self._close(datagram):
                return datagram

    # --- out ---

    def _close(self, datagram: "Datagram") -> bool:
        """Seal what is on its way; False when it is not to be sent."""
        buffer = datagram.buffer
        kind = buffer[1]
        end = envelope.payload_end(buffer)
        if kind == messages.HELLO or kind == messages.ANSWER:
            datagram.resize(end)
            self.checksum.put(buffer, datagram.data, end)
            if kind == messages.HELLO:
                self._note_hello(bytes(buffer[HEADER_BYTES:end]))
            return True
        if self._keys is None or get32(buffer, 4) != self._keys_session:
            return False  # of a session that is over
        if kind == messages.VOICE_FRAME and not self._lock(buffer):
            self.keyless += 1
            return False
        buffer[3] = FLAG_SEALED
        self.checksum.put(buffer, datagram.data, end)
        octets.copy(self._hmac.buffer, FRONT_BYTES + CRC_AT, buffer, CRC_AT, 4)
        octets.copy(buffer, end, self._hmac.digest_loaded(self._keys.up, end), 0, TAG_BYTES)
        return True

    def _note_hello(self, payload: bytes) -> None:
        if payload[_NONCE_AT : _NONCE_AT + 4] != self._hello[_NONCE_AT : _NONCE_AT + 4]:
            self._own_nonce = self._random(derive.NONCE_BYTES)
        self._hello = payload

    def _lock(self, buffer: bytearray) -> bool:
        """Encrypt the frames of a voice packet in place."""
        cipher = self._ring.own_cipher(voice.group(buffer), envelope.timestamp_ms(buffer))
        if cipher is None:
            return False
        buffer[2] = self._ring.epoch & 255
        self._cross(cipher, buffer)
        return True

    def unlock(self, data: "Any", now_ms: int) -> int:
        mark = data[2]
        cipher = self._ring.cipher(voice.group(data), mark)
        if cipher is None:
            if (mark - self._mark) & 255 < 128:  # an epoch that we have not been told of
                self._mark = mark
            self._look_for_keys(now_ms)
            return refusal.KEY
        self._cross(cipher, data)
        return refusal.ACCEPTED

    def _cross(self, cipher: "Any", data: "Any") -> None:
        """The same work locks and unlocks."""
        stream = self._stream
        talker = voice.talker(data)
        lease = voice.lease(data)
        number = voice.first(data)
        left = voice.count(data)
        at = voice.FRAMES_AT
        while left:
            stream.make(cipher, self._ring.epoch, talker, lease, number)
            dsp.xor(data, at, stream.bytes, 0, ADPCM_FRAME_BYTES)
            at += ADPCM_FRAME_BYTES
            number += 1
            left -= 1

    # --- in ---

    def _open(self, data: "Any", source: "Any", now_ms: int) -> int:
        kind = data[1]
        if not envelope.is_sealed(data):
            return self._obey_in_the_clear(kind, data, source, now_ms)
        if kind in IN_THE_CLEAR:
            return refusal.SEALED
        is_joined = self.join.state == JOINED
        if kind == messages.WELCOME and not is_joined:
            return self._open_welcome(data, source, now_ms)
        if not is_joined or get32(data, 4) != self._keys_session:
            return refusal.SESSION
        if kind == messages.ROLE_ANNOUNCE and len(data) > _ANNOUNCE_TERM_AT + 4:
            if get32(data, _ANNOUNCE_TERM_AT) > self._keys_term:
                return self._open_announce(data, source, now_ms)
        if source != self._leader_address:
            return refusal.SOURCE
        if not self._replay.is_new(envelope.seq(data)):
            return refusal.REPLAY
        if not self._is_sealed_by(self._keys, data):
            if self._former is None:
                return refusal.TAG
            if since(now_ms, self._former_ms) >= FORMER_KEYS_MS:
                self._former = None
                return refusal.TAG
            if not self._is_sealed_by(self._former, data):
                return refusal.TAG
        self._replay.accept(envelope.seq(data))
        return self._obey_opened(kind, data, source, now_ms)

    def _is_sealed_by(self, keys: "SessionKeys | None", data: "Any") -> bool:
        """The datagram lies in the scratch buffer, where `checksum` or `load` put it."""
        end = len(data) - TAG_BYTES
        return keys is not None and equal(
            data, end, self._hmac.digest_loaded(keys.down, end), TAG_BYTES
        )

    def _obey_opened(self, kind: int, data: "Any", source: "Any", now_ms: int) -> int:
        end = len(data) - TAG_BYTES
        if kind == messages.GROUP_KEY:
            return self._on_group_key(data, now_ms)
        if kind == messages.REKEYED:
            return self._on_rekeyed(data, now_ms)
        if kind == messages.FLOOR_GRANT and self._ring.own_cipher(data[24], now_ms) is None:
            # What waits to be said would be lost; the grant comes again.
            self._send(messages.KEY_WANT, (data[24],), source, now_ms)
            return refusal.KEY
        if len(self._clear) != end:
            self._clear = self._scratch[FRONT_BYTES : FRONT_BYTES + end]
        self._clear[3] = 0
        reason = self._obey(self._clear, source, now_ms)
        if kind != messages.VOICE_FRAME and data[2] != self._mark:
            self._mark = data[2]
            self._look_for_keys(now_ms)
        elif kind == messages.WELCOME or kind == messages.FLOOR_TAKEN:
            self._look_for_keys(now_ms)  # other groups, or a call
        return reason

    def _obey_in_the_clear(self, kind: int, data: "Any", source: "Any", now_ms: int) -> int:
        if kind == messages.CHALLENGE:
            return self._on_challenge(data, source, now_ms)
        if kind != messages.NACK:
            if kind == messages.WELCOME and data[0] < SEALED_SINCE:
                self._on_other_major(data)  # a leader without keys: told, not believed
            return refusal.UNSEALED
        if self.join.state == JOINED and self.join.silent_ms(now_ms) < CLEAR_NACK_MS:
            return refusal.UNSEALED  # anybody could say so; our leader was heard just now
        return self._obey(data, source, now_ms)

    # --- joining ---

    def _on_challenge(self, data: "Any", source: "Any", now_ms: int) -> int:
        hello = self._hello
        if self.join.state == JOINED or not hello:
            return refusal.STALE
        if len(data) < _CHALLENGE_END:
            return refusal.FIELD
        if bytes(data[24:28]) != hello[_NONCE_AT : _NONCE_AT + 4]:
            return refusal.STALE
        if not self._may_derive(now_ms):
            return refusal.LIMIT
        challenge = bytes(data[28:_CHALLENGE_END])
        self._pending = derive.session_secret(self._hmac, self._key, self._own_nonce, challenge)
        proof = derive.proof(self._hmac, self._pending, hello)
        slot = self._outbox.reserve()
        at = HEADER_BYTES
        for part in (challenge, self._own_nonce, proof, hello):
            octets.copy(slot.buffer, at, part, 0, len(part))
            at += len(part)
        self._commit(slot, at, messages.ANSWER, source, now_ms)
        self.answered += 1
        return refusal.ACCEPTED

    def _open_welcome(self, data: "Any", source: "Any", now_ms: int) -> int:
        if len(data) < _WELCOME_TERM_AT + 4 + TAG_BYTES or not self._pending:
            return refusal.SESSION
        if bytes(data[24:28]) != self._hello[_NONCE_AT : _NONCE_AT + 4]:
            return refusal.STALE
        if not self._may_derive(now_ms):
            return refusal.LIMIT
        term = get32(data, _WELCOME_TERM_AT)
        session = get32(data, 4)
        keys = derive.session_keys(self._hmac, self._pending, term, session)
        self._hmac.load(data)
        if not self._is_sealed_by(keys, data):
            return refusal.TAG
        self._secret = self._pending
        self._keys_session = session
        self._ring.clear()
        self._mark = data[2]
        self._take_keys(keys, term, data)
        reason = self._obey_opened(messages.WELCOME, data, source, now_ms)
        if self.join.state == JOINED:
            self._pending = b""
            self._renew_later(now_ms)
        return reason

    def _open_announce(self, data: "Any", source: "Any", now_ms: int) -> int:
        """A standby goes on: the same secret, and keys of its term."""
        if not self._may_derive(now_ms):
            return refusal.LIMIT
        term = get32(data, _ANNOUNCE_TERM_AT)
        keys = derive.session_keys(self._hmac, self._secret, term, self._keys_session)
        self._hmac.load(data)
        if not self._is_sealed_by(keys, data):
            return refusal.TAG
        self._take_keys(keys, term, data)
        return self._obey_opened(messages.ROLE_ANNOUNCE, data, source, now_ms)

    def _take_keys(self, keys: "SessionKeys", term: int, data: "Any") -> None:
        self._keys = keys
        self._former = None
        self._keys_term = term
        self._replay = ReplayWindow()
        self._replay.accept(envelope.seq(data))

    def _may_derive(self, now_ms: int) -> bool:
        """Who sees the network can make us derive keys for nothing: not without end."""
        if not 0 <= since(now_ms, self._derived_ms) < 1000:
            self._derived_ms = now_ms
            self._derived = 0
        self._derived += 1
        return self._derived <= DERIVATIONS_MAX

    def leader_lost(self, now_ms: int) -> None:
        participant.Participant.leader_lost(self, now_ms)
        self._pending = b""
        self._is_rekeying = False
        self._want_ms = self._rekey_ms = NEVER

    # --- keys that change ---

    def _renew_later(self, now_ms: int) -> None:
        self._keys_ms = now_ms
        self._rekey_ms = add(now_ms, REKEY_MS + self._spread_ms)

    def _rekey(self, now_ms: int) -> None:
        """Ask for new keys, in a pause if one comes in time."""
        self._rekey_ms = add(now_ms, REKEY_RETRY_MS)
        is_busy = self.floor.state != NO_PERMISSION or self.floor.talker
        if is_busy and since(now_ms, self._keys_ms) < REKEY_MS + REKEY_SPREAD_MS:
            return
        if not self._is_rekeying:  # what is repeated stays the same
            self._own_nonce = self._random(derive.NONCE_BYTES)
            self._is_rekeying = True
        self._send(messages.REKEY, (self._own_nonce,), self._leader_address, now_ms)

    def _on_rekeyed(self, data: "Any", now_ms: int) -> int:
        if len(data) < _REKEYED_END + TAG_BYTES:
            return refusal.FIELD
        if not self._is_rekeying or bytes(data[24:40]) != self._own_nonce:
            return refusal.STALE
        challenge = bytes(data[40:_REKEYED_END])
        self._secret = derive.session_secret(self._hmac, self._key, self._own_nonce, challenge)
        self._former = self._keys
        self._former_ms = now_ms
        self._keys = derive.session_keys(
            self._hmac, self._secret, self._keys_term, self._keys_session
        )
        self._is_rekeying = False
        self._renew_later(now_ms)
        self.send_heartbeat(now_ms)  # the leader sees by it that we have them
        return refusal.ACCEPTED

    def _on_group_key(self, data: "Any", now_ms: int) -> int:
        if len(data) < _GROUP_KEY_END + TAG_BYTES or self._keys is None:
            return refusal.FIELD
        group = data[24]
        if self.scan.place(group) < 0 and not self._is_call(group):
            return refusal.FIELD
        epoch = envelope.get16(data, 25)
        wrapped = bytes(data[27:_GROUP_KEY_END])
        seq = envelope.seq(data)
        key = derive.wrap(self._hmac, self._keys.wrap, self._keys_session, seq, wrapped)
        self._mark = epoch & 255
        is_new = self._ring.put(group, epoch, key, now_ms)
        self._want_wait_ms = KEY_WANT_MS
        self._look_for_keys(now_ms)
        return refusal.ACCEPTED if is_new else refusal.STALE

    def _take_groups(self, groups: bytes, only: int, roster: int) -> None:
        participant.Participant._take_groups(self, groups, only, roster)
        for group in self._ring.groups():
            if self.scan.place(group) < 0:
                self._ring.forget(group)

    def _end_call(self, reason: int, now_ms: int) -> None:
        self._ring.forget(self.scan.call)  # another call of this number has another key
        participant.Participant._end_call(self, reason, now_ms)

    def _look_for_keys(self, now_ms: int) -> None:
        """Is a key missing? Then ask for it soon; what the leader sends by itself comes first."""
        if not self._missing_key():
            self._want_ms = NEVER
        elif self._want_ms == NEVER:
            self._want_ms = add(now_ms, KEY_WANT_MS // 4)

    def _missing_key(self) -> int:
        """A group of ours without the newest key, 0 when there is none."""
        if self._mark >= 0:
            for group in self.scan.groups():
                if group and not self._ring.is_newest(group, self._mark):
                    return group
        return 0

    def _want_key(self, now_ms: int) -> None:
        group = self._missing_key()
        if not group:
            self._want_ms = NEVER
            return
        self._send(messages.KEY_WANT, (group,), self._leader_address, now_ms)
        self._want_ms = add(now_ms, self._want_wait_ms)
        self._want_wait_ms = min(2 * self._want_wait_ms, KEY_WANT_MS_MAX)
