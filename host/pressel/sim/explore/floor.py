"""The model of a floor: a leader and two badges with the real engines, the network between them,
and standbys that take over with what their replica holds.

A message lies in the network until it is delivered, which may be never: so messages are lost and
overtake each other. A link holds the newest few; older ones are lost. A leader that is never heard
again has crashed; one that is heard again goes on beside the next, as after a partition.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ptt.badge import floor as participant
from ptt.base.clock import add
from ptt.base.numbers import LEASE_MS
from ptt.cluster.replica import Replica
from ptt.leader import takeover
from ptt.leader.roster import GROUP_DEFAULT
from ptt.media.playout import SILENT
from ptt.wire import envelope, messages

from . import floor_promises, floor_state, floor_words, spoken_leader
from .floor_state import BADGES, FIRST_LEADER, FIRST_NODE, NOW_MS, TERMS
from .search import Action, State
from .spoken_badge import FLOOR, PLAYOUT, QUEUED_SEQ, SpokenBadge

# Where a search may begin.
IDLE = "idle"  # both badges have joined, nobody has pressed
TALKS = "talks"  # A talks, B waits; the replica does not know of B yet
KNOWN = "known"  # the same, and the replica knows
AGAIN = "again"  # A talks for the second time; its voice of both times is on its way to B

_ORDERED = (messages.FLOOR_QUEUED, messages.FLOOR_GRANT)  # by their number on the link
_UNSAID = (messages.RECEIVER_REPORT, messages.SETTINGS_SNAPSHOT, messages.STANDBY)
_WAITING = (
    participant.PENDING_REQUEST,
    participant.LET_GO,
    participant.QUEUED,
    participant.PENDING_RELEASE,
)
_SENDING = (participant.HAS_PERMISSION, participant.FINISHING)


@dataclass(frozen=True)
class Bounds:
    """What is searched: how often each badge may be pressed, how often a standby takes over, how
    many messages a link holds. `is_listening`: badges hear voice; otherwise voice only keeps the
    lease. `same_address`: the next leader speaks from the address of the last one, as if that host
    had started again; then only terms tell them apart."""

    presses: int = 1
    takeovers: int = 0
    link: int = 1
    is_listening: bool = False
    has_beats: bool = False
    same_address: bool = False
    start: str = IDLE

    @property
    def hosts(self) -> int:
        return 1 + self.takeovers

    @property
    def badges(self) -> int:
        return len(BADGES)


class FloorModel:
    """A state is (leaders, badges, network, journal, replica, memory, budget): the engines' values
    (None for a leader that is gone, or not yet); messages; what the newest leader has written for
    its standbys and what they have of it; what `floor_promises` remembers; presses and takeovers
    that are left."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._leaders = [spoken_leader.new_leader(number) for number in range(bounds.hosts)]
        self._badges = [SpokenBadge(n) for n in range(len(BADGES))]
        self._initial = self._begin()

    # --- the model ---

    def initial(self) -> State:
        return self._initial

    def actions(self, state: State) -> Iterator[Action]:
        leaders, badges, network, journal, replica, _, (presses, takeovers) = state
        for number, message in enumerate(network):
            destination = message[1]
            if destination < FIRST_LEADER or leaders[destination - FIRST_LEADER] is not None:
                yield ("deliver", number)
        for n, values in enumerate(badges):
            yield from self._badge_actions(n, values, presses[n])
        for number, values in enumerate(leaders):
            if values is not None:
                if spoken_leader.is_taken(values):
                    yield ("expire", number)
                    if not spoken_leader.is_heard(values):
                        yield ("repeat", number)
                if spoken_leader.is_announcing(values):
                    yield ("announce", number)
        if journal != replica and self.bounds.takeovers:
            yield ("copy", 0)
        if takeovers:
            yield ("take_over", self.bounds.takeovers - takeovers + 1)

    def _badge_actions(self, n: int, values: tuple, presses: int) -> Iterator[Action]:
        floor = values[FLOOR]
        if floor[6]:
            yield ("release", n)
        elif presses:
            yield ("press", n)
        if floor[0] in _WAITING:
            yield ("timeout", n)
            if floor[0] != participant.QUEUED:
                yield ("give_up", n)
        if floor[0] in _SENDING:
            yield ("talk", n)
        if floor[0] == participant.FINISHING:
            yield ("drain", n)
        if values[PLAYOUT][0] != SILENT:
            yield ("hear", n)
        if self.bounds.has_beats:
            yield ("beat", n)

    def step(self, state: State, action: Action) -> State:
        return getattr(self, "_" + action[0])(state, action[1])

    def broken(self, state: State) -> str | None:
        return state[5][-1]

    def words(self, state: State, action: Action) -> str:
        return floor_words.words(state, action, self.step(state, action))

    # --- one action each; the second argument is a badge, a leader, or a message's place ---

    def _deliver(self, state: State, number: int) -> State:
        source, destination, kind, fields, seq = state[2][number]
        state = _put(state, 2, state[2][:number] + state[2][number + 1 :])
        watch = floor_promises.Watch(state[5])
        if destination >= FIRST_LEADER:
            leader = self._load_leader(state, destination - FIRST_LEADER)
            data = floor_state.datagram(kind, fields, source, None, seq)
            leader.hear(data, source)
            watch.leader_heard(destination - FIRST_LEADER, FIRST_NODE + source, kind, fields)
            return self._after_leader(state, destination - FIRST_LEADER, leader, watch)
        badge = self._load_badge(state, destination)
        data = floor_state.datagram(kind, fields, destination, envelope.LEADER_NODE, seq)
        badge.hear(data, self._address(source - FIRST_LEADER))
        after = badge.dump()
        watch.badge_heard(destination, source - FIRST_LEADER, kind, state[1][destination], after)
        return self._after_badge(state, destination, badge, watch)

    def _press(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.engine.press(NOW_MS)
        presses, takeovers = state[6]
        state = _put(state, 6, (_put(presses, n, presses[n] - 1), takeovers))
        return self._after_badge(state, n, badge)

    def _release(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.engine.release(NOW_MS)
        return self._after_badge(state, n, badge)

    def _timeout(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.engine.floor.handle_timeout(NOW_MS)
        return self._after_badge(state, n, badge)

    def _give_up(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.give_up()
        return self._after_badge(state, n, badge)

    def _talk(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.say(0, False)
        return self._after_badge(state, n, badge)

    def _drain(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.say(1, True)
        badge.engine.floor.drained(NOW_MS)
        return self._after_badge(state, n, badge)

    def _hear(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.listen()
        return self._after_badge(state, n, badge)

    def _beat(self, state: State, n: int) -> State:
        badge = self._load_badge(state, n)
        badge.engine.membership.send_heartbeat(NOW_MS)
        return self._after_badge(state, n, badge)

    def _repeat(self, state: State, number: int) -> State:
        leader = self._load_leader(state, number)
        leader.engine.floors[GROUP_DEFAULT].handle_timeout(NOW_MS)
        return self._after_leader(state, number, leader)

    def _expire(self, state: State, number: int) -> State:
        leader = self._load_leader(state, number)
        leader.engine.floors[GROUP_DEFAULT].handle_timeout(add(NOW_MS, LEASE_MS))
        return self._after_leader(state, number, leader)

    def _announce(self, state: State, number: int) -> State:
        leader = self._load_leader(state, number)
        leader.engine.announcer.handle_timeout(NOW_MS)
        return self._after_leader(state, number, leader)

    def _copy(self, state: State, _: int) -> State:
        return _put(state, 4, state[3])

    def _take_over(self, state: State, number: int) -> State:
        presses, takeovers = state[6]
        replica = Replica()
        replica.receive(state[4], NOW_MS)
        assert replica.state is not None
        leader = spoken_leader.SpokenLeader(number)
        leader.engine.take_over(replica.state, NOW_MS)
        watch = floor_promises.Watch(state[5])
        record = takeover.floor_of(replica.state, GROUP_DEFAULT, NOW_MS)
        watch.took_over(number, record, leader.engine.floors[GROUP_DEFAULT].holder)
        if self.bounds.same_address:
            state = _put(state, 0, (None,) * len(state[0]))
        state = _put(state, 6, (presses, takeovers - 1))
        return self._after_leader(state, number, leader, watch)

    # --- what follows from it ---

    def _load_leader(self, state: State, number: int) -> spoken_leader.SpokenLeader:
        return self._leaders[number].load(state[0][number])

    def _load_badge(self, state: State, n: int) -> SpokenBadge:
        return self._badges[n].load(state[1][n])

    def _after_leader(
        self,
        state: State,
        number: int,
        leader: spoken_leader.SpokenLeader,
        watch: floor_promises.Watch | None = None,
    ) -> State:
        """The state when a leader has said what it has to say."""
        leaders, badges, network, journal, replica, memory, budget = state
        watch = watch or floor_promises.Watch(memory)
        for node, kind, fields, seq in leader.said:
            watch.leader_said(number, node, kind, fields)
            if kind == messages.VOICE_FRAME and not self.bounds.is_listening:
                continue
            seq = seq if kind in _ORDERED else 0
            message = (FIRST_LEADER + number, node - FIRST_NODE, kind, tuple(fields), seq)
            network = self._carry(network, message)
        leaders = _put(leaders, number, leader.dump())
        if all(each is None for each in leaders[number + 1 :]) and self.bounds.takeovers:
            journal = leader.journal()
        watch.stands(badges)
        state = (leaders, badges, network, journal, replica, watch.memory(), budget)
        return _ranked(state)

    def _after_badge(
        self,
        state: State,
        n: int,
        badge: SpokenBadge,
        watch: floor_promises.Watch | None = None,
    ) -> State:
        leaders, badges, network, journal, replica, memory, budget = state
        watch = watch or floor_promises.Watch(memory)
        for kind, fields, destination in badge.said:
            leader = self._leader_at(leaders, destination)
            network = self._carry(network, (n, FIRST_LEADER + leader, kind, tuple(fields), 0))
        after = badge.dump()
        watch.badge_stands(n, badges[n], after, badge)
        badges = _put(badges, n, after)
        watch.stands(badges)
        state = (leaders, badges, network, journal, replica, watch.memory(), budget)
        return _ranked(state)

    def _carry(self, network: tuple, message: tuple) -> tuple:
        """The network with one message more; a link keeps its newest."""
        if message[2] in _UNSAID:
            return network
        on_link = [each for each in network if each[:2] == message[:2]]
        if any(each[:4] == message[:4] for each in on_link) and message[2] not in _ORDERED:
            return network  # the same twice: one of them is lost
        if len(on_link) >= self.bounds.link:
            gone = network.index(on_link[0])
            network = network[:gone] + network[gone + 1 :]
        return tuple(sorted((*network, message), key=lambda each: each[:2]))

    def _address(self, number: int) -> bytes:
        return b"leader" if self.bounds.same_address else b"leader %d" % number

    def _leader_at(self, leaders: tuple, address: bytes) -> int:
        alive = [number for number, values in enumerate(leaders) if values is not None]
        return next(each for each in reversed(alive) if self._address(each) == address)

    # --- where to begin ---

    def _begin(self) -> State:
        bounds = self.bounds
        leaders = (self._leaders[0].dump(), *(None,) * bounds.takeovers)
        for badge in self._badges:
            badge.follow(TERMS[0], self._address(0))
        badges = tuple(badge.dump() for badge in self._badges)
        journal = self._leaders[0].journal()
        budget = ((bounds.presses,) * len(BADGES), bounds.takeovers)
        memory = floor_promises.nothing(bounds.hosts)
        state = (leaders, badges, (), journal, journal, memory, budget)
        for action in _STARTS[bounds.start]:
            state = self._quiet(self.step(state, action))
        return _put(state, 6, budget)

    def _quiet(self, state: State) -> State:
        """Deliver all that is on its way, except voice to badges."""
        number = 0
        while number < len(state[2]):
            _, destination, kind, *_ = state[2][number]
            if destination < FIRST_LEADER and kind == messages.VOICE_FRAME:
                number += 1
            else:
                state, number = self.step(state, ("deliver", number)), 0
        return state


_STARTS = {
    IDLE: (),
    TALKS: (("press", 0), ("talk", 0), ("copy", 0), ("press", 1)),
    KNOWN: (("press", 0), ("talk", 0), ("press", 1), ("copy", 0)),
    AGAIN: (
        ("press", 0), ("talk", 0), ("release", 0), ("drain", 0), ("copy", 0), ("press", 0),
        ("talk", 0),
    ),
}  # fmt: skip


def _ranked(state: State) -> State:
    """Numbers of datagrams are only compared: keep their order and make them small."""
    leaders, badges, network, *rest = state
    for n in range(len(BADGES)):
        used = {0, badges[n][QUEUED_SEQ]}
        used.update(each[4] for each in network if each[1] == n)
        used.update(each[spoken_leader.SEQS][n] for each in leaders if each is not None)
        rank = {seq: place for place, seq in enumerate(sorted(used))}
        queued = rank[badges[n][QUEUED_SEQ]]
        badges = _put(badges, n, _put(badges[n], QUEUED_SEQ, queued))
        network = tuple((*each[:4], rank[each[4]]) if each[1] == n else each for each in network)
        leaders = tuple(
            each and _put(each, spoken_leader.SEQS, _put(
                each[spoken_leader.SEQS], n, rank[each[spoken_leader.SEQS][n]]))
            for each in leaders
        )  # fmt: skip
    return (leaders, badges, network, *rest)


def _put(values: tuple, at: int, value: object) -> tuple:
    return (*values[:at], value, *values[at + 1 :])
