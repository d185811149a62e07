"""How a badge agrees on keys with its leader: when it joins, when a standby goes on, every hour.

It proves that it has the device's key and believes a leader that proves the same. An attacker who
sees the network can make it derive keys for nothing, but not without limit.
"""

from ..base import octets
from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    DERIVATIONS_A_STEP,
    DERIVATIONS_MAX,
    REKEY_MS,
    REKEY_RETRY_MS,
    REKEY_SPREAD_MS,
)
from ..link import derive
from ..wire import envelope, messages, refusal
from ..wire.envelope import HEADER_BYTES, TAG_BYTES, get32
from ..wire.offsets import (
    ANNOUNCE_TERM_AT,
    CHALLENGE_AT,
    CHALLENGE_END,
    CHALLENGE_NONCE_AT,
    HELLO_NONCE_AT,
    REKEYED_CHALLENGE_AT,
    REKEYED_END,
    REKEYED_NONCE_AT,
    WELCOME_NONCE_AT,
    WELCOME_TERM_AT,
)
from .floor import NO_PERMISSION
from .join import JOINED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..base.compat import Buffer
    from ..base.outbox import Datagram, Outbox
    from ..link.hmac import Hmac
    from ..link.link import Link
    from .floor import FloorParticipant
    from .join import Join
    from .membership import Membership

    class DoorOwner(Protocol):
        """What the door needs to know and to send."""

        floor: FloorParticipant
        join: Join
        link: Link
        membership: Membership
        outbox: Outbox

        def commit(
            self, slot: Datagram, end: int, kind: int, destination: Any, now_ms: int
        ) -> None: ...
        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...


_OF_STRANGERS = const(5)  # half of DERIVATIONS_MAX
_NONCE_AT = HELLO_NONCE_AT - HEADER_BYTES  # in the payload of HELLO


class Door:
    """`key`: the device's 32 bytes. `random(n)` gives n unpredictable bytes. The badge asks for new
    keys `spread_ms` after each `REKEY_MS`, so that a venue's badges do not all ask at once."""

    def __init__(
        self,
        owner: "DoorOwner",
        hmac: "Hmac",
        key: bytes,
        random: "Callable[[int], bytes]",
        spread_ms: int,
    ) -> None:
        self._owner = owner
        self._hmac = hmac
        self.key = key
        self._random = random
        self._spread_ms = spread_ms
        self._hello = b""  # payload of the last HELLO
        self.own_nonce = b""  # our part of the keys being agreed on
        self.secret = b""  # that the keys come from
        self.pending = b""  # the same of a join under way; empty: none
        self._term = 0  # that the keys are of
        self.keys_ms = 0  # since when there are keys
        self.due_ms = NEVER  # when to ask for new ones, or `NEVER`
        self._is_rekeying = False
        self._derived = 0  # in the second that began at
        self._derived_ms = 0
        self._left = DERIVATIONS_A_STEP  # of this step, whose time is
        self._step_ms = 0
        self.answered = 0  # challenges, since the start: somebody leads here

    # --- joining ---

    def on_hello(self, payload: bytes) -> None:
        """Our HELLO goes out."""
        if payload[_NONCE_AT : _NONCE_AT + 4] != self._hello[_NONCE_AT : _NONCE_AT + 4]:
            self.own_nonce = self._random(derive.NONCE_BYTES)
        self._hello = payload

    def on_challenge(self, data: "Buffer", source: "Any", now_ms: int) -> int:
        """CHALLENGE, in the clear: answer with the proof, or return why it is refused."""
        owner = self._owner
        hello = self._hello
        if owner.join.state == JOINED or not hello:
            return refusal.STALE
        if len(data) < CHALLENGE_END:
            return refusal.FIELD
        if not self._is_of_hello(data, CHALLENGE_NONCE_AT):
            return refusal.STALE
        if not self._may_derive(now_ms):
            return refusal.LIMIT
        challenge = bytes(data[CHALLENGE_AT:CHALLENGE_END])
        self.pending = derive.session_secret(self._hmac, self.key, self.own_nonce, challenge)
        proof = derive.proof(self._hmac, self.pending, hello)
        slot = owner.outbox.reserve()
        at = HEADER_BYTES
        for part in (challenge, self.own_nonce, proof, hello):
            octets.copy(slot.buffer, at, part, 0, len(part))
            at += len(part)
        owner.commit(slot, at, messages.ANSWER, source, now_ms)
        self.answered += 1
        return refusal.ACCEPTED

    def on_welcome(self, data: "Buffer", now_ms: int) -> int:
        """A sealed WELCOME while we join: if its keys are those that we agreed on, they become the
        link's; otherwise return why it is refused."""
        if len(data) < WELCOME_TERM_AT + 4 + TAG_BYTES or not self.pending:
            return refusal.SESSION
        if not self._is_of_hello(data, WELCOME_NONCE_AT):
            return refusal.STALE
        if not self._may_derive(now_ms):
            return refusal.LIMIT
        reason = self._begin(self.pending, get32(data, WELCOME_TERM_AT), data, now_ms)
        if reason == refusal.ACCEPTED:
            self.secret = self.pending
        return reason

    def _is_of_hello(self, data: "Buffer", at: int) -> bool:
        return bytes(data[at : at + 4]) == self._hello[_NONCE_AT : _NONCE_AT + 4]

    def is_of_newer_term(self, data: "Buffer") -> bool:
        """Is this a ROLE_ANNOUNCE from a term for which there are no keys yet?"""
        is_whole = envelope.payload_end(data) >= ANNOUNCE_TERM_AT + 4
        return is_whole and get32(data, ANNOUNCE_TERM_AT) > self._term

    def on_announce(self, data: "Buffer", source: "Any", now_ms: int) -> int:
        """A standby takes over: the same secret, and keys of its term; returns why it is refused.
        Sources that the leader has not named use up half of what may be derived: anybody can
        forge this."""
        is_named = source in self._owner.membership.standbys
        if not self._may_derive(now_ms, DERIVATIONS_MAX if is_named else _OF_STRANGERS):
            return refusal.LIMIT
        return self._begin(self.secret, get32(data, ANNOUNCE_TERM_AT), data, now_ms)

    def _begin(self, secret: bytes, term: int, data: "Buffer", now_ms: int) -> int:
        """From now on derive the link's keys from `secret` and `term`, if `data` is sealed by
        them."""
        link = self._owner.link
        session = get32(data, envelope.SESSION_AT)
        keys = derive.session_keys(self._hmac, secret, term, session)
        self._hmac.load(data)
        if not link.is_sealed_by(keys, data):
            return refusal.TAG
        self._term = term
        link.begin(session, keys, now_ms)
        link.replay.accept(get32(data, envelope.SEQ_AT))
        return refusal.ACCEPTED

    def _may_derive(self, now_ms: int, most: int = DERIVATIONS_MAX) -> bool:
        """Of all that came in one step, whose time is `now_ms`, few may: their garbage must fit."""
        if age(now_ms, self._derived_ms) >= 1000:
            self._derived_ms = now_ms
            self._derived = 0
        if self._step_ms != now_ms:
            self._step_ms = now_ms
            self._left = DERIVATIONS_A_STEP
        if self._derived >= most or not self._left:
            return False
        self._derived += 1
        self._left -= 1
        return True

    def joined(self, now_ms: int) -> None:
        """The WELCOME was obeyed."""
        self.pending = b""
        self._is_rekeying = False
        self._renew_later(now_ms)

    # --- new keys every hour ---

    def _renew_later(self, now_ms: int) -> None:
        self.keys_ms = now_ms
        self.due_ms = add(now_ms, REKEY_MS + self._spread_ms)

    def handle_timeout(self, now_ms: int) -> None:
        """Ask for new keys, in a pause if one comes in time."""
        if self.due_ms == NEVER or since(now_ms, self.due_ms) < 0:
            return
        owner = self._owner
        self.due_ms = add(now_ms, REKEY_RETRY_MS)
        is_busy = owner.floor.state != NO_PERMISSION or owner.floor.talker
        if is_busy and since(now_ms, self.keys_ms) < REKEY_MS + REKEY_SPREAD_MS:
            return
        if not self._is_rekeying:  # what is repeated stays the same
            self.own_nonce = self._random(derive.NONCE_BYTES)
            self._is_rekeying = True
        owner.send(messages.REKEY, (self.own_nonce,), owner.link.address, now_ms)

    def on_rekeyed(self, data: "Buffer", now_ms: int) -> int:
        """REKEYED: the link gets its new keys; returns why it is refused."""
        if len(data) < REKEYED_END + TAG_BYTES:
            return refusal.FIELD
        is_ours = bytes(data[REKEYED_NONCE_AT:REKEYED_CHALLENGE_AT]) == self.own_nonce
        if not self._is_rekeying or not is_ours:
            return refusal.STALE
        link = self._owner.link
        challenge = bytes(data[REKEYED_CHALLENGE_AT:REKEYED_END])
        self.secret = derive.session_secret(self._hmac, self.key, self.own_nonce, challenge)
        link.renew(derive.session_keys(self._hmac, self.secret, self._term, link.session), now_ms)
        self._is_rekeying = False
        self._renew_later(now_ms)
        self._owner.membership.send_heartbeat(now_ms)  # shows the leader that we have them
        return refusal.ACCEPTED
