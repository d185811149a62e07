"""The model of an election: two or three hosts with the real engine, and the network between them.

Every host has a clock of its own: a timeout moves only that clock, so that the search covers clocks
of all rates. A message lies in the network until it is delivered, which may be never: that is how
messages are lost and overtake each other. A link holds the newest few; older ones are lost. What is
to be stored is on the disk one action later; a crash before that forgets it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ptt.base import clock
from ptt.cluster import election_events, election_rules, host_messages
from ptt.cluster import host_wire as wire
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election

from . import host_state, promises
from .host_state import DUE, FAR_MS, HANDED, NOW_MS, STATE, TERM
from .search import Action, State

PAUSE_MS = 5000  # a host that stands still

# Where a search may begin.
BOOT = "boot"  # all hosts have just started
SETTLED = "settled"  # one leads and all follow
RIVALS = "rivals"  # hosts 1 and 2 stand, each without knowing of the other
STARTS = (BOOT, SETTLED, RIVALS)

_ECHO_AT = 3  # where a heartbeat and its answer hold the leader's clock
_MESSAGES = {
    number: name.lower().replace("_", " ")
    for name, number in vars(host_messages).items()
    if isinstance(number, int) and number in host_messages.LAYOUTS
}
_SAID = {
    "timeout": "its time has come",
    "store": "its disk has written",
    "crash": "crashes",
    "restart": "starts again",
    "pause": "stands still for 5 s",
    "resign": "resigns",
}


@dataclass(frozen=True)
class Bounds:
    """What is searched: `hosts` (2 or 3), how often any of them may crash, stand still or resign,
    and how many messages a link holds. `same_mark`: no term tells whose it is, as if hashes had
    collided; then only majorities keep leaders apart."""

    hosts: int = 2
    crashes: int = 1
    pauses: int = 1
    resignations: int = 1
    link: int = 1
    same_mark: bool = False
    start: str = BOOT


class HostsModel:
    """A state is (hosts, network, memory, budget): of each host its engine's values (None while it
    is down) and its disk; messages; what `promises` remembers; what may still happen."""

    def __init__(self, bounds: Bounds, engine: type[Election] = Election) -> None:
        self.bounds = bounds
        marks = [1] * bounds.hosts if bounds.same_mark else range(1, bounds.hosts + 1)
        self.ids = tuple(bytes([mark, *[0] * 6, n]) for n, mark in enumerate(marks, 1))
        self._make = engine
        self._engines = [self._new(n, (0, NOBODY)) for n in range(bounds.hosts)]
        self._initial = self._begin()

    # --- the model ---

    def initial(self) -> State:
        return self._initial

    def actions(self, state: State) -> Iterator[Action]:
        hosts, network, _, (crashes, pauses, resignations) = state
        for number, message in enumerate(network):
            if hosts[message[1]][0] is not None:
                yield ("deliver", number)
        for n, (values, disk) in enumerate(hosts):
            if values is None:
                yield ("restart", n)
                continue
            if values[0][HANDED] != disk:
                yield ("store", n)
            if values[1][DUE] is not None:
                yield ("timeout", n)
            if crashes:
                yield ("crash", n)
            if pauses:
                yield ("pause", n)
            if resignations and values[0][STATE] == election_rules.LEADER:
                yield ("resign", n)

    def step(self, state: State, action: Action) -> State:
        return getattr(self, "_" + action[0])(state, action[1])

    def broken(self, state: State) -> str | None:
        return state[2][-1]

    def words(self, state: State, action: Action) -> str:
        name, n = action
        text = _SAID.get(name, "")
        if name == "deliver":
            source, n, kind, fields = state[1][n]
            text = f"hears {_MESSAGES[kind]}, term {fields[0]}, of host {source + 1}"
            if kind in (host_messages.VOTE, host_messages.PRE_VOTE):
                text += ": yes" if fields[-1] == host_messages.VOTE_GRANTED else ": no"
        before, after = (_seen(each[0][n]) for each in (state, self.step(state, action)))
        change = before if before == after else f"{before} -> {after}"
        return f"host {n + 1} {text:52} {change}"

    # --- one action each; the second argument is a host, or a message's place in the network ---

    def _deliver(self, state: State, number: int) -> State:
        hosts, network, memory, budget = state
        source, n, kind, fields = network[number]
        state = (hosts, network[:number] + network[number + 1 :], memory, budget)
        engine = host_state.load(self._engines[n], hosts[n][0])
        engine.receive_datagram(wire.encode(kind, fields), self.ids[source], NOW_MS)
        return self._after(state, n, engine, heard=network[number])

    def _timeout(self, state: State, n: int) -> State:
        engine = host_state.load(self._engines[n], state[0][n][0])
        return self._after_time(state, n, max(0, clock.since(engine.next_timeout_ms(), NOW_MS)))

    def _pause(self, state: State, n: int) -> State:
        host_state.load(self._engines[n], state[0][n][0])
        hosts, network, memory, (crashes, pauses, resignations) = state
        state = (hosts, network, memory, (crashes, pauses - 1, resignations))
        return self._after_time(state, n, PAUSE_MS, is_pause=True)

    def _crash(self, state: State, n: int) -> State:
        hosts, network, memory, (crashes, pauses, resignations) = state
        hosts = _put(hosts, n, (None, hosts[n][1]))
        memory = (*memory[:4], memory[4] & ~(1 << n), memory[5])
        return (hosts, network, memory, (crashes - 1, pauses, resignations))

    def _restart(self, state: State, n: int) -> State:
        self._engines[n] = self._new(n, state[0][n][1])
        return self._after(state, n, self._engines[n])

    def _store(self, state: State, n: int) -> State:
        hosts, network, memory, budget = state
        values = hosts[n][0]
        record = values[0][HANDED]
        engine = host_state.load(self._engines[n], values)
        engine.on_stored(record, NOW_MS)
        return self._after((_put(hosts, n, (values, record)), network, memory, budget), n, engine)

    def _resign(self, state: State, n: int) -> State:
        hosts, network, memory, (crashes, pauses, resignations) = state
        memory = (*memory[:4], memory[4] | 1 << n, memory[5])
        engine = host_state.load(self._engines[n], hosts[n][0])
        engine.resign(NOW_MS)
        return self._after((hosts, network, memory, (crashes, pauses, resignations - 1)), n, engine)

    # --- what follows from it ---

    def _after_time(self, state: State, n: int, passed_ms: int, is_pause: bool = False) -> State:
        hosts, network, memory, budget = state
        engine = self._engines[n]
        engine.handle_timeout(NOW_MS + passed_ms)
        state = (hosts, _aged(network, n, passed_ms), memory, budget)
        return self._after(state, n, engine, passed_ms, is_pause)

    def _after(
        self,
        state: State,
        n: int,
        engine: Election,
        passed_ms: int = 0,
        is_pause: bool = False,
        heard: promises.Message | None = None,
    ) -> State:
        """The state when host `n` has said what it has to say."""
        hosts, network, memory, budget = state
        values, disk = hosts[n]
        watch = promises.Watch(n, self.ids, memory)
        engine.poll_store()
        while (event := engine.next_event()) is not None:
            if event[0] == election_events.BECAME_LEADER:
                watch.became_leader(event[1], disk)
        while (outgoing := engine.poll_transmit()) is not None:
            kind, fields = wire.decode(outgoing.data)
            if kind == host_messages.LEADER_HEARTBEAT:
                fields[_ECHO_AT] -= passed_ms
            message = (n, self.ids.index(outgoing.destination), kind, tuple(fields))
            watch.said(message, disk)
            network = self._carry(network, message)
        after = host_state.dump(engine, passed_ms)
        host_state.load(engine, after)
        watch.stands(engine, election_rules.FOLLOWER if values is None else values[0][STATE])
        if heard is not None:
            watch.heard(heard, engine)
        if is_pause:
            watch.woke_up(engine)
        return (_put(hosts, n, (after, disk)), network, watch.memory(), budget)

    def _carry(self, network: tuple, message: promises.Message) -> tuple:
        """The network with one message more; a link keeps its newest."""
        on_link = [each for each in network if each[:2] == message[:2]]
        if message in on_link:
            return network  # twice the same: one of them is lost
        if len(on_link) >= self.bounds.link:
            gone = network.index(on_link[0])
            network = network[:gone] + network[gone + 1 :]
        return tuple(sorted((*network, message), key=lambda each: each[:2]))

    def _new(self, n: int, disk: tuple[int, bytes]) -> Election:
        return self._make(self.ids[n], self.ids, disk, NOW_MS)

    # --- where to begin ---

    def _begin(self) -> State:
        bounds = self.bounds
        hosts = tuple((host_state.dump(engine), (0, NOBODY)) for engine in self._engines)
        state = (hosts, (), promises.nothing(bounds.hosts), (0, 0, 0))
        if bounds.start == SETTLED:
            state = self._quiet(self.step(state, ("timeout", 0)))
        elif bounds.start == RIVALS:
            for n in (0, 1):
                state = self._candidate(state, n)
        memory = promises.nothing(bounds.hosts)
        memory = (state[2][0], state[2][1], state[2][2], *memory[3:])
        return (state[0], state[1], memory, (bounds.crashes, bounds.pauses, bounds.resignations))

    def _quiet(self, state: State) -> State:
        """Write and deliver until nothing is on its way."""
        while True:
            hosts, network = state[:2]
            writing = [n for n, (values, disk) in enumerate(hosts) if values[0][HANDED] != disk]
            if writing:
                state = self.step(state, ("store", writing[0]))
            elif network:
                state = self.step(state, ("deliver", 0))
            else:
                return state

    def _candidate(self, state: State, n: int) -> State:
        """Host `n` stands; it has asked only the last host, which has heard of nothing else."""
        last = self.bounds.hosts - 1
        before = state[1]
        state = self.step(state, ("timeout", n))
        if self.bounds.hosts == 2:
            return state
        for way in ((n, last), (last, n)):
            number = next(k for k, each in enumerate(state[1]) if each[:2] == way)
            state = self.step(state, ("deliver", number))
        state = (state[0], before, *state[2:])  # the other was not reached
        return self.step(state, ("store", n))


def _aged(network: tuple, n: int, passed_ms: int) -> tuple:
    """The messages that hold the clock of host `n`, after that has moved on."""
    aged = []
    for source, destination, kind, fields in network:
        is_ours = (kind == host_messages.LEADER_HEARTBEAT and source == n) or (
            kind == host_messages.LEADER_HEARTBEAT_ACK and destination == n
        )
        if is_ours:
            then_ms = max(fields[_ECHO_AT] - passed_ms, NOW_MS - FAR_MS)
            fields = (*fields[:_ECHO_AT], then_ms)
        aged.append((source, destination, kind, fields))
    return tuple(aged)


def _seen(host: tuple) -> str:
    values = host[0]
    return (
        "down" if values is None else f"{election_rules.STATES[values[0][STATE]]} {values[0][TERM]}"
    )


def _put(values: tuple, at: int, value: object) -> tuple:
    return (*values[:at], value, *values[at + 1 :])
