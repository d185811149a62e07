"""The leader that a badge belongs to: what the badge sends to find a leader and to stay with it,
and what a leader says about its own place. `Join` decides when to send; this room knows the
messages."""

from ..base import events, features
from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..wire import envelope, messages, refusal
from .join import JOINED

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..base.compat import Buffer
    from ..link.link import Link
    from ..media.playout import Playout
    from .floor import FloorParticipant
    from .groups import Groups
    from .join import Join
    from .scan import Scan
    from .settings import Settings
    from .talking import Talking
    from .voice_keys import VoiceKeys

    class MembershipOwner(Protocol):
        """The participant that belongs to a leader."""

        device: bytes
        name: bytes
        build: bytes
        address_of: "Callable[[bytes, int], Any] | None"
        floor: FloorParticipant
        groups: Groups
        join: Join
        link: Link
        playout: Playout
        scan: Scan
        settings: Settings
        talking: Talking
        voice_keys: VoiceKeys

        def begin_anew(self, is_new_term: bool) -> None: ...
        def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None: ...
        def tell(self, kind: int, value: object) -> None: ...


_IMA = 1 << messages.CODEC_IMA_ADPCM
_KNOWN_MAX = const(6)  # hosts: three, and where they were before; any may be the one that is back
_ALWAYS = const(
    3
)  # of them each HELLO goes to so many, and to one more in turn: an outbox has five


class Membership:
    """HELLO goes to `search_address`, and claims the features `claims`, bits of `base.features`."""

    claims = features.OF_ENGINES

    obeys = {
        messages.WELCOME: "_on_welcome",
        messages.ROLE_ANNOUNCE: "_on_announce",
        messages.STANDBY: "_on_standby",
        messages.NACK: "_on_nack",
        messages.HEARTBEAT: "_on_heartbeat",
    }

    def __init__(self, owner: "MembershipOwner", search_address: "Any") -> None:
        self._owner = owner
        self.tell = owner.tell  # for `Join`
        self.search_address = search_address
        self.standbys: list[Any] = []  # addresses to ask when the leader is silent
        self.known: list[Any] = []  # and when all are: where hosts ever were, the newest first
        self._turn = 0  # whose it is to be asked
        self._roster = 0  # of the last WELCOME
        self._beat_group = 0  # that the last heartbeat asked about
        self._is_version_told = False  # since the last WELCOME
        self.unanswered = 0  # heartbeats, the one on its way included
        self.round_trip_ms = 0xFFFF  # of the last answered one; 65535: none was yet

    # --- what a leader says; why not when it is refused ---

    def _on_welcome(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """WELCOME."""
        owner = self._owner
        nonce, node, session, term, table, group, codec_number, _lease, groups, roster = fields
        if codec_number != messages.CODEC_IMA_ADPCM:
            return refusal.FIELD
        was_joined = owner.join.state == JOINED
        is_new_term = term > owner.join.term
        if not owner.join.on_welcome(nonce, node, session, term, now_ms):
            return refusal.STALE
        if not was_joined or roster != self._roster:
            self._roster = roster
            owner.groups.on_roster(groups, group)
        if was_joined:
            return refusal.ACCEPTED
        owner.link.address = source
        owner.link.seq = 0
        self._is_version_told = False
        owner.begin_anew(is_new_term)
        if table != messages.TABLE_HASH:
            owner.tell(events.OTHER_TABLE, envelope.compare_version(data))
        return refusal.ACCEPTED

    def _on_announce(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """ROLE_ANNOUNCE."""
        owner = self._owner
        role, term = fields
        if role == messages.ROLE_LEADER:
            return self._on_new_leader(term, source, now_ms)
        if source != owner.link.address:
            return refusal.SOURCE
        if term != owner.join.term:
            return refusal.STALE
        if role == messages.ROLE_RESIGNED:
            owner.join.on_forgotten(now_ms)
        return refusal.ACCEPTED

    def _on_new_leader(self, term: int, source: "Any", now_ms: int) -> int:
        """A standby continues our membership, with burst, queue and what is being heard."""
        owner = self._owner
        is_ours = term == owner.join.term and source == owner.link.address
        if not owner.join.on_announced(term, now_ms):
            return refusal.ACCEPTED if is_ours else refusal.STALE  # a repetition
        self.hosts()
        owner.link.address = source
        owner.talking.queued_seq = 0
        owner.settings.version = 0  # it may never have heard of the last ones
        owner.voice_keys.ring.begin_term()
        owner.floor.on_new_leader(now_ms)
        return refusal.ACCEPTED

    def _on_standby(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """STANDBY: one address of several, given in turn."""
        host, port, place, count = fields
        if count and place >= count:
            return refusal.FIELD
        address_of = self._owner.address_of
        if address_of is None:
            return refusal.ACCEPTED  # our owner knows only one address
        self.hosts()
        standbys = self.standbys
        while len(standbys) > count:
            standbys.pop()
        if count:
            address = address_of(host, port)
            if place < len(standbys):
                standbys[place] = address
            elif address not in standbys:
                standbys.append(address)
        return refusal.ACCEPTED

    def _on_nack(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """NACK."""
        if fields[0] == messages.NACK_UNKNOWN_SESSION:
            self._owner.join.on_forgotten(now_ms)
        else:
            self._owner.tell(events.REFUSED, fields[0])
        return refusal.ACCEPTED

    def _on_heartbeat(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """HEARTBEAT: the answer to ours."""
        owner = self._owner
        self.unanswered -= 1
        self.round_trip_ms = age(now_ms, fields[0])
        owner.settings.on_leader_answered(now_ms)
        group, term, lease, talker = fields[1:5]
        if group and owner.scan.place(group) < 0:
            return refusal.FIELD
        if term != owner.join.term:
            return refusal.STALE
        if group == owner.floor.group:
            obeyed = owner.floor.on_floor(lease, talker, owner.join.node, now_ms)
        else:
            obeyed = owner.scan.on_floor(group, lease, talker)
        return refusal.ACCEPTED if obeyed else refusal.STALE

    def on_other_version(self, data: "Buffer") -> None:
        """Only that byte can be read: it says why nobody lets us join. Reported once per search,
        since a search may go on for days."""
        if self._owner.join.state != JOINED and not self._is_version_told:
            self._is_version_told = True
            self._owner.tell(events.OTHER_TABLE, envelope.compare_version(data))

    # --- what `Join` needs done ---

    def send_hello(self, now_ms: int) -> None:
        """For `Join`."""
        owner = self._owner
        values = (
            owner.device,
            owner.join.nonce,
            messages.TABLE_HASH,
            self._codecs(),
            owner.name,
            owner.build,
            owner.join.term,
            self.claims,
        )
        asked = self.hosts()
        turn = self._turn = self._turn + 1
        for address in asked[0:_ALWAYS]:
            owner.send(messages.HELLO, values, address, now_ms)
        if len(asked) > _ALWAYS:
            address = asked[_ALWAYS + turn % (len(asked) - _ALWAYS)]
            owner.send(messages.HELLO, values, address, now_ms)

    def hosts(self) -> "list[Any]":
        """Where a leader may be, each once: where to search, the last leader (it is no standby of
        itself, and may be the only one left), its standbys, and hosts that it knew before. All are
        known from now on."""
        asked = [self.search_address]
        for address in [self._owner.link.address] + self.standbys + self.known:
            if address not in asked:
                asked.append(address)
        self.known = asked[1 : 1 + _KNOWN_MAX]
        return asked

    def _codecs(self) -> int:
        """Those that we have, as HELLO says it."""
        if features.HAS_SMOOTH_PLAYOUT:
            return self._owner.playout.codecs.mask()
        return _IMA

    def send_heartbeat(self, now_ms: int) -> None:
        """For `Join` and `Session`."""
        self._send_beat(self._owner.link.address, now_ms)

    def send_probe(self, tries: int, now_ms: int) -> None:
        """For `Join`: the leader does not answer; one of the standbys may lead by now."""
        if self.standbys:
            self._send_beat(self.standbys[tries % len(self.standbys)], now_ms)

    def _send_beat(self, destination: "Any", now_ms: int) -> None:
        owner = self._owner
        scan = owner.scan
        group = scan.after(self._beat_group)
        self._beat_group = group
        lease, talker = scan.lease(group), scan.talker(group)
        if group == owner.floor.group:
            lease, talker = owner.floor.seen_lease, owner.floor.talker
        values = (now_ms, group, owner.join.term, lease, talker, 0, self._roster)
        self.unanswered += 1
        owner.send(messages.HEARTBEAT, values, destination, now_ms)

    def leader_lost(self, now_ms: int) -> None:
        """For `Join`."""
        owner = self._owner
        owner.floor.on_leader_lost(now_ms)
        owner.settings.on_leader_lost()
        if owner.scan.call_group:
            owner.groups.end_call(messages.CALL_UNKNOWN, now_ms)
