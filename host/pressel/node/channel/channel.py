"""The channel between hosts: messages to and from hosts that the operator has allowed, authentic,
secret, each at most once; over datagrams that anybody may send, copy, change or lose.

An engine: no socket, no clock, no randomness of its own. A host that is not allowed costs a counter
and gets no answer; what somebody forges in the name of an allowed one costs the hash that finds it
out, and a hail the two of a cookie, but nothing that is kept or that the real one needs. Sessions
are renewed while they are used; one that gets no answer is requested again, so a host that has lost
its memory is back within a second.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from ptt.base.clock import NEVER, add, age, earliest, kept, since
from ptt.base.counters import Counters
from ptt.cluster.host_messages import TABLE_HASH

from . import handshake, session
from .cookie import Address, Cookies
from .handshake import Entropy, Hail, Half, Hello
from .pair import pair_key
from .session import Session

MESSAGE_BYTES_MAX = 1200 - session.OVERHEAD_BYTES  # a datagram is never in fragments
RETRY_MS = 250  # first repeat of a question; doubles
RETRY_MS_MAX = 2000  # a host that comes back is reached again within this
RENEW_MS = 600_000  # new keys every ten minutes
SESSION_MS_MAX = 3_600_000  # none is used for longer than an hour
UNANSWERED_MS = 1000  # we say and hear nothing: it has forgotten us; ten heartbeats
WAITING_MAX = 8  # messages to a host that wait for a session; the oldest is dropped
SESSIONS_MAX = 4  # to one host: the used one, and what questions that cross lead to
HINTS_MAX = 16  # addresses that strangers name as a host's; the oldest without a cookie goes
COOKIES_MAX = 4  # that a question is sent with between two hails: anybody may repeat our hail
TRIES_MAX = 8  # of an address where nobody has answered yet: 11 s, then discovery says it again
VERIFIED_MAX = 10  # signatures checked at once of one host's questions ...
VERIFIED_MS = 200  # ... and one more for each such time: a host gone mad costs 1 ms of 200
OLDER_MS = 10_000  # between two looks at a question of the first version: anybody can forge one

# Events.
MESSAGE = 0  # (host, bytes)
UP = 1  # host: it can be reached
OTHER_TABLE = 2  # host: another build, whose messages differ
OLDER = 3  # host: a build that speaks the channel's first version, with which nobody talks
EVENT_NAMES = ("message", "up", "other_table", "older")

COUNTED = (
    "malformed not_allowed forged too_many unknown_session not_opened dropped sessions"
    " hails repeated older"
)
(
    MALFORMED,
    NOT_ALLOWED,
    FORGED,
    TOO_MANY,
    UNKNOWN,
    NOT_OPENED,
    DROPPED,
    SESSIONS,
    HAILS,
    REPEATED,
    OLD_VERSION,
) = range(11)


def host_of(public_key: bytes) -> bytes:
    """The 8 bytes by which hosts know each other: what `pressel host` shows as fingerprint."""
    return hashlib.sha256(public_key).digest()[:8]


@dataclass
class Outgoing:
    """One datagram to send."""

    data: bytes
    destination: Address


@dataclass
class _Question:
    """A question that waits for its answer: sent to an address and, if known, a host. Until a
    cookie comes only a hail goes out."""

    half: Half
    number: int
    address: Address
    host: bytes | None
    due_ms: int
    is_hint: bool = False  # a stranger named the address
    sent: dict[bytes, bytes] = field(default_factory=dict)  # questions by cookie
    cookies: int = 0  # since the last hail
    retry_ms: int = RETRY_MS
    tries: int = 1


@dataclass
class _Peer:
    """One allowed host."""

    host: bytes
    identity: bytes
    pair: bytes | None  # the key that it has in common with us
    address: Address | None = None  # where it was heard last
    sending: Session | None = None  # the newest that is known to work
    sessions: list[Session] = field(default_factory=list)  # all that open what it sends
    waiting: deque[bytes] = field(default_factory=lambda: deque(maxlen=WAITING_MAX))
    heard_ms: int | None = None
    unanswered_ms: int | None = None  # the first thing said since it was heard
    budget: int = VERIFIED_MAX
    budget_ms: int = 0  # since when it fills up
    older_ms: int = 0  # when we looked last at a question of the first version
    answered: deque[tuple[bytes, bytes]] = field(  # (question, our answer)
        default_factory=lambda: deque(maxlen=SESSIONS_MAX)
    )
    other_table: bytes = TABLE_HASH


class Channel:
    """`identity` is this host's; `allowed` are the public keys (32 bytes) of the others. `entropy`
    gives so many random bytes that nobody can guess."""

    def __init__(
        self,
        identity: Ed25519PrivateKey,
        allowed: Iterable[bytes],
        entropy: Entropy,
        now_ms: int,
    ) -> None:
        self._identity = identity
        self._public = identity.public_key().public_bytes_raw()
        self.host = host_of(self._public)
        self._entropy = entropy
        self.counts = Counters(COUNTED)
        self._cookies = Cookies(entropy, now_ms)
        self._peers: dict[bytes, _Peer] = {}  # by identity
        self._by_host: dict[bytes, _Peer] = {}
        self._by_session: dict[int, tuple[_Peer, Session]] = {}
        self._questions: dict[int, _Question] = {}  # by our session number
        self._out: deque[Outgoing] = deque()
        self._events: deque[tuple[int, Any]] = deque()
        self.allow(allowed, now_ms)

    # --- whom, and where ---

    def allow(self, keys: Iterable[bytes], now_ms: int) -> None:
        """Only these hosts from now on; sessions with others end at once."""
        wanted = {key for key in keys if key != self._public}
        for key in [key for key in self._peers if key not in wanted]:
            peer = self._peers.pop(key)
            del self._by_host[peer.host]
            for each in peer.sessions[:]:
                self._end(peer, each)
            for question in [q for q in self._questions.values() if q.host == peer.host]:
                del self._questions[question.number]
        for key in wanted - self._peers.keys():
            peer = _Peer(host_of(key), key, pair_key(self._identity, key))
            peer.budget_ms = now_ms
            peer.older_ms = add(now_ms, -OLDER_MS)
            self._peers[key] = peer
            self._by_host[peer.host] = peer

    def hosts(self) -> list[bytes]:
        return sorted(self._by_host)

    def reach(self, address: Address, now_ms: int, *, is_hint: bool = False) -> None:
        """Ask whether a host is at `address`, unless one is known there. With `is_hint`, anybody
        may have said so: it takes no place from those that the operator named."""
        known = [peer.address for peer in self._peers.values() if peer.sending is not None]
        asked = [question.address for question in self._questions.values()]
        if address in known or address in asked or not self._peers:
            return
        if not is_hint or self._has_place():
            self._ask(address, None, now_ms, is_hint=is_hint)

    def _has_place(self) -> bool:
        """For one more hint, which may take the place of one that has led to nothing."""
        hints = [each for each in self._questions.values() if each.is_hint]
        if len(hints) < HINTS_MAX:
            return True
        idle = [each for each in hints if not each.sent]
        self.counts.add(TOO_MANY)
        if idle:
            del self._questions[idle[0].number]
        return bool(idle)

    def address_of(self, host: bytes) -> Address | None:
        peer = self._by_host.get(host)
        return peer.address if peer else None

    def silent_ms(self, host: bytes, now_ms: int) -> int | None:
        """How long ago `host` was heard; None: never."""
        peer = self._by_host.get(host)
        if peer is None or peer.heard_ms is None:
            return None
        peer.heard_ms = kept(peer.heard_ms, now_ms)
        return since(now_ms, peer.heard_ms)

    def send(self, host: bytes, message: bytes, now_ms: int) -> None:
        """Send `message` (at most MESSAGE_BYTES_MAX) to `host`; it may be lost on its way."""
        if len(message) > MESSAGE_BYTES_MAX:
            raise ValueError(f"a message of {len(message)} bytes")
        peer = self._by_host.get(host)
        if peer is None:
            self.counts.add(DROPPED)
            return
        self._renew(peer, now_ms)
        if peer.sending is None or peer.address is None:
            if len(peer.waiting) == WAITING_MAX:
                self.counts.add(DROPPED)
            peer.waiting.append(message)
            return
        if peer.unanswered_ms is None:
            peer.unanswered_ms = now_ms
        self._out.append(Outgoing(peer.sending.seal(message), peer.address))

    # --- the engine interface ---

    def receive_datagram(self, data: bytes, source: Address, now_ms: int) -> None:
        """Obey one datagram, or count why not. Nothing that a stranger sends raises an
        exception."""
        data = bytes(data)
        kind = data[0] if data else 0
        if kind == session.DATA and len(data) >= session.OVERHEAD_BYTES:
            self._on_data(data, source, now_ms)
            return
        hello = handshake.read(data) or handshake.read_hail(data)
        if hello is None:
            self._on_other(data, now_ms)
            return
        peer = self._peers.get(hello.identity)
        if peer is None or peer.pair is None:
            self.counts.add(NOT_ALLOWED)
        elif isinstance(hello, Hail) and kind == handshake.HAIL:
            self.counts.add(HAILS)
            self._give_cookie(hello, peer.pair, source, now_ms)
        elif isinstance(hello, Hail):
            self._on_cookie(peer, peer.pair, hello, data, source)
        elif kind == handshake.QUESTION:
            self._on_question(peer, peer.pair, hello, data, source, now_ms)
        else:
            self._on_answer(peer, peer.pair, hello, data, source, now_ms)

    def _on_other(self, data: bytes, now_ms: int) -> None:
        """Obeyed never; the first version of this channel is told from rubbish."""
        peer = self._peers.get(handshake.older_identity(data) or b"")
        if peer is None:
            self.counts.add(MALFORMED)
            return
        self.counts.add(OLD_VERSION)
        if age(now_ms, peer.older_ms) >= OLDER_MS:
            peer.older_ms = now_ms
            if peer.sending is None and handshake.is_signed_older(data):
                self._events.append((OLDER, peer.host))

    def handle_timeout(self, now_ms: int) -> None:
        for question in list(self._questions.values()):
            if since(now_ms, question.due_ms) >= 0:
                self._ask_again(question, now_ms)
        self._cookies.keep(now_ms)
        for peer in self._peers.values():
            peer.budget_ms = kept(peer.budget_ms, now_ms)
            peer.older_ms = kept(peer.older_ms, now_ms)
            if peer.unanswered_ms is not None:
                peer.unanswered_ms = kept(peer.unanswered_ms, now_ms)
            for each in peer.sessions[:]:
                if since(now_ms, each.begun_ms) >= SESSION_MS_MAX:
                    self._end(peer, each)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = NEVER
        for question in self._questions.values():
            due = earliest(due, question.due_ms)
        for _, each in self._by_session.values():
            due = earliest(due, add(each.begun_ms, SESSION_MS_MAX))
        return due

    def poll_transmit(self) -> Outgoing | None:
        return self._out.popleft() if self._out else None

    def next_event(self) -> tuple[int, Any] | None:
        """The next (kind, value); see MESSAGE, UP, OTHER_TABLE and OLDER."""
        return self._events.popleft() if self._events else None

    @property
    def has_news(self) -> bool:
        """Whether `next_event` has something to tell: of what was forged it has nothing."""
        return bool(self._events)

    @property
    def has_work(self) -> bool:
        """Whether there is anything to tell or to send."""
        return bool(self._events or self._out)

    # --- questions and answers ---

    def _ask(
        self, address: Address, host: bytes | None, now_ms: int, *, is_hint: bool = False
    ) -> None:
        number = self._new_number()
        half = Half(self._identity, self._entropy)
        question = _Question(half, number, address, host, add(now_ms, RETRY_MS), is_hint)
        self._questions[number] = question
        self._hail(question)

    def _hail(self, question: _Question) -> None:
        question.cookies = 0
        hail = handshake.hail(question.number, self._public)
        self._out.append(Outgoing(hail, question.address))

    def _ask_again(self, question: _Question, now_ms: int) -> None:
        if question.host is None and question.tries >= TRIES_MAX:
            del self._questions[question.number]
            return
        question.tries += 1
        question.retry_ms = min(2 * question.retry_ms, RETRY_MS_MAX)
        question.due_ms = add(now_ms, question.retry_ms)
        if question.host is not None:  # it may have been heard from elsewhere
            question.address = self._by_host[question.host].address or question.address
        self._hail(question)

    def _give_cookie(self, hello: Hail | Hello, pair: bytes, source: Address, now_ms: int) -> None:
        made = self._cookies.make(source, hello.asked, now_ms)
        answer = handshake.cookie(hello.asker, self._public, made, pair)
        self._out.append(Outgoing(answer, source))

    def _on_cookie(
        self, peer: _Peer, pair: bytes, hello: Hail, data: bytes, source: Address
    ) -> None:
        """Somebody may have hailed with our words from elsewhere: that cookie is real, too, and
        good for nothing. The question goes out with each of a few."""
        question = self._questions.get(hello.asker)
        if question is None or question.host not in (None, peer.host):
            self.counts.add(UNKNOWN)
        elif not handshake.is_of_pair(data, pair):
            self.counts.add(FORGED)
        elif question.cookies >= COOKIES_MAX:
            self.counts.add(TOO_MANY)
        else:
            question.cookies += 1
            if hello.cookie not in question.sent:
                while len(question.sent) >= COOKIES_MAX:
                    del question.sent[next(iter(question.sent))]
                made = question.half.ask(question.number, hello.cookie, pair)
                question.sent[hello.cookie] = made
            self._out.append(Outgoing(question.sent[hello.cookie], source))

    def _on_question(
        self,
        peer: _Peer,
        pair: bytes,
        hello: Hello,
        data: bytes,
        source: Address,
        now_ms: int,
    ) -> None:
        """Answered, and believed only when something comes that is sealed with the new keys."""
        if hello.answerer or not handshake.is_of_pair(data, pair):
            self.counts.add(FORGED)
        elif not self._cookies.is_good(hello.cookie, source, hello.asked, now_ms):
            self.counts.add(REPEATED)  # from elsewhere, or too late
            self._give_cookie(hello, pair, source, now_ms)
        elif (answer := dict(peer.answered).get(data)) is not None:
            self.counts.add(REPEATED)
            self._out.append(Outgoing(answer, source))
        elif not self._may_verify(peer, now_ms):
            self.counts.add(TOO_MANY)
        elif not handshake.is_signed(hello):
            self.counts.add(FORGED)
        else:
            self._answer(peer, pair, hello, data, source, now_ms)

    def _answer(
        self,
        peer: _Peer,
        pair: bytes,
        hello: Hello,
        data: bytes,
        source: Address,
        now_ms: int,
    ) -> None:
        half = Half(self._identity, self._entropy)
        number = self._new_number()
        answer = half.answer(hello, number, data, pair)
        keys = half.keys(hello, data, answer)
        if keys is None:
            self.counts.add(FORGED)
            return
        peer.answered.append((data, answer))
        self._begin(peer, Session(peer.host, number, hello.asker, keys[1], keys[0], now_ms))
        self._note_table(peer, hello)
        self._out.append(Outgoing(answer, source))

    def _on_answer(
        self,
        peer: _Peer,
        pair: bytes,
        hello: Hello,
        data: bytes,
        source: Address,
        now_ms: int,
    ) -> None:
        question = self._questions.get(hello.asker)
        sent = question and question.sent.get(hello.cookie)
        if question is None or sent is None or question.host not in (None, peer.host):
            self.counts.add(UNKNOWN)
            return
        keys = None
        if handshake.is_of_pair(data, pair, sent) and handshake.is_signed(hello, sent):
            keys = question.half.keys(hello, sent, data)
        if keys is None:
            self.counts.add(FORGED)
            return
        del self._questions[hello.asker]
        begun = Session(peer.host, hello.asker, hello.answerer, keys[0], keys[1], now_ms)
        self._begin(peer, begun)
        self._note_table(peer, hello)
        self._use(peer, begun, source, now_ms)

    def _may_verify(self, peer: _Peer, now_ms: int) -> bool:
        """Nobody but the host itself gets here; one that was taken over shall not occupy us."""
        more = age(now_ms, peer.budget_ms) // VERIFIED_MS
        if more:
            peer.budget = min(VERIFIED_MAX, peer.budget + more)
            peer.budget_ms = now_ms
        if not peer.budget:
            return False
        peer.budget -= 1
        return True

    # --- sessions ---

    def _on_data(self, data: bytes, source: Address, now_ms: int) -> None:
        found = self._by_session.get(int.from_bytes(data[1:5], "big"))
        if found is None:
            self.counts.add(UNKNOWN)
            return
        peer, begun = found
        message = begun.open(data)
        if message is None:
            self.counts.add(NOT_OPENED)
            return
        if begun is not peer.sending and (
            peer.sending is None or since(begun.begun_ms, peer.sending.begun_ms) > 0
        ):
            self._use(peer, begun, source, now_ms)
        peer.address = source
        peer.heard_ms = now_ms
        peer.unanswered_ms = None
        if message:
            self._events.append((MESSAGE, (peer.host, message)))

    def _begin(self, peer: _Peer, begun: Session) -> None:
        """The session opens what comes; nothing is sent under it yet."""
        peer.sessions.append(begun)
        self._by_session[begun.own] = (peer, begun)
        idle = [each for each in peer.sessions if each is not peer.sending]
        if len(peer.sessions) > SESSIONS_MAX:
            self._end(peer, idle[0])

    def _use(self, peer: _Peer, begun: Session, source: Address, now_ms: int) -> None:
        """Send under this session from now on, first what has waited for it."""
        is_first = peer.sending is None
        peer.sending = begun
        peer.address = source
        peer.heard_ms = now_ms
        peer.unanswered_ms = None
        self.counts.add(SESSIONS)
        for question in [q for q in self._questions.values() if q.host == peer.host]:
            del self._questions[question.number]
        if is_first:
            self._events.append((UP, peer.host))
        if not peer.waiting:
            peer.waiting.append(b"")  # the other side must see that we have the keys
        while peer.waiting:
            self._out.append(Outgoing(begun.seal(peer.waiting.popleft()), source))

    def _end(self, peer: _Peer, ended: Session) -> None:
        peer.sessions.remove(ended)
        del self._by_session[ended.own]
        if peer.sending is ended:
            peer.sending = None

    def _renew(self, peer: _Peer, now_ms: int) -> None:
        """Ask for new keys when there are none, they are old, or nobody answers under them."""
        used = peer.sending
        if peer.address is None or any(q.host == peer.host for q in self._questions.values()):
            return
        is_silent = (
            peer.unanswered_ms is not None and since(now_ms, peer.unanswered_ms) >= UNANSWERED_MS
        )
        if used is None or is_silent or since(now_ms, used.begun_ms) >= RENEW_MS or used.is_used_up:
            self._ask(peer.address, peer.host, now_ms)

    def _note_table(self, peer: _Peer, hello: Hello) -> None:
        if hello.table not in (TABLE_HASH, peer.other_table):
            self._events.append((OTHER_TABLE, peer.host))
        peer.other_table = hello.table

    def _new_number(self) -> int:
        while True:
            number = int.from_bytes(self._entropy(4), "big")
            if number and number not in self._by_session and number not in self._questions:
                return number
