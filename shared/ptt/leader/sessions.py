"""The sessions of members: whose datagram is it, is it new, and may a member send so much?"""

from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    CONTROL_BURST,
    CONTROL_PER_S,
    FLOOR_BURST,
    FLOOR_PER_S,
    INT_MAX,
    SESSION_MS_MAX,
    TEXT_BURST,
    TEXT_PER_S,
    UPDATE_BURST,
    UPDATE_PER_S,
    VOICE_BURST,
    VOICE_PER_S,
)
from ..cluster import records
from ..link import derive
from ..wire import messages, refusal
from .budget import Budget

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cluster.journal import Journal
    from ..link.derive import SessionKeys
    from ..link.hmac import Hmac
    from ..link.link import Link
    from .members import Member
    from .outbound import Outbound

_SWEEP_MS = const(1000)  # between two checks for what has become old
# A session ends before the numbers of its datagrams do, at either side: what is left is more than
# a sweep or a failover lets pass. At 50 a second it takes eight months.
_SEQ_MAX = INT_MAX - 0xFFFF
_FLOOR_KINDS = (messages.FLOOR_REQUEST, messages.FLOOR_RELEASE, messages.CALL_ENDED)
_UPDATE_KINDS = (messages.UPDATE_WANT, messages.UPDATE_STATE)

OF_BEFORE = const(-1)  # sealed by the keys of the term before: the member has not heard of us


class Session:
    """What the leader keeps of one member in addition to its link: keys to come, and its
    budgets."""

    __slots__ = (
        "_control",
        "_floor",
        "_text",
        "_update",
        "_voice",
        "before",
        "device_key",
        "following",
        "link",
        "made_ms",
        "own_nonce",
        "rekeyed",
    )

    def __init__(self, link: "Link", device_key: bytes, now_ms: int) -> None:
        self.link = link
        self.device_key = device_key
        self.following: SessionKeys | None = None  # offered by REKEYED, not used by the member yet
        self.before: SessionKeys | None = None  # of the term before: it has not moved over yet
        self.own_nonce = b""  # of the last REKEY
        self.rekeyed = b""  # the challenge in answer to it
        self.made_ms = now_ms  # since when the keys are in use
        self._voice = Budget(VOICE_PER_S, VOICE_BURST)
        self._floor = Budget(FLOOR_PER_S, FLOOR_BURST)
        self._text = Budget(TEXT_PER_S, TEXT_BURST)
        self._update = Budget(UPDATE_PER_S, UPDATE_BURST)
        self._control = Budget(CONTROL_PER_S, CONTROL_BURST)

    def open(self, data: "Any", now_ms: int) -> int:
        """`Link.open` with the keys that are the leader's alone: those to come, which the member
        shows to have by using them, and those of the term before, with which it is `OF_BEFORE`."""
        link = self.link
        link.load(data)
        reason = link.open(data, now_ms)
        if reason != refusal.TAG:
            return reason
        assert self.following is None or self.following is not link.keys, "old keys as new ones"
        if self.following is not None and link.is_sealed_by(self.following, data):
            link.renew(self.following, now_ms)
            self.following = None
            self.made_ms = now_ms
            return link.open(data, now_ms)
        return OF_BEFORE if link.is_sealed_by(self.before, data) else refusal.TAG

    def may_say(self, kind: int, now_ms: int) -> bool:
        """May the member send another message of this kind?"""
        if kind == messages.VOICE_FRAME:
            return self._voice.take(now_ms)
        if kind in _FLOOR_KINDS:
            return self._floor.take(now_ms)
        if kind == messages.TEXT_MESSAGE:
            return self._text.take(now_ms)
        if kind in _UPDATE_KINDS:
            return self._update.take(now_ms)
        return self._control.take(now_ms)


class Sessions:
    """Members' sessions by number, kept a moment longer than their members."""

    def __init__(
        self,
        term: int,
        outbound: "Outbound",
        journal: "Journal",
        hmac: "Hmac",
        random: "Callable[[int], bytes]",
    ) -> None:
        self._term = term
        self._outbound = outbound
        self._journal = journal
        self._hmac = hmac
        self._random = random
        self._of: dict[int, Session] = {}
        self._sweep_ms = 0  # while there are sessions: when to look for old ones next

    def __len__(self) -> int:
        return len(self._of)

    def of(self, member: "Member") -> "Session | None":
        return self._of.get(member.session)

    def begin(self, member: "Member", device_key: bytes, secret: bytes, now_ms: int) -> bool:
        """`member` has joined; False when it already had and its WELCOME was lost."""
        if member.session in self._of and member.secret == secret:
            return False
        assert len(secret) == derive.KEY_BYTES, "keys that anybody can make"
        keys = derive.session_keys(self._hmac, secret, self._term, member.session)
        member.link.begin(member.session, keys, now_ms)
        if not self._of:  # there were none, for however long
            self._sweep_ms = add(now_ms, _SWEEP_MS)
        self._of[member.session] = Session(member.link, device_key, now_ms)
        member.secret = secret
        self._journal.changed(records.MEMBER, member.node)
        return True

    def go_on(self, member: "Member", device_key: bytes, term: int, now_ms: int) -> None:
        """A session from our predecessor, the leader of `term`: the same secret, and keys of our
        term."""
        assert term < self._term, "a predecessor of a later term"
        number = member.session
        keys = derive.session_keys(self._hmac, member.secret, self._term, number)
        member.link.begin(number, keys, now_ms)
        session = Session(member.link, device_key, now_ms)
        session.before = derive.session_keys(self._hmac, member.secret, term, number)
        self._of[number] = session
        self._sweep_ms = add(now_ms, _SWEEP_MS)

    def keys_ms(self, member: "Member", now_ms: int) -> int:
        """How old the keys are that come from its secret, at most `SESSION_MS_MAX`."""
        session = self._of.get(member.session)
        if session is None or session.following is not None:
            return 0
        return min(max(0, since(now_ms, session.made_ms)), SESSION_MS_MAX)

    def age(self, member: "Member", keys_ms: int, now_ms: int) -> None:
        """The keys of its session were `keys_ms` old when we took over."""
        self._of[member.session].made_ms = add(now_ms, -min(keys_ms, SESSION_MS_MAX))

    def on_rekey(self, member: "Member", fields: "list", now_ms: int) -> int:
        """REKEY: new keys, used as soon as the member uses them."""
        session = self._of[member.session]
        own_nonce = fields[0]
        if session.own_nonce != own_nonce:
            session.own_nonce = own_nonce
            session.rekeyed = self._random(derive.NONCE_BYTES)
            secret = derive.session_secret(
                self._hmac, session.device_key, own_nonce, session.rekeyed
            )
            session.following = derive.session_keys(self._hmac, secret, self._term, member.session)
            member.secret = secret
            self._journal.changed(records.MEMBER, member.node)
        self._outbound.send(messages.REKEYED, (own_nonce, session.rekeyed), member, now_ms)
        return refusal.ACCEPTED

    def end(self, member: "Member") -> None:
        """Send nothing more to `member`, not even what waits."""
        member.link.keys = None
        self._of.pop(member.session, None)

    def is_sweep_due(self, now_ms: int) -> bool:
        """Is it time, once a second while there are sessions, to look at what has become old?"""
        if self._of and since(now_ms, self._sweep_ms) < 0:
            return False
        self._sweep_ms = add(now_ms, _SWEEP_MS)
        return True

    def sweep(self, members: "list[Member]", now_ms: int) -> "list[Member]":
        """Forget sessions without a member. End those of `members` that have not asked for new keys
        in time, or whose numbers come to their end, and return these members."""
        numbers = [member.session for member in members]
        for number in list(self._of):
            if number not in numbers:
                del self._of[number]
        over = []
        for member in members:
            session = self._of.get(member.session)
            if session is None:
                continue
            link = member.link
            is_old = since(now_ms, session.made_ms) >= SESSION_MS_MAX
            if is_old or max(link.seq, link.replay.highest) > _SEQ_MAX:
                over.append(member)
        return over

    def next_timeout_ms(self) -> int:
        """When `is_sweep_due` next, or `NEVER`."""
        return self._sweep_ms if self._of else NEVER
