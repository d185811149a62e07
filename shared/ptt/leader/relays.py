"""Standbys that send voice to listeners in the leader's place.

The leader gives a relay each packet once, and says for whom: who relays is told by `relay_host`,
who is relayed by `relayed_listener`, and what of a burst by `relayed_burst`.
"""

from ..base import events, features
from ..base.clock import NEVER, add, age, since
from ..base.compat import TYPE_CHECKING, const
from ..base.last_bursts import LastBursts
from ..base.numbers import CALL_GROUP_FIRST
from ..cluster import host_messages, host_wire, relay_wire
from ..fanout import assign
from ..fanout.assign import Choice, Standing
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, HEADER_BYTES, LEADER_NODE, TAG_BYTES
from .relay_host import RelayHost
from .relay_keys import relay_key
from .relayed_burst import RelayedBurst
from .relayed_listener import (
    CHOSEN,
    MISSED,
    OFFERED,
    PROVED,
    RELAYED,
    TAKEN_BACK,
    UNPROVED,
    RelayedListener,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from ..base.event_queue import EventQueue
    from ..link.hmac import Hmac
    from ..link.link import Link
    from .members import Member, Members
    from .outbound import Outbound

ASK_MS = const(250)  # to each standby; also between two probes to a listener that has proved none
PLAN_MS = const(1000)  # a change needs a report or two
PROBE_MS = const(5000)  # to those that are relayed: silence is seen before a burst needs the way
_TELL_MS = const(1000)  # RELAY again
_OFFER_MS = const(5000)  # then nothing comes there
_SILENT_MS = const(30000)  # three reports, of two probes each


class Parcel:
    """One datagram for the host `destination`."""

    __slots__ = ("data", "destination")

    def __init__(self, data: bytes, destination: bytes) -> None:
        self.data = data
        self.destination = destination


class Relays:
    """Those of the leader of `term`, between its `Pace` and `outbound`.

    `hosts`: its standbys, with the IPv4 address and port of each for badges; whoever owns the
    leader keeps it up to date, and fetches what `poll_host` gives."""

    def __init__(
        self,
        term: int,
        members: "Members",
        outbound: "Outbound",
        hmac: "Hmac",
        random: "Callable[[int], bytes]",
        told: "EventQueue",
    ) -> None:
        self._events = told
        self.hosts: dict[bytes, tuple[bytes, int]] = {}
        self._term = term
        self._members = members
        self._outbound = outbound
        self._hmac = hmac
        self._random = random
        self._own = 0  # listeners that the leader serves itself; 0: all
        self._relays: dict[bytes, RelayHost] = {}
        self._listeners: dict[int, RelayedListener] = {}  # by node
        self._bursts: LastBursts[RelayedBurst] = LastBursts()
        self._out: list[Parcel] = []
        self._due_ms = NEVER
        self._plan_ms = 0
        self._probe_ms = 0
        self.packets = 0  # copies that relays were asked to send

    def obey(self, own_listeners: int) -> None:
        """The venue's setting: how many listeners the leader serves itself; 0: all."""
        self._own = own_listeners

    def forget(self) -> None:
        """No burst is under way."""
        self._bursts.clear()

    def drop(self, node: int) -> None:
        """It is a member no more."""
        self._listeners.pop(node, None)

    # --- what hosts and members say ---

    def on_load(self, host: bytes, fields: "list", now_ms: int) -> int:
        """RELAY_LOAD."""
        relay = self._relays.get(host)
        term, start = fields[0], fields[3]
        if relay is None or term != self._term:
            return refusal.STALE
        if relay.start == start:
            relay.take_load(fields, now_ms)
        else:  # its numbers begin anew: so must its keys
            relay.start = start
            relay.renew(self._random, now_ms)
            self._take_back(host, now_ms)
        return refusal.ACCEPTED

    def on_report(self, member: "Member", fields: "list", now_ms: int) -> int:
        """RELAY_REPORT."""
        number, came, sent = fields
        listener = self._listeners.get(member.node)
        relay = self._relays.get(listener.host) if listener is not None else None
        if listener is None or relay is None or number != relay.number or came > sent:
            self._tell(member.node, listener, now_ms)  # it hears another than it should
            return refusal.STALE
        listener.take_report(came, sent, now_ms)
        self._fire(member.node, listener, PROVED, now_ms)
        return refusal.ACCEPTED

    def on_missed(
        self, member: "Member", group: int, lease: int, first: int, now_ms: int
    ) -> "list[bytearray]":
        """MULTICAST_MISSED: the packets that `member` is to get again, and from now on by the
        leader. Empty: a relay does not serve it, or the talker is silent; then the leader sends it
        what comes next, since the relay may be silent, too."""
        burst = self._bursts.of(group, lease)
        if burst is None or member.link not in burst.of:
            return []
        missed = burst.missed(member.link, first)
        if missed:
            host = burst.of.pop(member.link)
            listener = self._listeners.get(member.node)
            if listener is not None and listener.host == host:
                self._fire(member.node, listener, MISSED, now_ms)
            self._blame(host, member.node, now_ms)
        return missed

    # --- voice ---

    def begin(self, group: int, lease: int, now_ms: int) -> None:
        """A burst: who is relayed now, stays so until its end."""
        burst = RelayedBurst(lease)
        self._bursts.begin(group, burst)
        if not self._own or group >= CALL_GROUP_FIRST:
            return
        for node, listener in self._listeners.items():
            if listener.state != RELAYED or not self._serves(listener.host, now_ms):
                continue
            member = self._members.by_node(node)
            if member is not None and member.hears(group):
                burst.of[member.link] = listener.host

    def keep(self, data: bytearray, now_ms: int) -> None:
        """A packet goes out, which relayed listeners may ask for again."""
        burst = self._burst_of(data)
        if burst is not None:
            burst.keep(data, now_ms)

    def queue_copies(self, data: bytearray, payload_crc: int, links: "list[Link]") -> None:
        """For `Pace`: a packet for each of `links`."""
        burst = self._burst_of(data)
        if burst is None:
            self._outbound.queue_copies(data, payload_crc, links)
            return
        own: list[Link] = []
        relayed: dict[bytes, list[int]] = {}
        for link in links:
            host = burst.of.get(link)
            relay = self._relays.get(host) if host is not None else None
            if host is None or relay is None or not relay.is_ready:  # it relays no more
                own.append(link)
                continue
            member = self._members.by_session(link.session)
            if member is None:
                own.append(link)
            else:
                relayed.setdefault(host, []).append(member.node)
        for host in sorted(relayed):
            self._give(host, relayed[host], data)
        self._outbound.queue_copies(data, payload_crc, own)

    def poll_host(self) -> "Parcel | None":
        """The next datagram for a standby."""
        return self._out.pop(0) if self._out else None

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        if self._due_ms == NEVER:
            if not self._own:
                return
        elif since(now_ms, self._due_ms) < 0:
            return
        elif not self._own:
            self._switch_off(now_ms)
            return
        self._due_ms = add(now_ms, ASK_MS)
        self._ask(now_ms)
        if age(now_ms, self._plan_ms) >= PLAN_MS:
            self._plan_ms = now_ms
            self._plan(now_ms)
        self._probe(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        return self._due_ms

    # --- what there is to see ---

    @property
    def is_on(self) -> bool:
        return self._own > 0

    def relay_of(self, node: int) -> "bytes | None":
        """The host that sends to `node`; None: the leader does."""
        listener = self._listeners.get(node)
        return listener.host if listener is not None and listener.state == RELAYED else None

    def why(self, node: int) -> str:
        """Why it was moved last; empty: it never was."""
        listener = self._listeners.get(node)
        return "" if listener is None or listener.why < 0 else assign.WHY[listener.why]

    def standing(self, host: bytes, now_ms: int) -> "Standing | None":
        """What the leader knows of a relay; None: nothing."""
        relay = self._relays.get(host)
        return None if relay is None else self._standing(host, relay, now_ms)

    # --- inside ---

    def _burst_of(self, data: bytearray) -> "RelayedBurst | None":
        """Of the voice packet `data`; None: relays have nothing to do with it."""
        burst = self._bursts.of(voice.group(data), voice.lease(data))
        return burst if burst is not None and burst.of else None

    def _ask(self, now_ms: int) -> None:
        for host in list(self._relays):
            if host not in self.hosts:
                self._take_back(host, now_ms)
                del self._relays[host]
        for host in sorted(self.hosts):
            relay = self._relays.get(host)
            if relay is None:
                relay = self._relays[host] = RelayHost(self._random, now_ms)
            values = (self._term, now_ms, relay.number, relay.secret)
            self._out.append(Parcel(host_wire.encode(host_messages.RELAY_ASK, values), host))

    def _take_back(self, host: bytes, now_ms: int) -> None:
        """`host` is no standby any more, or another process."""
        for node in sorted(self._listeners):
            if self._listeners[node].host == host:
                self._fire(node, self._listeners[node], TAKEN_BACK, now_ms)

    def _serves(self, host: bytes, now_ms: int) -> bool:
        relay = self._relays.get(host)
        return relay is not None and relay.serves(now_ms)

    def _standing(self, host: bytes, relay: RelayHost, now_ms: int) -> Standing:
        age_ms = age(now_ms, relay.begun_ms)
        served = self._served_by(host)
        return Standing(relay.serves(now_ms), relay.load_percent, relay.rtt_ms, served, age_ms)

    def _served_by(self, host: bytes) -> int:
        return len([each for each in self._listeners.values() if each.host == host])

    def _plan(self, now_ms: int) -> None:
        hosts = sorted(self._relays)
        standings = [self._standing(host, self._relays[host], now_ms) for host in hosts]
        self._tell_of_relays(hosts, standings)
        for host, standing in zip(hosts, standings):
            if standing.is_able and standing.is_overloaded:
                self._relays[host].suspend(now_ms)  # without listeners it has room at once
        choices = []
        own = self._own
        for member in self._members.all():
            if not member.features & features.RELAYED:
                own = max(0, own - 1)
                continue
            listener = self._listeners.get(member.node)
            if listener is None:
                listener = self._listeners[member.node] = RelayedListener()
            choices.append(self._choice(member.node, listener, hosts, now_ms))
        for node, place, why in assign.moves(standings, choices, own):
            listener = self._listeners[node]
            listener.why = why
            if why == assign.LOSSY:
                listener.avoid(now_ms)
            if listener.host:
                self._fire(node, listener, TAKEN_BACK, now_ms)
            if place >= 0:
                listener.host = hosts[place]
                self._fire(node, listener, CHOSEN, now_ms)
        for relay in self._relays.values():
            relay.missed = set()

    def _tell_of_relays(self, hosts: "list[bytes]", standings: "list[Standing]") -> None:
        """The operator hears once of one that is lost."""
        for host, standing in zip(hosts, standings):
            relay = self._relays[host]
            if not standing.serves and not relay.was_told:
                self._events.push(events.RELAY_LOST, (host, standing.members))
            relay.was_told = not standing.serves

    def _choice(
        self, node: int, listener: RelayedListener, hosts: "list[bytes]", now_ms: int
    ) -> Choice:
        place = hosts.index(listener.host) if listener.host else -1
        return Choice(node, place, listener.loss, listener.avoids(hosts, now_ms))

    def _probe(self, now_ms: int) -> None:
        """To those that have proved none yet; now and then to all."""
        to_all = age(now_ms, self._probe_ms) >= PROBE_MS
        if to_all:
            self._probe_ms = now_ms
        wanted: dict[bytes, list[int]] = {}
        for node in sorted(self._listeners):
            listener = self._listeners[node]
            if listener.state == OFFERED:
                if age(now_ms, listener.since_ms) >= _OFFER_MS:
                    self._fire(node, listener, UNPROVED, now_ms)
                    continue
                if age(now_ms, listener.told_ms) >= _TELL_MS:
                    self._tell(node, listener, now_ms)
            elif listener.state == RELAYED and age(now_ms, listener.heard_ms) >= _SILENT_MS:
                self._fire(node, listener, UNPROVED, now_ms)
                continue
            if listener.state == OFFERED or (to_all and listener.state == RELAYED):
                wanted.setdefault(listener.host, []).append(node)
        for host in sorted(wanted):
            self._give(host, wanted[host], self._probe_of(self._relays[host].number, now_ms))

    def _probe_of(self, number: int, now_ms: int) -> bytearray:
        end = HEADER_BYTES + 4
        data = bytearray(end + TAG_BYTES)
        envelope.put32(data, HEADER_BYTES, number)
        envelope.write_header(data, end, messages.RELAY_PROBE, 0, LEADER_NODE, 0, now_ms)
        data[FLAGS_AT] = FLAG_SEALED
        return data

    def _give(self, host: bytes, nodes: "list[int]", data: bytearray) -> None:
        """`host` is to send `data` to `nodes`."""
        relay = self._relays.get(host)
        if relay is None:
            return
        self.packets += len(nodes)
        while nodes:
            part, nodes = nodes[0 : relay_wire.NODES_MAX], nodes[relay_wire.NODES_MAX :]
            self._out.append(Parcel(relay_wire.write(self._term, relay.number, part, data), host))

    def _blame(self, host: bytes, node: int, now_ms: int) -> None:
        """`node` missed a burst that `host` should have sent."""
        relay = self._relays.get(host)
        if relay is not None:
            relay.blame(node, self._served_by(host), now_ms)

    def _fire(self, node: int, listener: RelayedListener, trigger: int, now_ms: int) -> None:
        if listener.fire(trigger, now_ms):
            self._tell(node, listener, now_ms)

    def _tell(self, node: int, listener: "RelayedListener | None", now_ms: int) -> None:
        """RELAY."""
        member = self._members.by_node(node)
        if member is None:
            return
        values = (bytes(4), 0, 0, bytes(16))
        relay = None
        if listener is not None:
            listener.told_ms = now_ms
            relay = self._relays.get(listener.host)
        if listener is not None and relay is not None and listener.host in self.hosts:
            host, port = self.hosts[listener.host]
            key = relay_key(self._hmac, relay.secret, relay.number, member.session)
            values = (host, port, relay.number, key)
        self._outbound.send(messages.RELAY, values, member, now_ms)

    def _switch_off(self, now_ms: int) -> None:
        for node in sorted(self._listeners):
            self._fire(node, self._listeners[node], TAKEN_BACK, now_ms)
        self._listeners = {}
        self._relays = {}
        self._due_ms = NEVER
