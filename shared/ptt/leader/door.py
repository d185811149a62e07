"""Who may join: challenges that cost the leader no memory, and answers that are good once.

A challenge holds the time and a keyed hash of the time, the HELLO and its source, so nothing is
stored for strangers. For those who joined, the door keeps the challenge that they answered for as
long as it is good: a repeated answer, from anybody, lets nobody in.
"""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    CHALLENGE_MS,
    DOOR_BURST,
    DOOR_PER_S,
    DOOR_SHARE_BURST,
    DOOR_SHARE_PER_S,
    DOOR_SHARES,
    JOIN_REPEATS_MAX,
    JOINS_MAX,
    JOINS_MS,
)
from ..link.hmac import Hmac, HmacKey, equal
from ..wire.envelope import get32, put32
from .budget import Budget
from .quota import Quota

if TYPE_CHECKING:
    from typing import Any

_MADE_AT = const(0)  # of a challenge: when it was made; then its mark
_TIME_BYTES = const(4)
_MARK_BYTES = const(12)


class Door:
    """`secret`: 32 bytes that nobody else has, new for every leader."""

    def __init__(self, secret: bytes, hmac: Hmac) -> None:
        self._key = HmacKey(secret)
        self._hmac = hmac
        self._answered: dict[bytes, bytes] = {}  # device -> the challenge that let it in
        self._joins = Quota(JOINS_MAX, JOINS_MS)
        self._repeats = Quota(JOIN_REPEATS_MAX, JOINS_MS)
        self._all = Budget(DOOR_PER_S, DOOR_BURST)
        self._shares = [Budget(DOOR_SHARE_PER_S, DOOR_SHARE_BURST) for _ in range(DOOR_SHARES)]

    def may_knock(self, source: "Any", now_ms: int) -> bool:
        """Is there budget to look at a HELLO or ANSWER from `source`?"""
        host = source[0] if isinstance(source, tuple) else source
        name = repr(host).encode()  # anybody can use many ports
        share = self._hmac.digest(self._key, name, len(name))[0] % DOOR_SHARES
        return self._shares[share].take(now_ms) and self._all.take(now_ms)

    def challenge(self, device: bytes, nonce: int, source: "Any", now_ms: int) -> bytes:
        """16 bytes for the sender of HELLO."""
        made = bytearray(_TIME_BYTES)
        put32(made, _MADE_AT, now_ms)
        return bytes(made) + self._mark(bytes(made), device, nonce, source)

    def is_good(
        self, challenge: bytes, device: bytes, nonce: int, source: "Any", now_ms: int
    ) -> bool:
        """Is this ours, for this HELLO, not old, and not older than one that was answered?"""
        mark = self._mark(challenge[0:_TIME_BYTES], device, nonce, source)
        if not equal(challenge, _TIME_BYTES, mark, _MARK_BYTES):
            return False
        made_ms = get32(challenge, _MADE_AT)
        if age(now_ms, made_ms) >= CHALLENGE_MS:
            return False
        last = self._answered.get(device)
        if last is None or last == challenge:
            return True
        return age(now_ms, made_ms) < age(now_ms, get32(last, _MADE_AT))

    def may_enter(self, device: bytes, is_same: bool, now_ms: int) -> bool:
        """May `device`, which has proved its key, begin another session, or, if it `is_same`, the
        one that it has with other keys?"""
        return (self._repeats if is_same else self._joins).take(device, now_ms)

    def answered(self, device: bytes, challenge: bytes) -> None:
        """The device joined with it."""
        self._answered[device] = challenge

    def forget_old(self, now_ms: int) -> None:
        """Forget challenges that nobody can answer any longer."""
        for device in list(self._answered):
            if age(now_ms, get32(self._answered[device], _MADE_AT)) >= CHALLENGE_MS:
                del self._answered[device]

    def __len__(self) -> int:
        return len(self._answered)

    def _mark(self, made: bytes, device: bytes, nonce: int, source: "Any") -> bytes:
        place = bytearray(4)
        put32(place, 0, nonce)
        said = made + device + bytes(place) + repr(source).encode()
        return self._hmac.digest(self._key, said, len(said))[0:_MARK_BYTES]
