"""One run again, with everything on record that concerns a few of its nodes."""

from __future__ import annotations

from collections.abc import Sequence

from pressel.errors import UsageError

from ..choice import Choice
from ..world.checkers import CHECKERS
from ..world.world import World
from .nodes import likely_nodes
from .recorder import Recorder
from .tape import Tape

NODES_MOST = 24  # nobody can follow more columns


def replay(
    choice: Choice,
    from_s: float = 0.0,
    to_s: float | None = None,
    nodes: Sequence[int] | None = None,
    most: int = 8,
) -> Tape:
    """Runs `choice` here, on this Python, to its end or to `to_s`; the tape has `nodes`, or the
    leader and those that talk or fail first, at most `most` nodes in all."""
    world = World(choice.spec())
    checkers = [each(world) for each in CHECKERS if choice.protocol in each.protocols]
    from_us = round(from_s * 1_000_000)
    whole_us = world.duration_us
    if from_us >= whole_us:
        raise UsageError(f"--from {from_s:g} is after the end of the run, {whole_us / 1e6:g} s")
    to_us = whole_us if to_s is None else min(whole_us, round(to_s * 1_000_000))
    shown = _shown(nodes, world) or likely_nodes(world, from_us, to_us, most)
    recorder = Recorder(world, choice, shown, from_us, to_us)
    world.duration_us = to_us
    world.run()
    if to_us == whole_us:  # what must be true at the end can only be judged there
        for checker in checkers:
            checker.finish()
    return recorder.tape(to_us == whole_us)


def _shown(nodes: Sequence[int] | None, world: World) -> list[int]:
    """The nodes that were asked for; the leader is always there, since everything passes it."""
    if nodes is None:
        return []
    for node in nodes:
        if node not in world.nodes:
            raise UsageError(f"this run has no node {node}; it has {_range_of(world)}")
    shown = sorted({*nodes, 0} if 0 in world.nodes else set(nodes))
    if len(shown) > NODES_MOST:
        raise UsageError(f"{len(shown)} nodes are too many to follow; name at most {NODES_MOST}")
    return shown


def _range_of(world: World) -> str:
    return f"{min(world.nodes)} to {max(world.nodes)}"
