"""What a badge believes and how it speaks: every datagram ends in a tag, and voice is encrypted.

Only HELLO and ANSWER go out, and CHALLENGE and NACK come in, in the clear. Checks are those of
docs/protocol-v2.md, section 3, in that order, so that a forged datagram costs a comparison, or one
hash if its sender sees the network.
"""

from ..base import features
from ..base.compat import TYPE_CHECKING
from ..base.numbers import CLEAR_NACK_MS
from ..wire import envelope, messages, refusal
from ..wire.checksum import FRONT_BYTES
from ..wire.envelope import (
    FLAG_SEALED,
    FLAG_SECRET,
    FLAGS_AT,
    FROM_LEADER,
    HEADER_BYTES,
    MARK_AT,
    SEALED_SINCE,
    TAG_BYTES,
    TYPE_AT,
    VERSION_AT,
)
from ..wire.offsets import GRANT_GROUP_AT
from .join import JOINED

if features.HAS_SECRET_TEXTS:
    from ..link.text_cipher import readable

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..base.compat import Buffer
    from ..base.outbox import Datagram
    from ..link.hmac import Hmac
    from ..link.link import Link
    from ..wire.checksum import Checksum
    from .door import Door
    from .join import Join
    from .membership import Membership
    from .voice_keys import VoiceKeys

    class SessionOwner(Protocol):
        """The room that obeys what is believed, and the parts of a session."""

        checksum: Checksum
        door: Door
        join: Join
        keyboard: Any
        link: Link
        membership: Membership
        voice_keys: VoiceKeys

        def obey(self, data: Buffer, source: Any, now_ms: int) -> int: ...
        def send_key_want(self, group: int, now_ms: int) -> None: ...


class Session:
    """The session with the leader, from the first HELLO on. It reads the buffer of `hmac`, where
    the owner's checksum puts each datagram."""

    def __init__(self, owner: "SessionOwner", hmac: "Hmac") -> None:
        self._owner = owner
        self._hmac = hmac
        self._scratch = memoryview(hmac.buffer)
        self._clear = self._scratch[0:0]  # the datagram that is obeyed, unsealed
        self._reads_secret = 0  # `FLAG_SECRET` when our leader reads encrypted texts

    # --- out ---

    def put_seal(self, datagram: "Datagram") -> bool:
        """Prepare a queued datagram for sending; False when it must not be sent."""
        owner = self._owner
        buffer = datagram.buffer
        kind = buffer[TYPE_AT]
        end = envelope.payload_end(buffer)
        if kind == messages.HELLO or kind == messages.ANSWER:
            datagram.resize(end)
            owner.checksum.put(buffer, datagram.data, end)
            if kind == messages.HELLO:
                owner.door.on_hello(bytes(buffer[HEADER_BYTES:end]))
            return True
        if envelope.get32(buffer, envelope.SESSION_AT) != owner.link.session:
            return False  # belongs to a session that is over
        if kind == messages.VOICE_FRAME and not owner.voice_keys.encrypt(buffer):
            return False
        buffer[FLAGS_AT] = FLAG_SEALED
        if kind == messages.TEXT_MESSAGE:
            owner.keyboard.encrypt(buffer, end, self._reads_secret)
        owner.checksum.put(buffer, datagram.data, end)
        return owner.link.seal(buffer, end)

    # --- in ---

    def receive(self, data: "Buffer", source: "Any", now_ms: int) -> int:
        """Let the owner obey `data`, which has its form and lies in the buffer of `hmac`, if it can
        be believed; otherwise return the reason."""
        owner = self._owner
        kind = data[TYPE_AT]
        reason = envelope.check_type(data, FROM_LEADER)
        if reason != refusal.ACCEPTED:
            if kind == messages.WELCOME and data[VERSION_AT] < SEALED_SINCE:
                owner.membership.on_other_version(data)  # a leader without keys: not believed
            return reason
        if kind == messages.VOICE_FRAME:  # fifty times a second, so it passes all else
            reason = self.check(data, source) or owner.link.open(data, now_ms)
            return reason or self._obey(kind, data, source, now_ms)
        if kind == messages.CHALLENGE:
            return owner.door.on_challenge(data, source, now_ms)
        reason = self.check(data, source)
        if reason != refusal.ACCEPTED:
            return reason
        if kind == messages.NACK:
            if owner.join.state == JOINED and owner.join.silent_ms(now_ms) < CLEAR_NACK_MS:
                return refusal.UNSEALED  # anybody could send this; our leader was heard just now
            return owner.obey(data, source, now_ms)
        if kind == messages.WELCOME and owner.join.state != JOINED:
            return self._take_welcome(data, source, now_ms)
        if kind == messages.ROLE_ANNOUNCE and owner.door.is_of_newer_term(data):
            reason = owner.door.on_announce(data, source, now_ms)
        else:
            reason = owner.link.open(data, now_ms)
        if reason != refusal.ACCEPTED:
            return reason
        if kind == messages.GROUP_KEY:
            return owner.voice_keys.on_group_key(data, now_ms)
        if kind == messages.REKEYED:
            return owner.door.on_rekeyed(data, now_ms)
        if kind == messages.FLOOR_GRANT:
            group = data[GRANT_GROUP_AT]
            if owner.voice_keys.ring.own_cipher(group, now_ms) is None:
                # Speech that waits would be lost; the grant comes again.
                owner.send_key_want(group, now_ms)
                return refusal.KEY
        if features.HAS_NETWORKS:
            if kind == messages.WIFI_NETWORK:
                if not data[FLAGS_AT] & FLAG_SECRET:
                    return refusal.UNSEALED
                kind = messages.TEXT_MESSAGE  # it is read in the same way
        if features.HAS_SECRET_TEXTS:
            if kind == messages.TEXT_MESSAGE and data[FLAGS_AT] & FLAG_SECRET:
                text = readable(owner.link, data, 1)  # pyright: ignore[reportPossiblyUnboundVariable]
                return owner.obey(text, source, now_ms)
        return self._obey(kind, data, source, now_ms)

    def check(self, data: "Buffer", source: "Any") -> int:
        """Is it of our session, and does it come from our leader? Any leader may answer a HELLO,
        and another may take over."""
        owner = self._owner
        kind = data[TYPE_AT]
        if kind == messages.NACK:
            if owner.join.state == JOINED and source != owner.link.address:
                return refusal.SOURCE
            return refusal.ACCEPTED
        if owner.join.state != JOINED:
            return refusal.ACCEPTED if kind == messages.WELCOME else refusal.SESSION
        if envelope.get32(data, envelope.SESSION_AT) != owner.join.session:
            return refusal.SESSION
        if source == owner.link.address:
            return refusal.ACCEPTED
        if kind == messages.ROLE_ANNOUNCE and owner.door.is_of_newer_term(data):
            return refusal.ACCEPTED
        return refusal.SOURCE

    def _obey(self, kind: int, data: "Buffer", source: "Any", now_ms: int) -> int:
        owner = self._owner
        assert owner.link.keys is not None, "a word that nothing has sealed"
        end = len(data) - TAG_BYTES
        if len(self._clear) != end:
            self._clear = self._scratch[FRONT_BYTES : FRONT_BYTES + end]
        self._hmac.buffer[FRONT_BYTES + FLAGS_AT] = 0
        reason = owner.obey(self._clear, source, now_ms)
        if kind == messages.VOICE_FRAME:  # whose mark is its own key's
            return reason
        owner.voice_keys.on_mark(data[MARK_AT], now_ms)
        self._reads_secret = data[FLAGS_AT] & FLAG_SECRET
        if kind == messages.WELCOME or kind == messages.FLOOR_TAKEN:
            owner.voice_keys.look(now_ms)  # other groups, or a call
        return reason

    def _take_welcome(self, data: "Buffer", source: "Any", now_ms: int) -> int:
        owner = self._owner
        reason = owner.door.on_welcome(data, now_ms)
        if reason != refusal.ACCEPTED:
            return reason
        owner.voice_keys.begin(data[MARK_AT])
        reason = self._obey(messages.WELCOME, data, source, now_ms)
        if owner.join.state == JOINED:
            assert owner.join.session == owner.link.session, "keys of another session"
            owner.door.joined(now_ms)
        return reason
