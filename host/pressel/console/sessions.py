"""Who is logged in, and how often anybody may try to be. Memory only: a restart logs all out."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass

IDLE_S = 12 * 3600.0  # a shift and a half without a look at the page
LIFE_S = 7 * 24 * 3600.0
SESSIONS_MAX = 500
TRIES = 5  # wrong passwords from one address ...
TRIES_S = 60.0  # ... in so many seconds
ADDRESSES_MAX = 4096  # whose tries are remembered; the oldest is forgotten


@dataclass
class Session:
    """`form` must come with every change: another site cannot know it. `mark` of the account."""

    name: str
    mark: str
    form: str
    begun_s: float
    seen_s: float


class Sessions:
    """By a hash of the cookie, so that memory holds nothing that opens a door. `now_s` is any clock
    that goes on."""

    def __init__(self) -> None:
        self._by_hash: OrderedDict[bytes, Session] = OrderedDict()

    def begin(self, name: str, mark: str, now_s: float) -> str:
        """The cookie of a new session, for the account of this `mark`."""
        cookie = secrets.token_urlsafe(32)
        while len(self._by_hash) >= SESSIONS_MAX:
            self._by_hash.popitem(last=False)
        self._by_hash[_hash(cookie)] = Session(name, mark, secrets.token_urlsafe(24), now_s, now_s)
        return cookie

    def find(self, cookie: str, now_s: float) -> Session | None:
        """Whose cookie it is; None for none, or one that is too old."""
        key = _hash(cookie)
        session = self._by_hash.get(key)
        if session is None:
            return None
        if now_s - session.seen_s > IDLE_S or now_s - session.begun_s > LIFE_S:
            del self._by_hash[key]
            return None
        session.seen_s = now_s
        self._by_hash.move_to_end(key)
        return session

    def end(self, cookie: str) -> None:
        self._by_hash.pop(_hash(cookie), None)

    def end_all(self, name: str) -> None:
        """Of somebody whose account has changed."""
        for key in [key for key, each in self._by_hash.items() if each.name == name]:
            del self._by_hash[key]


def is_form_of(session: Session, told: str) -> bool:
    return hmac.compare_digest(session.form.encode(), told.encode("utf-8", "replace"))


def _hash(cookie: str) -> bytes:
    return hashlib.sha256(cookie.encode("utf-8", "replace")).digest()


class Tries:
    """Wrong passwords by address: whoever has used up its tries is answered without a look at the
    password, which costs next to nothing."""

    def __init__(self) -> None:
        self._wrong: OrderedDict[str, list[float]] = OrderedDict()

    def may_try(self, address: str, now_s: float) -> bool:
        recent = [at_s for at_s in self._wrong.get(address, ()) if now_s - at_s < TRIES_S]
        if address in self._wrong:
            self._wrong[address] = recent
        return len(recent) < TRIES

    def failed(self, address: str, now_s: float) -> None:
        if address not in self._wrong and len(self._wrong) >= ADDRESSES_MAX:
            self._wrong.popitem(last=False)
        self._wrong.setdefault(address, []).append(now_s)
        self._wrong.move_to_end(address)

    def succeeded(self, address: str) -> None:
        self._wrong.pop(address, None)
