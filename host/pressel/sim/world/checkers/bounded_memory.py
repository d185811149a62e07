"""The memory of every node stays bounded: what its engine holds, counted by elements."""

from __future__ import annotations

from array import array
from collections import deque
from typing import TYPE_CHECKING, Any

from ..ledger import Ledger

if TYPE_CHECKING:
    from ..world import World

_LOOKS = 4  # a run
_BADGE_MAX = 30_000  # buffers of 24 + 24 + 40 frames of 164 bytes, and a tenth
_LEADER_MAX = 40_000  # without members: an outbox of 1,024 datagrams that are on their way
_MEMBER_MAX = (
    260  # of the leader, for each participant: names, sessions, deliveries; 250 hold 101,200
)
_MANY_MAX = 24_000  # of a leader that sends to many: its keys, and 1.5 s for who misses a burst
_DEPTH_MAX = 8


class BoundedMemory:
    """Looks at hosts a few times in a run, and each time at other badges; at all in the end."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._leader_max = _LEADER_MAX + _MEMBER_MAX * world.participants
        if world.stage.hears_many:
            self._leader_max += _MANY_MAX
        for look in range(1, _LOOKS):
            at_us = world.spec["scenario"]["duration_s"] * 1_000_000 * look // _LOOKS
            world.loop.at(at_us, self._look, look)

    def _look(self, look: int) -> None:
        """Number `look`; the last is of all."""
        for number, node in sorted(self._world.nodes.items()):
            is_due = look == _LOOKS or node.is_wired or number % (_LOOKS - 1) == look - 1
            if node.is_up and is_due:
                size = elements(node.engine) if node.engine else 0
                limit = self._leader_max if node.is_wired else _BADGE_MAX
                if node.is_of_cluster:  # it has its own state, and a copy of another's
                    limit += 2 * _MEMBER_MAX * self._world.participants
                if size > limit:
                    self._world.violate("bounded memory", f"node {number} holds {size} elements")

    def finish(self) -> None:
        self._look(_LOOKS)


def elements(engine: Any) -> int:
    """Elements of all containers and buffers that hang on `engine`, each counted once; not the
    ledger of the run, which the stand-in seal has with it and which grows with the run."""
    seen: set[int] = set()
    count = 0
    things = [engine]
    for _ in range(_DEPTH_MAX + 1):
        inner: list[Any] = []
        for thing in things:
            kind = type(thing)
            if kind in _PLAIN or kind is Ledger:
                continue
            number = id(thing)
            if number in seen:
                continue
            seen.add(number)
            if kind in _COUNTED:
                count += len(thing)
            elif kind is dict:
                count += len(thing)
                inner += thing.values()
            elif kind in _CONTAINERS:
                count += len(thing)
                inner += thing
            else:
                inner += getattr(thing, "__dict__", _NOTHING).values()
                inner += [getattr(thing, name, None) for name in _slots(kind)]
        things = inner
    return count


_NOTHING: dict[str, Any] = {}
_PLAIN = frozenset((int, bool, float, type(None)))
_COUNTED = frozenset((bytes, bytearray, str, array))
_CONTAINERS = frozenset((list, tuple, set, frozenset, deque))
_known_slots: dict[type, tuple[str, ...]] = {}


def _slots(kind: type) -> tuple[str, ...]:
    """Of all classes that `kind` is made of."""
    slots = _known_slots.get(kind)
    if slots is None:
        named = [getattr(each, "__slots__", ()) for each in kind.__mro__]
        slots = _known_slots[kind] = tuple(name for names in named for name in names)
    return slots
