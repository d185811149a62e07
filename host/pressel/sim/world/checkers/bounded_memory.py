"""The memory of every node stays bounded: what its engine holds, counted by elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ..world import World

_LOOKS = 4  # a run
_BADGE_MAX = 30_000  # buffers of 24 + 24 + 40 frames of 164 bytes, and a tenth
_LEADER_MAX = 40_000  # without members: an outbox of 1,024 datagrams that are on their way
_MEMBER_MAX = 200  # of the leader, for each participant: names, sessions, deliveries
_DEPTH_MAX = 8


class BoundedMemory:
    """Looks at engines a few times in a run."""

    protocols = ("v2",)

    def __init__(self, world: World) -> None:
        self._world = world
        self._leader_max = _LEADER_MAX + _MEMBER_MAX * world.participants
        for look in range(1, _LOOKS):
            world.loop.at(
                world.spec["scenario"]["duration_s"] * 1_000_000 * look // _LOOKS, self._look
            )

    def _look(self, _: Any) -> None:
        for number, node in sorted(self._world.nodes.items()):
            if node.is_up:
                size = elements(node.engine, set(), 0)
                limit = self._leader_max if node.is_wired else _BADGE_MAX
                if node.is_of_cluster:  # its own state, and the copy of another's
                    limit += 2 * _MEMBER_MAX * self._world.participants
                if size > limit:
                    self._world.violate("bounded memory", f"node {number} holds {size} elements")

    def finish(self) -> None:
        self._look(None)


def elements(thing: Any, seen: set[int], depth: int) -> int:
    """Elements of all containers and buffers that hang on `thing`, each counted once."""
    if id(thing) in seen or depth > _DEPTH_MAX:
        return 0
    seen.add(id(thing))
    if isinstance(thing, (bytes, bytearray, str)) or hasattr(thing, "typecode"):
        return len(thing)
    if isinstance(thing, dict):
        return len(thing) + sum(elements(each, seen, depth + 1) for each in thing.values())
    if isinstance(thing, (list, tuple, set)):
        return len(thing) + sum(elements(each, seen, depth + 1) for each in thing)
    names = list(getattr(thing, "__dict__", ())) + list(getattr(type(thing), "__slots__", ()))
    return sum(elements(getattr(thing, name, None), seen, depth + 1) for name in names)
