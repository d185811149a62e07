"""How a device becomes a member: its HELLO is challenged, its ANSWER proves its key, and WELCOME
tells it its place here. `door` and `members` do the remembering.
"""

from ..base import events
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import INT_MAX, MEMBER_GROUPS_MAX, STRANGERS_BURST, STRANGERS_PER_S
from ..base.prng import Prng
from ..cluster import records
from ..link import derive
from ..link.hmac import equal
from ..wire import codec, envelope, messages, refusal
from ..wire.envelope import HEADER_BYTES, SEALED_SINCE, VERSION_AT
from ..wire.refusal import Refused
from . import coding
from .budget import Budget
from .door import Door
from .members import DIFFERENT_TABLE, SAME_TABLE
from .roster import OpenRoster
from .swaps import Swaps

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..base.event_queue import EventQueue
    from ..cluster.journal import Journal
    from ..link.hmac import Hmac
    from .groups import Groups
    from .heartbeats import Heartbeats
    from .held_off import HeldOff
    from .members import Member, Members
    from .outbound import Outbound
    from .publisher import Publisher
    from .sessions import Sessions
    from .voice_keys import VoiceKeys

    class Owner(Protocol):
        """The leader whose members they become."""

        term: int
        members: Members
        groups: Groups
        outbound: Outbound
        journal: Journal
        sessions: Sessions
        settings: Publisher
        keys: VoiceKeys
        heartbeats: Heartbeats
        held: HeldOff
        told: EventQueue

        def drop(self, member: Member, now_ms: int) -> None: ...

    class Directory(Protocol):
        """Who may become a member."""

        def key(self, device: bytes) -> "bytes | None":
            """The 32-byte key of an active device."""
            ...

        def name(self, device: bytes) -> "bytes | None":
            """Its name, UTF-8; None: the name that it gives itself."""
            ...


# Fields by their place in the message table.
_NAME_FIELD = const(4)  # of HELLO
_TERM_FIELD = const(6)
_FEATURES_FIELD = const(7)
_HELLO_FIELD = const(3)  # of ANSWER: the copy of HELLO begins here
_LEASE_BYTES = const(48)  # WELCOME up to the newest lease
_FULL_BYTES = const(57)  # WELCOME with all its fields


class Joining:
    """`directory` knows the devices' keys, `roster` their groups and entitlements; session numbers
    come from `seed`."""

    def __init__(
        self,
        leader: "Owner",
        seed: int,
        directory: "Directory",
        roster: "Any",
        hmac: "Hmac",
        random: "Callable[[int], bytes]",
    ) -> None:
        self._leader = leader
        self._members = leader.members
        self._groups = leader.groups
        self._outbound = leader.outbound
        self._journal = leader.journal
        self._prng = Prng(seed)
        self.directory = directory
        self.roster = roster or OpenRoster()
        self._hmac = hmac
        self.door = Door(random(derive.KEY_BYTES), hmac)
        self._swaps = Swaps()
        self._strangers = Budget(STRANGERS_PER_S, STRANGERS_BURST)  # that are told of
        # Hears of each device that asks or, True, proves another key: anybody can say to be it.
        self.on_knock: Callable[[bytes, bool, int], None] | None = None

    def on_hello(self, data: "Any", source: "Any", now_ms: int) -> int:
        """HELLO: store nothing, and answer with a challenge."""
        if data[VERSION_AT] < SEALED_SINCE:
            self._outbound.nack(messages.NACK_VERSION, data, source, now_ms)
            return refusal.VERSION
        if not self.door.may_knock(source, now_ms):
            return refusal.LIMIT
        try:
            fields = codec.decode(messages.HELLO, data, HEADER_BYTES, envelope.payload_end(data))
        except Refused as refused:
            return refused.reason
        device, nonce = fields[0:2]
        if self.on_knock is not None:
            self.on_knock(device, False, now_ms)
        values = (nonce, self.door.challenge(device, nonce, source, now_ms))
        self._outbound.send_unbound(messages.CHALLENGE, values, source, now_ms)
        return refusal.ACCEPTED

    def on_answer(self, data: "Any", source: "Any", now_ms: int) -> int:
        """ANSWER: a sender that proves a device's key is that device."""
        if not self.door.may_knock(source, now_ms):
            return refusal.LIMIT
        end = envelope.payload_end(data)
        try:
            fields = codec.decode(messages.ANSWER, data, HEADER_BYTES, end)
        except Refused as refused:
            return refused.reason
        challenge, own_nonce, proof = fields[0:_HELLO_FIELD]
        hello = fields[_HELLO_FIELD:]
        device, nonce = hello[0:2]
        if not self.door.is_good(challenge, device, nonce, source, now_ms):
            return refusal.CHALLENGE
        key = self.directory.key(device)
        if key is None:
            if self._strangers.take(now_ms):
                self._leader.told.push(events.STRANGER, (device, hello[_NAME_FIELD]))
            return refusal.IDENTITY
        secret = derive.session_secret(self._hmac, key, own_nonce, challenge)
        said = data[HEADER_BYTES + 3 * derive.NONCE_BYTES : end]
        if not equal(proof, 0, derive.proof(self._hmac, secret, said), derive.PROOF_BYTES):
            if self.on_knock is not None:
                self.on_knock(device, True, now_ms)
            return refusal.IDENTITY
        if not self._may_enter(hello, secret, source, now_ms):
            self._leader.held.note(device, messages.ANSWER, now_ms)
            return refusal.LIMIT
        self.door.answered(device, challenge)
        # Nobody may use another's name.
        hello[_NAME_FIELD] = self.directory.name(device) or hello[_NAME_FIELD]
        reason = self.admit(hello, data, source, now_ms)
        member = self._members.by_device(device)
        if member is not None and member.nonce == nonce and member.address == source:
            if self._leader.sessions.begin(member, key, secret, now_ms):
                self._leader.keys.give(member, now_ms)
                self._leader.heartbeats.tell_standbys(member, now_ms)
        return reason

    def _may_enter(self, hello: "list", secret: bytes, source: "Any", now_ms: int) -> bool:
        """Another session is counted, since it costs others something. The same session is counted
        apart: a badge asks at several addresses, and again until it has its WELCOME."""
        device, nonce = hello[0:2]
        if hello[_TERM_FIELD] > self._leader.term:
            return True  # `admit` refuses it: nobody joins a leader of a lower term
        member = self._members.by_device(device)
        if member is not None and member.secret == secret:
            return True  # the same datagram again
        is_same = member is not None and member.nonce == nonce and member.address == source
        return self.door.may_enter(device, is_same, now_ms)

    def admit(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """The sender of `fields` has proved its key: it is a member from now on."""
        device, nonce, table, codecs, name, build = fields[0:_TERM_FIELD]
        if not codecs & (1 << messages.CODEC_IMA_ADPCM):
            return refusal.FIELD
        if fields[_TERM_FIELD] > self._leader.term:  # it would refuse us
            self._leader.heartbeats.on_claim(device, fields[_TERM_FIELD], now_ms)
            return refusal.STALE
        member = self._members.by_device(device)
        before = 0
        if member is not None and (member.nonce != nonce or member.address != source):
            before = member.node
            at = member.address
            if at != source and self._swaps.moved(device, at, source, now_ms):
                self._leader.told.push(events.DOUBLE, (device, name))
            self._leader.drop(member, now_ms)  # it restarted, or forgot us: a new session
            member = None
        if member is None:
            member = self._members.add(device, self._new_session())
            if member is None:
                self._outbound.nack(messages.NACK_FULL, data, source, now_ms)
                return refusal.LIMIT
            member.address = source
            member.nonce = nonce
            member.name = name
            member.build = build
            member.features = coding.features_of(fields[_FEATURES_FIELD], codecs)
            if table != messages.TABLE_HASH:
                member.table_is = envelope.compare_version(data) or DIFFERENT_TABLE
            self._enter(member, before, now_ms)
        self._members.heard(member, now_ms)
        self.welcome(member, now_ms, len(data))
        return refusal.ACCEPTED

    def _enter(self, member: "Member", before: int, now_ms: int) -> None:
        """`before`: its previous number, 0 for none."""
        self._take_grants(member)
        for group in member.groups:
            self._groups.receipts[group].joined(member.node, before)
        member.roster = 0 if len(member.groups) == 1 else 1
        member.settings.due_ms = now_ms
        self._journal.changed(records.MEMBER, member.node)
        self._journal.changed(records.COUNTERS, 0)
        self._leader.told.push(events.MEMBER_JOINED, member.node)
        if member.table_is != SAME_TABLE:
            self._leader.told.push(events.OTHER_TABLE, -member.table_is)  # as the badge sees it

    def welcome(self, member: "Member", now_ms: int, asked_bytes: int = _FULL_BYTES) -> None:
        """WELCOME. An answer to a stranger is never longer than the question: a member that asked
        with too few bytes (`asked_bytes`) learns its groups at its first heartbeat."""
        values = (
            member.nonce,
            member.node,
            member.session,
            self._leader.term,
            messages.TABLE_HASH,
            member.group,
            messages.CODEC_IMA_ADPCM,
        )
        if asked_bytes >= _LEASE_BYTES:
            values += (self._groups.lease,)
        if member.roster and asked_bytes >= _FULL_BYTES:
            places = bytearray(MEMBER_GROUPS_MAX)
            for index in range(len(member.groups)):
                places[index] = member.groups[index]
            values += (bytes(places), member.roster)
        self._outbound.send(messages.WELCOME, values, member, now_ms)

    def _new_session(self) -> int:
        while True:
            session = 1 + self._prng.below(INT_MAX)
            if self._members.by_session(session) is None:
                return session

    # --- what the operator changes ---

    def regroup(self, device: bytes, now_ms: int) -> None:
        """The roster has changed for `device`: tell it, if it is here."""
        member = self._members.by_device(device)
        if member is None:
            return
        before = member.groups
        self._take_grants(member)
        for group in before:
            if group not in member.groups:
                self._groups.floors[group].on_member_left(member.node, now_ms)
        if member.groups != before:
            self._leader.settings.on_regrouped(member, before)
            member.roster = member.roster % 255 + 1
            self.welcome(member, now_ms)
            self._journal.changed(records.MEMBER, member.node)
            self._journal.flush(now_ms)

    def _take_grants(self, member: "Member") -> None:
        grants = self.roster.lookup(member.device)
        member.entitlements = grants.entitlements
        groups = []
        for group in grants.groups[0:MEMBER_GROUPS_MAX]:
            if self._groups.open(group) and group not in groups:
                groups.append(group)
        member.groups = tuple(groups)

    def look_at_directory(self, now_ms: int, is_other: bool = False) -> None:
        """The directory or the roster has changed: a device that lost its key is out; a member that
        lost a group no longer hears it; a new name is used from now on. If anybody may hear more or
        less than before, member or not (`is_other`), all get new keys: who was shut out may hold
        the old ones, and who was let in may have recorded what was said under them."""
        for member in self._members.all():
            session = self._leader.sessions.of(member)
            if session is None or self.directory.key(member.device) != session.device_key:
                self._leader.drop(member, now_ms)
                self._leader.sessions.end(member)
                is_other = True
                continue
            name = self.directory.name(member.device) or member.name
            if name != member.name:
                member.name = name
                self._journal.changed(records.MEMBER, member.node)
            before = member.groups
            self.regroup(member.device, now_ms)
            is_other = is_other or member.groups != before
        if is_other:
            self._leader.keys.change(now_ms)
        self._journal.flush(now_ms)
