"""What an asker must have heard from us, at the address that it claims, before we work for it.

Nothing is stored for it: a cookie is a keyed hash, whose key lives for a few seconds.
"""

from __future__ import annotations

import hmac
from collections.abc import Callable

from ptt.base.clock import age, kept

COOKIE_BYTES = 16
TURN_MS = 5_000  # then a new key; a cookie is good for one to two of these, ten times RETRY_MS

Address = tuple[str, int]


class Cookies:
    def __init__(self, entropy: Callable[[int], bytes], now_ms: int) -> None:
        self._entropy = entropy
        self._keys = (entropy(32), entropy(32))  # this one, the one before
        self._begun_ms = now_ms

    def make(self, source: Address, asker: bytes, now_ms: int) -> bytes:
        """For whoever at `source` sent `asker`, the bytes that name it and its question."""
        self._turn(now_ms)
        return _cookie(self._keys[0], source, asker)

    def is_good(self, cookie: bytes, source: Address, asker: bytes, now_ms: int) -> bool:
        self._turn(now_ms)
        made = [_cookie(key, source, asker) for key in self._keys]
        return any([hmac.compare_digest(cookie, each) for each in made])

    def keep(self, now_ms: int) -> None:
        """At least once in nine days: the clock turns."""
        self._begun_ms = kept(self._begun_ms, now_ms)

    def _turn(self, now_ms: int) -> None:
        old_ms = age(now_ms, self._begun_ms)
        if old_ms < TURN_MS:
            return
        before = self._keys[0] if old_ms < 2 * TURN_MS else self._entropy(32)
        self._keys = (self._entropy(32), before)
        self._begun_ms = now_ms


def _cookie(key: bytes, source: Address, asker: bytes) -> bytes:
    ip, port = source
    where = ip.encode() + b":%d " % port
    return hmac.digest(key, where + asker, "sha256")[:COOKIE_BYTES]
