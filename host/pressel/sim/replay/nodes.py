"""Which nodes a timeline shows: those that were named, or those to whom something happens."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pressel.errors import UsageError

if TYPE_CHECKING:
    from ..world.world import World

_OF_ALL = ("cut", "heal")


def nodes_of(text: str, participants: int) -> list[int]:
    """ "0,3,7-9" as numbers in order; UsageError for anything that is not a node of the run."""
    nodes: set[int] = set()
    for part in text.split(","):
        first, dash, last = part.strip().partition("-")
        if not all(
            each.isascii() and each.isdigit() for each in ((first, last) if dash else (first,))
        ):
            raise UsageError(f"'{text}' names no nodes; give numbers such as 0,3,7-9")
        low, high = int(first), int(last if dash else first)
        if low > high or high > participants:
            raise UsageError(f"'{part.strip()}': nodes go from 0, the leader, to {participants}")
        nodes.update(range(low, high + 1))
    return sorted(nodes)


def likely_nodes(world: World, from_us: int, to_us: int, most: int) -> list[int]:
    """The leader, then the nodes that talk, then those that fail within the window, then any
    others."""
    found: list[int] = [0] if 0 in world.nodes else []
    steps = [step for step in world.plan.steps if from_us <= step[0] < to_us]
    talkers = [step[2] for step in steps if step[1] == "talk"]
    faulty = [step[2] for step in steps if step[1] not in ("talk", *_OF_ALL)]
    for step in steps:
        if step[1] == "cut":
            faulty += sorted(step[3])[:1]  # one of the nodes cut off is enough to see it
    half = max(1, most // 2)
    for node in [*dict.fromkeys(talkers)][:half] + faulty + talkers + sorted(world.nodes):
        if len(found) < most and node not in found and node in world.nodes:
            found.append(node)
    return sorted(found)
