"""The model of relays: a leader, its standbys, and listeners that `ptt.fanout.assign` spreads over
them.

Relays fail, come back, and have much or little to do; single listeners lose what their relay
sends. Between these things the leader plans. Each relay has listeners that are not looked at, so
many that it is nearly full: limits are then near, though the search knows few.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from ptt.fanout import assign
from ptt.fanout.assign import Choice, Standing

from .search import Action, State

_GROWN_MS = 60_000  # it has relayed for so long that it may have as many as any
_TOO_MUCH_PERCENT = 95
_LOADS_PERCENT = (10, 60, _TOO_MUCH_PERCENT)
_LOSS_PERCENT = 50
_REST_MAX = 12  # plans in a row that may move somebody, while nothing happens

PROMISES = {
    "served": "after a plan nobody is left to a relay that does not serve, or that loses much",
    "room": "no relay gets a listener more than it may have",
    "avoided": "nobody is given to a relay that it avoids",
    "counted": "a plan counts each relay's listeners as they are",
    "own": "the leader keeps more than it should only while no relay has room for them",
    "rest": "while nothing happens, plans come to rest",
}
_SAID = {
    "fail": "relay {} fails",
    "load": "relay {} has {} % to do",
    "lossy": "listener {} loses what its relay sends",
    "forgive": "listener {} would take any relay again",
    "plan": "the leader plans",
}


@dataclass(frozen=True)
class Bounds:
    """`relays` and `listeners`: how many; `own`: how many of them the leader serves itself;
    `room`: for so many a relay has room; `fails`, `loads`, `losses`: how often each may happen."""

    relays: int = 2
    listeners: int = 4
    own: int = 1
    room: int = 2
    fails: int = 2
    loads: int = 2
    losses: int = 1


class SpreadModel:
    """A state is (relays, listeners, budget, what was broken). A relay: (is it able, its load in
    percent); a listener: (its relay or -1, its loss in percent, relays that it avoids as bits)."""

    def __init__(self, bounds: Bounds) -> None:
        self.bounds = bounds
        self._others = assign.LISTENERS_MAX - bounds.room

    def initial(self) -> State:
        bounds = self.bounds
        relays = ((True, _LOADS_PERCENT[0]),) * bounds.relays
        listeners = ((-1, 0, 0),) * bounds.listeners
        return (relays, listeners, (bounds.fails, bounds.loads, bounds.losses), None)

    def actions(self, state: State) -> Iterator[Action]:
        relays, listeners, (fails, loads, losses), _ = state
        yield ("plan",)
        for place, (is_able, load) in enumerate(relays):
            if fails or not is_able:
                yield ("fail", place)
            if loads:
                for other in _LOADS_PERCENT:
                    if other != load:
                        yield ("load", place, other)
        for number, (place, loss, avoided) in enumerate(listeners):
            if losses and place >= 0 and not loss:
                yield ("lossy", number)
            if avoided:
                yield ("forgive", number)

    def step(self, state: State, action: Action) -> State:
        return getattr(self, "_" + action[0])(state, *action[1:])

    def broken(self, state: State) -> str | None:
        return state[-1] and f"{state[-1]}: {PROMISES[state[-1]]}"

    def words(self, state: State, action: Action) -> str:
        name, *about = action
        text = _SAID[name].format(*(each + (at == 0) for at, each in enumerate(about)))
        if name == "fail" and not state[0][about[0]][0]:
            text = text.replace("fails", "is back")
        after = self.step(state, action)[1]
        places = " ".join("L" if place < 0 else str(place + 1) for place, _, _ in after)
        return f"{text:44} listeners at {places}"

    # --- one action each ---

    def _fail(self, state: State, place: int) -> State:
        """Or comes back."""
        relays, listeners, (fails, loads, losses), broken = state
        is_able, load = relays[place]
        relays = _put(relays, place, (not is_able, load))
        return (relays, listeners, (fails - is_able, loads, losses), broken)

    def _load(self, state: State, place: int, load: int) -> State:
        relays, listeners, (fails, loads, losses), broken = state
        relays = _put(relays, place, (relays[place][0], load))
        return (relays, listeners, (fails, loads - 1, losses), broken)

    def _lossy(self, state: State, number: int) -> State:
        relays, listeners, (fails, loads, losses), broken = state
        place, _, avoided = listeners[number]
        listeners = _put(listeners, number, (place, _LOSS_PERCENT, avoided))
        return (relays, listeners, (fails, loads, losses - 1), broken)

    def _forgive(self, state: State, number: int) -> State:
        relays, listeners, budget, broken = state
        place, loss, _ = listeners[number]
        return (relays, _put(listeners, number, (place, loss, 0)), budget, broken)

    def _plan(self, state: State) -> State:
        relays, listeners, budget, broken = state
        planned, broken = self._planned(relays, listeners)
        after = planned
        for _ in range(_REST_MAX):
            if broken is not None:
                break
            before = after
            after, broken = self._planned(relays, before)
            if after == before:
                break
        else:
            broken = broken or "rest"
        return (relays, planned, budget, broken)

    def _planned(self, relays: tuple, listeners: tuple) -> tuple[tuple, str | None]:
        """The listeners as the plan leaves them, and the promise that it breaks."""
        bounds = self.bounds
        standings = self._standings(relays, listeners)
        choices = [
            Choice(number, place, loss, avoided)
            for number, (place, loss, avoided) in enumerate(listeners)
        ]
        made = assign.moves(standings, choices, bounds.own)
        after = list(listeners)
        broken = None
        for number, place, _ in made:
            avoided = choices[number].avoided
            if place >= 0 and avoided >> place & 1:
                broken = "avoided"
            after[number] = (place, 0, avoided)
        serving = [is_able and load < _TOO_MUCH_PERCENT for is_able, load in relays]
        counts = self._counts(after)
        for number, (place, loss, _) in enumerate(after):
            if place >= 0 and (not serving[place] or loss):
                broken = broken or "served"
            assert choices[number].relay == place, "a move that was not made"
        for count, standing in zip(counts, standings, strict=True):
            if count != standing.members:
                broken = broken or "counted"
            if count > assign.LISTENERS_MAX:
                broken = broken or "room"
        direct = [avoided for place, _, avoided in after if place < 0]
        if len(direct) > bounds.own and len(made) < assign.MOVES_MAX:
            for at, count in enumerate(counts):
                is_open = serving[at] and count < assign.LISTENERS_MAX
                if is_open and any(not avoided >> at & 1 for avoided in direct):
                    broken = broken or "own"
        return tuple(after), broken

    def _standings(self, relays: tuple, listeners: tuple) -> list[Standing]:
        """As the leader knows the relays."""
        return [
            Standing(is_able, load, 1, count, _GROWN_MS)
            for (is_able, load), count in zip(relays, self._counts(listeners), strict=True)
        ]

    def _counts(self, listeners: Sequence[Any]) -> list[int]:
        """How many listeners each relay has."""
        counts = [self._others] * self.bounds.relays
        for place, _, _ in listeners:
            if place >= 0:
                counts[place] += 1
        return counts


def _put(values: tuple, at: int, value: object) -> tuple:
    return (*values[:at], value, *values[at + 1 :])
