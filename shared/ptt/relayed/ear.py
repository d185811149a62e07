"""Voice from a relay, at a participant: another host sends it in the leader's place, under a key
that the leader has given to both, in numbers of its own.

All else stays the leader's, and so does the word who talks: what a relay sends of a burst that the
leader has not named waits until it has. A burst that should come and does not is asked for at once,
and comes from the leader from then on. The relay before is still heard until the bursts are over
that were under way, and no longer: a host that was removed may keep its keys.
"""

from ..badge.join import JOINED
from ..base import features
from ..base.clock import NEVER, add, age, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.last_bursts import LastBursts
from ..base.numbers import CALL_GROUP_FIRST, JITTER_FRAMES_MAX
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..link import derive
from ..link.derive import SessionKeys
from ..link.hmac import HmacKey
from ..multicast.bursts import bursts
from ..proof import layout
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import FLAG_SEALED, FLAGS_AT, LEADER_NODE, TAG_BYTES, TYPE_AT
from .watch import Watch

if TYPE_CHECKING:
    from typing import Any

    from ..badge.participant import Participant
    from ..link.link import Link
    from ..multicast.listener import Listener


NONE = const(0)
TOLD = const(1)
HEARING = const(2)
STATES = ("none", "told", "hearing")

NAMED = const(0)
CAME = const(1)
NAMED_NONE = const(2)
LEADER_LOST = const(3)
TRIGGERS = ("named", "came", "named none", "leader lost")

RULES = (
    (NONE, NAMED, TOLD, "keep"),
    (TOLD, NAMED, TOLD, "keep"),  # again, or another one
    (HEARING, NAMED, TOLD, "keep"),  # another one
    (TOLD, CAME, HEARING, "report"),  # the leader waits for it
    (TOLD, NAMED_NONE, NONE, "retire"),  # what is under way is heard to its end
    (HEARING, NAMED_NONE, NONE, "retire"),
    (NONE, LEADER_LOST, NONE, "forget"),
    (TOLD, LEADER_LOST, NONE, "forget"),  # the next one has keys of its own
    (HEARING, LEADER_LOST, NONE, "forget"),
)
_RULES = compile_rules(RULES)

REPORT_MS = const(10000)  # as BADGE_REPORT
_KINDS = (messages.VOICE_FRAME, messages.RELAY_PROBE)
_WINDOW = const(64)  # of `link.replay`
_RELAYS_MAX = const(2)  # the one that sends, and the one before
_FORMER_MS = const(60000)  # one before, at most: a long burst
_HELD_MAX = JITTER_FRAMES_MAX  # packets, of one frame at least: as much as the playout can hold
_NAME_MS = const(250)  # between two questions who talks


class _Relay:
    """One key, and who speaks under it."""

    def __init__(self, link: "Link", number: int) -> None:
        self.way = link
        self.number = number
        self.reported = 0  # its highest number when it was reported last
        self.until_ms = NEVER  # believed until then at most; `NEVER`: it is the one that sends
        self.bursts: dict[int, int] = {}  # group -> lease, that it may end


class Ear:
    """Of `participant`, whose datagrams it takes first; `listener`: its ear for multicast."""

    obeys = {messages.RELAY: "_on_relay"}

    def __init__(self, participant: "Participant", listener: "Listener | None" = None) -> None:
        self._owner = participant
        self.listener = listener
        participant.take_room(self)
        participant.membership.claims |= features.RELAYED
        self.state = NONE
        self._relays: list[_Relay] = []  # the newest first
        self._watches: LastBursts[Watch] = LastBursts()
        self._held: list[bytearray] = []  # of bursts that the leader has not named
        self._asked_ms = NEVER  # when it was asked who talks
        self._place = (0, 0)  # session and term in which they were named
        self._report_ms = NEVER
        self.packets = 0  # voice that has come from relays

    @property
    def address(self) -> "Any":
        """The relay's; None: the leader sends all."""
        return self._relays[0].way.address if self.state != NONE else None

    # --- datagrams in ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """As `Participant`."""
        owner = self._owner
        kind = data[TYPE_AT] if len(data) > TYPE_AT else 0
        before = owner.refusals[refusal.ACCEPTED]
        if kind in _KINDS and self._is_relay(source):
            owner.refusals.add(self._receive(data, kind, source, now_ms))
        else:
            (self.listener or owner).receive_datagram(data, source, now_ms)
            if owner.refusals[refusal.ACCEPTED] == before:
                return
            if kind == messages.VOICE_FRAME:
                self._came(data, now_ms)
            elif kind == messages.MULTICAST_VOICE:
                self._came(layout.as_voice(data), now_ms)
            if self._held:
                self._hear_held(now_ms)
        self._look_for_bursts(now_ms)
        self._let_go(now_ms)

    def _is_relay(self, source: "Any") -> bool:
        for relay in self._relays:
            if relay.way.address == source:
                return source != self._owner.link.address
        return False

    def _receive(self, data: "Any", kind: int, source: "Any", now_ms: int) -> int:
        owner = self._owner
        self._look_at_leader(now_ms)
        reason = owner.checksum.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        if not envelope.is_sealed(data):
            return refusal.UNSEALED
        if owner.join.state != JOINED or envelope.session_id(data) != owner.join.session:
            return refusal.SESSION
        reason = self._open(data, source, now_ms)
        if reason != refusal.ACCEPTED:
            return reason
        if envelope.source_node(data) != LEADER_NODE:
            return refusal.SENDER
        if kind != messages.VOICE_FRAME:
            return refusal.ACCEPTED
        self.packets += 1
        clear = bytearray(data[0 : len(data) - TAG_BYTES])
        clear[FLAGS_AT] &= ~FLAG_SEALED
        reason = voice.check(clear)
        if reason != refusal.ACCEPTED:
            return reason
        if voice.group(clear) >= CALL_GROUP_FIRST:
            return refusal.FIELD
        return self._hear(clear, now_ms)

    def _hear(self, data: bytearray, now_ms: int) -> int:
        """A relay's VOICE_FRAME, in the clear. It changes nothing of who talks."""
        owner = self._owner
        group, lease = voice.group(data), voice.lease(data)
        named, talker = self._named(group)
        if lease > named:
            self._hold(data, now_ms)
            return refusal.ACCEPTED
        if lease == named and talker and talker != voice.talker(data):
            return refusal.FLOOR
        reason = owner.listening.on_voice(data, now_ms)
        if group != owner.floor.group:
            owner.scan.on_floor(group, named, talker)
        if reason == refusal.ACCEPTED:
            self._came(data, now_ms)
            if self.listener is not None:
                self.listener.came_alone(data, now_ms)
        return reason

    def _named(self, group: int) -> "tuple[int, int]":
        """The newest lease of `group` by the leader's word, and who talks; 0: nobody."""
        owner = self._owner
        if group == owner.floor.group:
            return owner.floor.seen_lease, owner.floor.talker
        return owner.scan.lease(group), owner.scan.talker(group)

    def _hold(self, data: bytearray, now_ms: int) -> None:
        """The news of its beginning was lost, or is late: ask the leader."""
        self._held.append(data)
        self._give_up(self._held[0:-_HELD_MAX])
        del self._held[0:-_HELD_MAX]
        if self._asked_ms == NEVER or age(now_ms, self._asked_ms) >= _NAME_MS:
            self._asked_ms = now_ms
            self._owner.membership.send_heartbeat(now_ms)

    def _hear_held(self, now_ms: int) -> None:
        """The leader has spoken, perhaps of the burst whose packets wait."""
        held, self._held = self._held, []
        for data in held:
            if voice.lease(data) > self._named(voice.group(data))[0]:
                self._held.append(data)
            elif self._hear(data, now_ms) != refusal.ACCEPTED:  # it was counted when it came
                self._give_up([data])

    def _give_up(self, held: "list[bytearray]") -> None:
        """They waited in vain."""
        for data in held:
            self._owner.playout.stale += voice.count(data)

    def _open(self, data: "Any", source: "Any", now_ms: int) -> int:
        """Under the key of whoever is at `source`; with two keys of one host, either."""
        reason = refusal.SOURCE
        for index, relay in enumerate(self._relays):
            if relay.way.address == source:
                reason = relay.way.open(data, now_ms)
                if reason == refusal.ACCEPTED:
                    if index == 0:
                        self._fire(CAME, now_ms)
                    break
        return reason

    # --- bursts that should come ---

    def _came(self, data: "Any", now_ms: int) -> None:
        """A VOICE_FRAME from anybody, of a burst that the leader has named."""
        if voice.lease(data) > self._named(voice.group(data))[0]:
            return
        group, lease = voice.group(data), voice.lease(data)
        watch = self._watches.of(group, lease)
        if watch is None:
            last = self._watches.last(group)
            if last is not None and last.lease > lease:
                return
            if self.state == NONE or group >= CALL_GROUP_FIRST:
                return
            watch = self._begin(group, lease, now_ms)
        watch.came(voice.first(data) + voice.count(data), voice.is_last(data), now_ms)

    def _begin(self, group: int, lease: int, now_ms: int) -> Watch:
        self._end(group)
        watch = Watch(lease, now_ms)
        self._watches.begin(group, watch)
        return watch

    def _end(self, group: int) -> None:
        """The last burst of `group` is over; what is missing of it is still asked for."""
        watch = self._watches.last(group)
        if watch is not None:
            watch.over()
            self._watches.end(group)

    def _look_for_bursts(self, now_ms: int) -> None:
        """Of each of our groups the newest burst is watched, unless it is our own."""
        owner = self._owner
        if self.state == NONE or owner.join.state != JOINED:
            return
        for group, lease, talker in bursts(owner):
            watch = self._watches.last(group)
            if watch is not None and watch.lease >= lease:
                if watch.lease == lease and not talker:
                    watch.over()
            elif talker == owner.join.node:
                self._end(group)
            elif talker:
                self._begin(group, lease, now_ms)

    # --- what the leader says of it ---

    def _on_relay(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """RELAY."""
        owner = self._owner
        host, port, number, wrapped = fields
        self._look_at_leader(now_ms)
        if not port:
            self._fire(NAMED_NONE, now_ms)
            return refusal.ACCEPTED
        keys, address_of = owner.link.keys, owner.address_of
        if keys is None or address_of is None or not number:
            return refusal.FIELD
        address = address_of(host, port)
        named = None
        for relay in self._relays:
            if relay.number == number and relay.way.address == address:
                named = relay
        if named is not None:
            self._relays.remove(named)
        self._retire(now_ms)
        if named is None or not named.way.replay.highest:  # nothing has come under this key
            keys = owner.link.keys_of(data) or keys
            seq = envelope.seq(data)
            key = derive.wrap(owner.link.hmac, keys.wrap, owner.link.session, seq, wrapped)
            tags = HmacKey(key)
            link = type(owner.link)(owner.link.hmac, False)
            link.begin(owner.link.session, SessionKeys(tags, tags, b""), now_ms)
            link.address = address
            named = _Relay(link, number)
        named.until_ms = NEVER  # its numbers go on
        self._relays.insert(0, named)
        self._fire(NAMED, now_ms)
        self._let_go(now_ms)
        return refusal.ACCEPTED

    def _retire(self, now_ms: int) -> None:
        """The relay that sends may end what is under way, and no more."""
        for relay in self._relays:
            if relay.until_ms == NEVER:
                relay.until_ms = add(now_ms, _FORMER_MS)
                relay.bursts = {}
                for group, watch in self._watches.last_ones():
                    if watch.is_under_way:
                        relay.bursts[group] = watch.lease

    def _let_go(self, now_ms: int) -> None:
        """Of the relays before, those that have nothing to end."""
        for relay in self._relays[:]:
            if relay.until_ms == NEVER:
                continue
            if since(now_ms, relay.until_ms) >= 0 or not self._is_ending(relay):
                self._relays.remove(relay)

    def _is_ending(self, relay: _Relay) -> bool:
        for group, lease in relay.bursts.items():
            watch = self._watches.of(group, lease)
            if watch is not None and watch.is_under_way:
                return True
        return False

    def _look_at_leader(self, now_ms: int) -> None:
        """What another leader, or another session, has named is worth nothing."""
        place = (self._owner.join.session, self._owner.join.term)
        if place != self._place:
            self._place = place
            self._fire(LEADER_LOST, now_ms)

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        if action == "keep":
            del self._relays[_RELAYS_MAX:]
        elif action == "report":
            self._report_ms = now_ms
        elif action == "retire":
            self._retire(now_ms)
            self._let_go(now_ms)
        elif action == "forget":
            self._relays = []
            self._give_up(self._held)
            self._held = []
            self._watches.clear()
        if self.state != HEARING:
            self._report_ms = NEVER

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        owner = self._owner
        self._look_at_leader(now_ms)
        if owner.join.state != JOINED:
            return
        if self._report_ms != NEVER and since(now_ms, self._report_ms) >= 0:
            self._report(now_ms)
        for group, watch in self._watches.all():
            if watch.is_due(now_ms):
                watch.asked(now_ms)
                values = (group, watch.lease, watch.next)
                owner.send(messages.MULTICAST_MISSED, values, owner.link.address, now_ms)
        self._let_go(now_ms)

    def _report(self, now_ms: int) -> None:
        """Unless nothing has come since the last report: the leader sees that, and takes over."""
        owner, relay = self._owner, self._relays[0]
        self._report_ms = add(now_ms, REPORT_MS)
        if relay.way.replay.highest == relay.reported:
            return
        relay.reported = relay.way.replay.highest
        came, sent = _came_of(relay.way)
        values = (relay.number, came, sent)
        owner.send(messages.RELAY_REPORT, values, owner.link.address, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due_ms = self._report_ms
        for relay in self._relays:
            due_ms = earliest(due_ms, relay.until_ms)
        for _, watch in self._watches.all():
            due_ms = earliest(due_ms, watch.next_timeout_ms())
        return due_ms


def _came_of(link: "Link") -> "tuple[int, int]":
    """Of the newest datagrams, how many came, and of how many."""
    newest = link.replay.highest
    sent = min(newest, _WINDOW)
    missing = [seq for seq in range(newest - sent + 1, newest + 1) if link.replay.is_new(seq)]
    return sent - len(missing), sent
