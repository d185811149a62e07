"""Voice that is sent once for many, at a participant: the leader says where it comes and what
proves it; this room passes on what is proved, reports what comes, and asks for what does not.

All that is heard by multicast was the leader's: a member who knows the group's key cannot imitate
it. A burst that should come and does not is asked for at once, and comes alone until it is heard
again.
"""

from ..badge.join import JOINED
from ..base import features
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.last_bursts import LastBursts
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..proof import layout
from ..proof.hearing import PROBE_MS, PROBES, hears
from ..proof.prover import Prover
from ..wire import envelope, messages, refusal, voice
from ..wire.envelope import TYPE_AT
from .bursts import bursts
from .watch import Watch

if TYPE_CHECKING:
    from typing import Any

    from ..badge.participant import Participant

NOWHERE = const(0)
DEAF = const(1)
HEARING = const(2)
STATES = ("nowhere", "deaf", "hearing")

TOLD = const(0)  # where to listen
NOTHING_SENT = const(1)  # the leader sends nothing to many
PROBES_COME = const(2)
PROBES_MISSED = const(3)
LEADER_LOST = const(4)
CLOCK_BEHIND = const(5)  # ours, or our key: nothing is believed until the leader has told its own
TRIGGERS = (
    "told",
    "nothing sent",
    "probes come",
    "probes missed",
    "leader lost",
    "clock behind",
)

RULES = (
    (NOWHERE, TOLD, DEAF, "listen"),
    (DEAF, TOLD, DEAF, "listen"),  # another address, chain or a better bound of its clock
    (HEARING, TOLD, HEARING, "listen"),
    (DEAF, PROBES_COME, HEARING, "report"),  # the leader may count on us from now on
    (HEARING, PROBES_MISSED, DEAF, "report"),  # and must not any more
    (DEAF, CLOCK_BEHIND, DEAF, "report"),  # which asks for it
    (HEARING, CLOCK_BEHIND, DEAF, "report"),
    (DEAF, NOTHING_SENT, NOWHERE, "leave"),
    (HEARING, NOTHING_SENT, NOWHERE, "leave"),
    (DEAF, LEADER_LOST, NOWHERE, "leave"),  # the next one has keys of its own
    (HEARING, LEADER_LOST, NOWHERE, "leave"),
)
_RULES = compile_rules(RULES)

REPORT_MS = const(10000)  # as BADGE_REPORT: 100 participants take 0.3 % of a channel
_FIRST_MS = const(500)  # after joining: keys and settings go first
_SETTLE_MS = const(500)  # until a probe should be proved
_MULTICAST_FIRST = const(224)  # 224.0.0.0 to 239.255.255.255
_MULTICAST_LAST = const(239)


class Listener:
    """Of `participant`, whose datagrams it takes, from the leader alone and to many alike.

    `place`: the (IPv4 address, port) at which its owner must listen besides, or None."""

    obeys = {messages.MULTICAST: "_on_multicast"}

    def __init__(self, participant: "Participant") -> None:
        self._owner = participant
        participant.take_room(self)
        participant.membership.claims |= features.MULTICAST
        self.state = NOWHERE
        self.place: tuple[bytes, int] | None = None
        self.prover = Prover()
        self._watches: LastBursts[Watch] = LastBursts()  # the end of one before waits for its proof
        self._probes: list[int] = []  # numbers of those that were proved, newest last
        self._session = 0  # in which the leader was asked last
        self._report_ms = NEVER
        self._look_ms = NEVER  # when to see whether probes come

    # --- datagrams in ---

    def receive_datagram(self, data: "Any", source: "Any", now_ms: int) -> None:
        """As `Participant`, to which all goes that is not for many."""
        owner = self._owner
        kind = data[TYPE_AT] if len(data) > TYPE_AT else 0
        if kind == messages.MULTICAST_VOICE or kind == messages.MULTICAST_PROBE:
            owner.refusals.add(self._receive(data, kind, now_ms))
        else:
            accepted = owner.refusals[refusal.ACCEPTED]
            owner.receive_datagram(data, source, now_ms)
            if owner.refusals[refusal.ACCEPTED] == accepted:
                return
            if kind == messages.VOICE_FRAME:
                self.came_alone(data, now_ms)
        self._look_for_bursts(now_ms)

    def _receive(self, data: "Any", kind: int, now_ms: int) -> int:
        reason = self._owner.checksum.check(data)
        if reason != refusal.ACCEPTED:
            return reason
        if not envelope.is_sealed(data):
            return refusal.UNSEALED
        was_behind = self.prover.is_behind
        reason = self.prover.receive(data, now_ms)
        if reason == refusal.ACCEPTED:
            for _, watch in self._watches.all():
                watch.alive(now_ms)
            if kind == messages.MULTICAST_VOICE:
                watch = self._watches.of(layout.group(data), layout.lease(data))
                if watch is not None:
                    watch.came(layout.is_last(data), now_ms)
        is_behind = self.prover.is_behind and not was_behind
        if is_behind:
            self._fire(CLOCK_BEHIND, now_ms)
        if is_behind or reason == refusal.LIMIT:
            for _, watch in self._watches.all():
                watch.crowded(now_ms)
        for each in self.prover.take():
            self._owner.join.leave_beat_out(now_ms)
            if each[TYPE_AT] == messages.MULTICAST_PROBE:
                self._on_probe(envelope.get16(each, layout.NUMBER_AT), now_ms)
            else:
                self._on_voice(each, now_ms)
        if not self.prover.holds_voice():
            for _, watch in self._watches.all():
                watch.settled()
        return reason

    def _on_probe(self, number: int, now_ms: int) -> None:
        if number and number not in self._probes:
            self._probes.append(number)
            if len(self._probes) > PROBES:
                self._probes.pop(0)

    def _on_voice(self, data: bytes, now_ms: int) -> None:
        """It is the leader's."""
        frames = layout.as_voice(data)
        if voice.talker(frames) == self._owner.join.node:
            return  # our own: nobody sends it to us again
        group, lease = voice.group(frames), voice.lease(frames)
        watch = self._watches.of(group, lease)
        if watch is None:
            last = self._watches.last(group)
            if last is not None and last.lease > lease:
                self._hear([frames], now_ms)  # a burst that we know nothing of is over
                return
            watch = self._begin(group, lease, now_ms)  # nobody has told us that it began
        older = layout.older(data, frames) if watch.next < voice.first(frames) else None
        if older is not None:  # and something before it is missing
            self._hear(watch.proved(older, now_ms), now_ms)
        self._hear(watch.proved(frames, now_ms), now_ms)
        if watch.is_back(frames):
            watch.told_back(now_ms)
            owner = self._owner
            owner.send(messages.MULTICAST_HEARD, (group, lease), owner.link.address, now_ms)

    def _hear(self, packets: "list", now_ms: int) -> None:
        if self._owner.join.state == JOINED:
            for frames in packets:
                self._owner.listening.on_voice(frames, now_ms)

    def came_alone(self, data: "Any", now_ms: int) -> None:
        """A VOICE_FRAME, from the leader or a relay."""
        watch = self._watches.of(voice.group(data), voice.lease(data))
        if watch is not None:
            self._hear(watch.alone(voice.is_last(data), now_ms), now_ms)

    # --- bursts that should come ---

    def _begin(self, group: int, lease: int, now_ms: int) -> Watch:
        """A burst begins: what has come of the one before, and has no proof yet, is still heard."""
        self._end(group, now_ms)
        watch = Watch(lease, now_ms)
        self._watches.begin(group, watch)
        return watch

    def _end(self, group: int, now_ms: int) -> None:
        """The last burst of `group` is over."""
        watch = self._watches.last(group)
        if watch is None:
            return
        watch.over(now_ms)
        before = self._watches.end(group)
        if before is not None:
            self._hear(before.flush(), now_ms)

    def _look_for_bursts(self, now_ms: int) -> None:
        """Of each of our groups the newest burst is watched, unless it is our own."""
        owner = self._owner
        if self.state == NOWHERE or owner.join.state != JOINED:
            return
        for group, lease, talker in bursts(owner):
            watch = self._watches.last(group)
            if watch is not None and watch.lease >= lease:
                if watch.lease == lease and not talker:
                    watch.over(now_ms)
                continue
            if talker == owner.join.node:
                self._end(group, now_ms)
            elif talker:
                self._begin(group, lease, now_ms)

    # --- what the leader says of it ---

    def _on_multicast(self, fields: "list", data: "Any", source: "Any", now_ms: int) -> int:
        """MULTICAST."""
        echo_ms, host, port, number, age_ms, delay, interval, key = fields
        if not port:
            self._fire(NOTHING_SENT, now_ms)
            return refusal.ACCEPTED
        if not _MULTICAST_FIRST <= host[0] <= _MULTICAST_LAST or not number:
            return refusal.RANGE
        if since(now_ms, echo_ms) < 0:
            return refusal.STALE
        if number != self.prover.number:
            self._probes = []
        self.prover.open(number, delay, interval, key, age_ms, echo_ms, now_ms)
        self.place = (host, port)
        self._fire(TOLD, now_ms)
        return refusal.ACCEPTED

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        if action == "listen":
            if self._look_ms == NEVER:
                self._look_ms = add(now_ms, PROBE_MS)
        elif action == "report":
            self._report_ms = now_ms
        else:
            self.place = None
            self.prover.close()
            self._look_ms = NEVER
            self._watches.clear()

    # --- time ---

    def handle_timeout(self, now_ms: int) -> None:
        owner = self._owner
        if owner.join.state != JOINED:
            self._session = 0
            self._report_ms = NEVER
            self._fire(LEADER_LOST, now_ms)
            return
        if self._session != owner.join.session:
            self._session = owner.join.session
            self._report_ms = add(now_ms, _FIRST_MS)
        if self._look_ms != NEVER and since(now_ms, self._look_ms) >= 0:
            self._look_ms = add(now_ms, PROBE_MS)
            is_hearing = hears(self.heard(now_ms), self.state == HEARING)
            self._fire(PROBES_COME if is_hearing else PROBES_MISSED, now_ms)
        if self._report_ms != NEVER and since(now_ms, self._report_ms) >= 0:
            self._report(now_ms)
        for group, watch in self._watches.all():
            if watch.is_due(now_ms):
                watch.asked(now_ms)
                values = (group, watch.lease, watch.next)
                owner.send(messages.MULTICAST_MISSED, values, owner.link.address, now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due_ms = earliest(self._report_ms, self._look_ms)
        for _, watch in self._watches.all():
            due_ms = earliest(due_ms, watch.next_timeout_ms())
        return due_ms

    def heard(self, now_ms: int) -> int:
        """Of the newest sixteen probes, one bit each, which were proved; bit 0 is the newest that
        should have been by now."""
        bits = 0
        if self.prover.number:
            newest = (self.prover.age_ms(now_ms) - _SETTLE_MS) // PROBE_MS
            for number in self._probes:
                if 0 <= newest - number < PROBES:
                    bits |= 1 << newest - number
        return bits

    def _report(self, now_ms: int) -> None:
        owner = self._owner
        prover = self.prover
        self._report_ms = add(now_ms, REPORT_MS)
        late, forged = prover.late & 0xFFFF, prover.forged & 0xFFFF
        values = (now_ms, prover.number, self.heard(now_ms), late, forged)
        owner.send(messages.MULTICAST_REPORT, values, owner.link.address, now_ms)
