"""Another host with this one's identity: a disk was cloned, and both boxes are switched on.

Both would lead in one term, and badges would go to and fro. Each asks the network now and then
whether there is another one; who answers proves that it has the same private key, so nobody else
can stop a host by it. The one that was begun earlier stays, the other stands down: when each was
begun does not change, so both come to the same result.
"""

from __future__ import annotations

import hmac
from collections import deque
from collections.abc import Callable

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

TAG = b"\x05pressel"  # no datagram of a badge begins so
_ASK, _ANSWER = b"?", b"!"
_HOST_BYTES, _NONCE_BYTES, _BORN_BYTES, _MARK_BYTES = 8, 16, 16, 16
_HOST_AT = len(TAG) + 1
_NONCE_AT = _HOST_AT + _HOST_BYTES
_BORN_AT = _NONCE_AT + _NONCE_BYTES
_MARK_AT = _BORN_AT + _BORN_BYTES
BYTES = _MARK_AT + _MARK_BYTES  # of both kinds: an answer is no longer than its question
_ASKED_MAX = 4  # questions whose answers still count
_ANSWERS_MAX = 4  # between two of our own questions: whoever asks more gets no more
_USE = b"pressel host double 1"


class Doubles:
    """Of the host with key `private`, whose 8 bytes are `host`; begun at `now_s` of the wall clock,
    which may be wrong. An engine: it sends nothing itself."""

    def __init__(
        self,
        private: Ed25519PrivateKey,
        host: bytes,
        entropy: Callable[[int], bytes],
        now_s: float,
    ) -> None:
        self._key = hmac.digest(private.private_bytes_raw(), _USE, "sha256")
        self._host = host
        self._entropy = entropy
        # Two that were begun in one millisecond differ by chance.
        begun_ms = max(0, round(now_s * 1000))
        self._born = begun_ms.to_bytes(8, "big") + entropy(_BORN_BYTES - 8)
        self._asked: deque[bytes] = deque(maxlen=_ASKED_MAX)
        self._answers = _ANSWERS_MAX

    def ask(self) -> bytes:
        """A question for all hosts on this network."""
        nonce = self._entropy(_NONCE_BYTES)
        self._asked.append(nonce)
        self._answers = _ANSWERS_MAX
        rest = bytes(_BORN_BYTES + _MARK_BYTES)
        return TAG + _ASK + self._host + nonce + rest

    def answer(self, data: bytes) -> bytes | None:
        """What is sent back to who asked in `data`; None for nothing. Our own questions come back
        to us by the network, or by somebody who would have us speak against ourselves."""
        nonce = self._nonce_of(data, _ASK)
        if nonce is None or nonce in self._asked or not self._answers:
            return None
        self._answers -= 1
        said = TAG + _ANSWER + self._host + nonce + self._born
        return said + self._mark(said)

    def is_older(self, data: bytes) -> bool | None:
        """Whether `data` proves that there is another host with our identity, and that it was begun
        before us; None: it proves nothing."""
        nonce = self._nonce_of(data, _ANSWER)
        born = data[_BORN_AT:_MARK_AT]
        if nonce is None or nonce not in self._asked or born == self._born:
            return None
        if not hmac.compare_digest(data[_MARK_AT:], self._mark(data[:_MARK_AT])):
            return None
        return born < self._born

    def _nonce_of(self, data: bytes, kind: bytes) -> bytes | None:
        """Of a datagram of that kind in our name."""
        if len(data) != BYTES or not data.startswith(TAG + kind + self._host):
            return None
        return data[_NONCE_AT:_BORN_AT]

    def _mark(self, said: bytes) -> bytes:
        return hmac.digest(self._key, said, "sha256")[:_MARK_BYTES]
