"""A host: it leads, or it keeps what it needs to lead at once.

Ties together `cluster.election`, which says when, `cluster.replica`, which keeps the leader's
state, and `leader`, which exists while this host leads. Two networks: badges, as `Leader` has them,
and other hosts (8 bytes each), over a channel that authenticates senders.
"""

from .base.clock import NEVER, add, earliest, since
from .base.compat import TYPE_CHECKING, const
from .base.counters import Counters
from .base.numbers import CLAIM_JUMP_MAX, CLAIMS_MAX, CLAIMS_MS, FAREWELL_MS
from .cluster import (
    election_events,
    election_rules,
    host_messages,
    host_wire,
    journal,
    records,
    relay_wire,
)
from .cluster.ballot import KEEPS_STATE, is_plausible
from .cluster.election import Election
from .cluster.replica import Replica, State
from .cluster.versions import is_within_reach
from .leader.quota import Quota
from .wire import refusal
from .wire.envelope import get32
from .wire.refusal import Refused

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from .leader.leader import Leader
    from .leader.outbound import Copies
    from .relay.relay import Relay

_OF_RELAYS = (host_messages.RELAY_ASK, host_messages.RELAY_LOAD)
_TOLD_MAX = const(256)  # events that nobody fetched, while leaders come and go


class Answer:
    """One datagram for another host."""

    __slots__ = ("data", "destination")

    def __init__(self, data: bytes, destination: bytes) -> None:
        self.data = data
        self.destination = destination


class Host:
    """`own`, `hosts`, `record` and `node_class` as for `Election`, `capabilities` below 128.
    `make_leader(term)` gives a fresh `Leader` with roster, settings and the form of addresses;
    `relay` sends voice in the leader's place while another host leads.

    Besides the calls of every engine it has `receive_from_host` and `poll_host`, `poll_store` and
    `on_stored`, `resign` and `return_to_duty`, `next_election_event`."""

    def __init__(
        self,
        own: bytes,
        hosts: "tuple[bytes, ...]",
        record: "tuple[int, bytes]",
        make_leader: "Callable[[int], Leader]",
        now_ms: int,
        node_class: int = 0,
        capabilities: int = 0,
        relay: "Relay | None" = None,
    ) -> None:
        self.own = own
        self.relay = relay  # None: this host cannot
        self._make_leader = make_leader
        self._standing = (node_class, capabilities)
        self.election = Election(own, hosts, record, now_ms, node_class, capabilities)
        self.replica = Replica()
        self.leader: Leader | None = None  # while this host leads
        self.addresses: dict[bytes, tuple[bytes, int]] = {}  # host -> (IPv4, port), for badges
        self.refusals = Counters(refusal.WORDS)  # of badges' datagrams while another host leads
        self._claims = Quota(CLAIMS_MAX, CLAIMS_MS)  # of a higher term, by badges
        self._left: Leader | None = None  # led until now
        self._farewell_ms = NEVER  # when those of its members hear of it who have not moved over
        self._own_state: State | None = None  # from when this host led last
        self._answers: list[Answer] = []
        self._told: list[tuple[int, Any]] = []
        self._elections: list[tuple[int, Any]] = []

    # --- badges ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """From a badge. A host that does not lead does not answer: badges know the leader by its
        answer."""
        self._look_at_election(now_ms)  # a host that stood still must not speak before it knows
        if self.leader is None:
            self.refusals.add(refusal.SESSION)
            return
        self.leader.receive_datagram(data, source, now_ms)
        self._after_leader(now_ms)

    def poll_transmit(self) -> "Any":
        """The next datagram for a badge: `data` and `destination`."""
        if self._left is not None and self._farewell_ms == NEVER:
            outgoing = self._left.poll_transmit()
            if outgoing is not None:
                return outgoing
            self._left = None
        if self.leader is not None:
            return self.leader.poll_transmit()
        return self.relay.poll_transmit() if self.relay is not None else None

    def poll_copies(self) -> "Copies | None":
        """Many of them at once, when those are next; None: ask `poll_transmit`."""
        if self._left is not None:
            return None
        if self.leader is not None:
            return self.leader.outbound.poll_copies()
        return self.relay.poll_copies() if self.relay is not None else None

    @property
    def is_parting(self) -> bool:
        """Whether it led until now, and has members to tell who have not moved over."""
        return self._left is not None

    def next_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `ptt.base.events`."""
        if self._told:
            return self._told.pop(0)
        return None

    # --- hosts ---

    def receive_from_host(self, data: "Any", source: bytes, now_ms: int) -> None:
        """From another host, which the channel knows to be `source`."""
        if journal.is_answer(data):
            self._look_at_election(now_ms)
            if self.leader is not None:
                self.leader.journal.receive(source, data, now_ms)
        elif journal.is_entries(data):
            term = journal.term_of(data)
            if self.election.believes(source, term) and self.election.follows(source, term):
                answer = self.replica.receive(data, now_ms)
                if answer is not None:
                    self._answers.append(Answer(answer, source))
                self._say_what_we_keep()
            self._follow_election(now_ms)
        elif not self._is_of_relays(data, source, now_ms):
            self.election.receive_datagram(data, source, now_ms)
            self._follow_election(now_ms)

    def _is_of_relays(self, data: "Any", source: bytes, now_ms: int) -> bool:
        """Obeys what concerns relays; False: `data` does not."""
        if relay_wire.is_copies(data):
            relay = self._relay_for(source, relay_wire.term_of(data))
            if relay is not None:
                relay.on_copies(data, self.replica.state, now_ms)
            return True
        if len(data) == 0 or data[0] not in _OF_RELAYS:
            return False
        try:
            kind, fields = host_wire.decode(data)
        except Refused:
            return True
        if kind == host_messages.RELAY_LOAD:
            if self.leader is not None:
                self.leader.voice.relays.on_load(source, fields, now_ms)
            return True
        relay = self._relay_for(source, fields[0])
        if relay is not None:
            is_leaving = self.election.state == election_rules.RESIGNED
            self._answers.append(Answer(relay.on_ask(fields, is_leaving), source))
        return True

    def _relay_for(self, source: bytes, term: int) -> "Relay | None":
        """Ours, if `source` leads us in `term`."""
        return self.relay if self.election.follows(source, term) else None

    def poll_host(self) -> "Any":
        """The next datagram for another host: `data` and `destination`."""
        if self._answers:
            return self._answers.pop(0)
        outgoing = self.election.poll_transmit()
        if outgoing is None and self.leader is not None:
            outgoing = self.leader.voice.relays.poll_host()  # voice, which does not wait
            return outgoing or self.leader.journal.poll_transmit()
        return outgoing

    def next_election_event(self) -> "tuple[int, Any] | None":
        """The next (kind, value) of `cluster.election`."""
        return self._elections.pop(0) if self._elections else None

    # --- time, the disk, the operator ---

    def handle_timeout(self, now_ms: int) -> None:
        self.election.handle_timeout(now_ms)
        self._follow_election(now_ms)
        if self._farewell_ms != NEVER and since(now_ms, self._farewell_ms) >= 0:
            self._farewell_ms = NEVER
        if self.leader is not None:
            self.leader.handle_timeout(now_ms)
            self._after_leader(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `clock.NEVER`."""
        due = earliest(self.election.next_timeout_ms(), self._farewell_ms)
        if self.leader is not None:
            due = earliest(due, self.leader.next_timeout_ms())
        return due

    def poll_store(self) -> "tuple[int, bytes] | None":
        return self.election.poll_store()

    def on_stored(self, record: "tuple[int, bytes]", now_ms: int) -> None:
        self.election.on_stored(record, now_ms)
        self._follow_election(now_ms)

    def resign(self, now_ms: int) -> None:
        """For maintenance: another host leads, until `return_to_duty`."""
        self.election.resign(now_ms)
        self._follow_election(now_ms)

    def return_to_duty(self, now_ms: int) -> None:
        self.election.return_to_duty(now_ms)

    # --- who the others are ---

    def configure(self, hosts: "tuple[bytes, ...]", now_ms: int) -> None:
        """These are the voters from now on, this host among them."""
        before = self.election.voters.others()
        self.election.configure(hosts, now_ms)
        if self.leader is not None:
            others = self.election.voters.others()
            for host in before:
                if host not in others:
                    self.leader.journal.remove_standby(host)
            for host in others:
                self.leader.journal.add_standby(host, now_ms)
            self._tell_standbys(self.leader)
        self._follow_election(now_ms)

    def note_address(self, host: bytes, address: "tuple[bytes, int]") -> None:
        """Where badges reach `host`: (IPv4, port)."""
        if self.addresses.get(host) == address:
            return
        self.addresses[host] = address
        if self.leader is not None:
            self._tell_standbys(self.leader)

    def _tell_standbys(self, leader: "Leader") -> None:
        """Badges are told by the leader where its standbys are."""
        others = [host for host in self.election.voters.others() if host in self.addresses]
        leader.standby_hosts = [self.addresses[host] for host in others][0:3]
        leader.voice.relays.hosts = {host: self.addresses[host] for host in others}

    # --- inside ---

    def _look_at_election(self, now_ms: int) -> None:
        due_ms = self.election.next_timeout_ms()
        if due_ms != NEVER and since(now_ms, due_ms) >= 0:
            self.election.handle_timeout(now_ms)
            self._follow_election(now_ms)

    def _follow_election(self, now_ms: int) -> None:
        """Lead or stop leading, as the election says."""
        while True:
            event = self.election.next_event()
            if event is None:
                return
            self._elections.append(event)
            if len(self._elections) > _TOLD_MAX:
                self._elections.pop(0)
            if event[0] == election_events.LOST_LEADERSHIP:
                self._stop(now_ms)
            elif event[0] == election_events.BECAME_LEADER:
                self._lead(event[1], now_ms)

    def _lead(self, term: int, now_ms: int) -> None:
        if self.relay is not None:
            self.relay.stop()  # never both
        leader = self._make_leader(term)
        self.leader = leader
        self._left = None
        self._farewell_ms = NEVER
        self._tell_standbys(leader)
        state = self.replica.state
        if self._own_state is not None and (state is None or state.term < self._own_state.term):
            state = self._own_state
        if state is not None:
            leader.take_over(state, now_ms)
        self._own_state = None
        for host in self.election.voters.others():
            leader.journal.add_standby(host, now_ms)
        self._say_what_we_keep()
        self._after_leader(now_ms)

    def _stop(self, now_ms: int) -> None:
        leader = self.leader
        if leader is None:
            return
        self._own_state = _state_of(leader, now_ms)
        leader.depose(self.election.term, now_ms)
        self._take_events(leader)
        # The next leader comes first, perhaps we ourselves: a burst goes on only if its talker is
        # still a member. Nobody takes over from a lone host that has resigned.
        is_last = (
            self.election.state == election_rules.RESIGNED and len(self.election.voters.hosts) == 1
        )
        self._left = leader
        self._farewell_ms = NEVER if is_last else add(now_ms, FAREWELL_MS)
        self.leader = None
        self._say_what_we_keep()

    def _after_leader(self, now_ms: int) -> None:
        leader = self.leader
        if leader is None:
            return
        self._take_events(leader)
        if leader.claim is not None:
            device, term = leader.claim
            leader.claim = None
            if not is_plausible(term, leader.term):
                return  # the leader has told who says so; the badge forgets it when nobody leads it
            if self._claims.take(device, now_ms):  # a term far above ours is believed in steps
                self.election.hear_of(min(term, leader.term + CLAIM_JUMP_MAX), now_ms)
                self._follow_election(now_ms)

    def _take_events(self, leader: "Leader") -> None:
        while True:
            event = leader.next_event()
            if event is None:
                return
            self._told.append(event)
            if len(self._told) > _TOLD_MAX:
                self._told.pop(0)

    def _say_what_we_keep(self) -> None:
        """Others rank us by it."""
        node_class, capabilities = self._standing
        keeps = self.leader is not None or self.replica.state is not None
        if keeps:
            capabilities |= KEEPS_STATE
        voters = self.election.voters
        voters.learn(voters.own, node_class, capabilities)
        state = self.replica.state
        body = state.body(records.SETTINGS, 0) if state is not None else None
        if body is not None and is_within_reach(get32(body, 0), self.election.settings):
            self.election.keep_settings(get32(body, 0))


def _state_of(leader: "Leader", now_ms: int) -> State:
    """What a standby would have that missed nothing."""
    state = State(leader.term, 0)
    for kind, number in leader.journal.records():
        state.records[kind << 16 | number] = (leader.write_record(kind, number, now_ms), now_ms)
    return state
