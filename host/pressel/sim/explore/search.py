"""Breadth-first search through the states of a model, with the shortest way to what is broken.

States are tuples of plain values; the search keeps only a hash of 16 bytes of each, so that a
million of them fit. The same model and depth see the same states in every run.
"""

from __future__ import annotations

import hashlib
import marshal
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Protocol

from pressel.sim.world.asserted import failed_at

State = tuple
Action = tuple

_MARSHAL = 2  # this version writes equal values as equal bytes


class Model(Protocol):
    """What is searched. `actions` are all that may happen next; `step` is the state after one of
    them; `broken` says which promise a state breaks, None when it keeps all; `words` describes
    what the action does in that state."""

    def initial(self) -> State: ...
    def actions(self, state: State) -> Iterable[Action]: ...
    def step(self, state: State, action: Action) -> State: ...
    def broken(self, state: State) -> str | None: ...
    def words(self, state: State, action: Action) -> str: ...


@dataclass
class Found:
    """What a search saw. `states`: different ones, the first among them; `levels`: new ones at each
    depth; `is_whole`: there is nothing beyond; `broken` and `way` tell of the first state that
    breaks a promise, and of the fewest actions that lead to it."""

    states: int = 0
    transitions: int = 0
    levels: list[int] = field(default_factory=list)
    is_whole: bool = False
    broken: str | None = None
    way: list[Action] = field(default_factory=list)

    @property
    def depth(self) -> int:
        return len(self.levels) - 1


def explore(
    model: Model,
    depth: int,
    states_max: int | None = None,
    progress: Callable[[Found], None] = lambda found: None,
) -> Found:
    """All states within `depth` actions; ends at the first that breaks a promise. A level that
    would begin above `states_max` states is not begun."""
    first = model.initial()
    came_by: dict[bytes, tuple[bytes, Action] | None] = {_digest(first): None}
    found = Found(states=1, levels=[1], broken=model.broken(first))
    level = [first]
    while level and found.broken is None and found.depth < depth:
        if states_max is not None and found.states >= states_max:
            return found
        level = _next_level(model, level, came_by, found)
        progress(found)
    found.is_whole = not level
    return found


def _next_level(
    model: Model, level: list[State], came_by: dict[bytes, Any], found: Found
) -> list[State]:
    following: list[State] = []
    found.levels.append(0)
    for state in level:
        here = _digest(state)
        for action in model.actions(state):
            found.transitions += 1
            try:
                after = model.step(state, action)
            except AssertionError as error:
                found.broken = f"an engine's own assertion fails: {failed_at(error)}"
                found.way = [*_way(came_by, here), action]
                return following
            there = _digest(after)
            if there in came_by:
                continue
            came_by[there] = (here, action)
            following.append(after)
            found.states += 1
            found.levels[-1] += 1
            found.broken = model.broken(after)
            if found.broken is not None:
                found.way = _way(came_by, there)
                return following
    return following


def _way(came_by: dict[bytes, Any], there: bytes) -> list[Action]:
    way = []
    while (step := came_by[there]) is not None:
        there, action = step
        way.append(action)
    return way[::-1]


def _digest(state: State) -> bytes:
    return hashlib.blake2b(marshal.dumps(state, _MARSHAL), digest_size=16).digest()


def timeline(model: Model, way: list[Action]) -> list[str]:
    """The way in words, one line an action."""
    state = model.initial()
    lines = []
    for number, action in enumerate(way, 1):
        try:
            lines.append(f"{number:3}  {model.words(state, action)}")
            state = model.step(state, action)
        except AssertionError as error:
            lines.append(f"{number:3}  {action[0]} {action[1]}: {failed_at(error)}")
    return lines
