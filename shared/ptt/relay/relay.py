"""A standby that sends on what its leader gives it, to listeners that the leader names.

It judges nothing: what may be heard, the leader has decided. It has members' addresses and sessions
by the journal, and a secret of the leader's, from which the key of each listener comes: its numbers
never meet those of the leader or of another relay, since the keys differ.
"""

from ..base.clock import NEVER, age
from ..base.compat import TYPE_CHECKING, const
from ..base.counters import Counters
from ..base.numbers import INT_MAX
from ..cluster import host_messages, host_wire, member_record, records, relay_wire
from ..leader.outbound import Copies
from ..leader.relay_keys import relay_key
from ..link.derive import SessionKeys
from ..link.hmac import HmacKey
from ..link.link import Link
from ..wire import envelope, messages, refusal

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any

    from ..cluster.replica import State
    from ..leader.outbound import Outgoing
    from ..link.hmac import Hmac

_KINDS = (messages.VOICE_FRAME, messages.RELAY_PROBE)  # what it sends on
_WAITING_MAX = const(64)  # packets that nobody fetches
_SPENT_MAX = const(16)  # a question that comes behind so many others was lost
_BURST_MS = const(1000)  # a talker's pause between two packets is shorter


class Relay:
    """`link(hmac, True)` makes a link; `random(n)` gives n unpredictable bytes; `address_of` makes
    an address of a record's bytes, or None of what no badge can have. `load_percent`: of the
    processor; its owner keeps it up to date."""

    def __init__(
        self,
        hmac: "Hmac",
        random: "Callable[[int], bytes]",
        address_of: "Callable[[bytes], Any]",
        link: "Callable[[Hmac, bool], Link]" = Link,
    ) -> None:
        self._hmac = hmac
        self._link = link
        self._address_of = address_of
        self._random = random
        self._start = 0
        self._spent: list[bytes] = []  # secrets, under whose keys no number may come again
        self._term = 0
        self._number = 0
        self._secret = b""
        self._links: dict[int, tuple[bytes, Link]] = {}  # by node: its record, and the way to it
        self._waiting: list[Copies] = []
        self._spoken_ms = NEVER  # when voice was relayed last
        self.load_percent = 0
        self.refusals = Counters(refusal.WORDS)
        self.packets = 0  # copies sent
        self.stop()

    def stop(self) -> None:
        """It leads, or follows nobody. Whoever asks next has to choose another key."""
        self._drop_key()
        self._start = 1 + int.from_bytes(self._random(4), "big") % INT_MAX

    def _drop_key(self) -> None:
        if self._number:
            self._spent = (self._spent + [self._secret])[-_SPENT_MAX:]
        self._term = self._number = 0
        self._links = {}
        self._waiting = []

    def on_ask(self, fields: "list", is_leaving: bool) -> bytes:
        """RELAY_ASK of the leader that it follows; returns the answer. One that comes late, with a
        key that it had, changes nothing."""
        term, sent_ms, number, secret = fields
        is_new = (term, number, secret) != (self._term, self._number, self._secret)
        if is_new and secret not in self._spent:
            self._drop_key()
            self._term, self._number, self._secret = term, number, secret
        leaving = 1 if is_leaving else 0
        load = min(100, max(0, self.load_percent))
        values = (term, sent_ms, self._number, self._start, load, leaving)
        return host_wire.encode(host_messages.RELAY_LOAD, values)

    def is_busy(self, now_ms: int) -> bool:
        """Does it relay a burst just now?"""
        return self._spoken_ms != NEVER and age(now_ms, self._spoken_ms) < _BURST_MS

    def on_copies(self, data: "Any", state: "State | None", now_ms: int) -> None:
        """What the leader that it follows wants to be sent, by the leader's `state`."""
        self.refusals.add(self._copy(data, state, now_ms))

    def _copy(self, data: "Any", state: "State | None", now_ms: int) -> int:
        if state is None or state.term != self._term:
            return refusal.STALE
        if relay_wire.term_of(data) != self._term or relay_wire.number_of(data) != self._number:
            return refusal.STALE
        datagram = relay_wire.datagram_of(data)
        if envelope.check_shape(datagram) != refusal.ACCEPTED:
            return refusal.FIELD
        if envelope.msg_type(datagram) not in _KINDS or not envelope.is_sealed(datagram):
            return refusal.TYPE
        links = []
        for node in relay_wire.nodes_of(data):
            link = self._link_of(node, state)
            if link is not None:
                links.append(link)
        if links:
            if len(self._waiting) >= _WAITING_MAX:
                self._waiting.pop(0)
            self._waiting.append(Copies(datagram, envelope.payload_crc(datagram), links))
            self.packets += len(links)
            if envelope.msg_type(datagram) == messages.VOICE_FRAME:
                self._spoken_ms = now_ms
        return refusal.ACCEPTED

    def _link_of(self, node: int, state: "State") -> "Link | None":
        """The way to `node`; None: the journal has not told of it."""
        body = state.body(records.MEMBER, node)
        known = self._links.get(node)
        if body is None:
            return None
        if known is not None and known[0] == body:
            return known[1]
        member = member_record.read_member(node, body)
        address = self._address_of(member.address)
        if address is None:
            return None
        if known is None:  # some may have gone since the last one came
            present = set(state.numbers(records.MEMBER))
            self._links = {each: self._links[each] for each in self._links if each in present}
        if known is None or known[1].session != member.session:
            key = HmacKey(relay_key(self._hmac, self._secret, self._number, member.session))
            link = self._link(self._hmac, True)
            link.begin(member.session, SessionKeys(key, key, b""), 0)
        else:
            link = known[1]
        link.address = address
        self._links[node] = (body, link)
        return link

    # --- what goes out ---

    def poll_copies(self) -> "Copies | None":
        """The next packet, for all whom it is for; None: nothing waits."""
        if self._waiting and self._waiting[0].is_whole:
            return self._waiting.pop(0)
        return None

    def poll_transmit(self) -> "Outgoing | None":
        """The same copy by copy."""
        while self._waiting:
            outgoing = self._waiting[0].next()
            if outgoing is None:
                self._waiting.pop(0)
            elif outgoing.seal():
                return outgoing
        return None
