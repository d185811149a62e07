"""What people on a stage call each other."""

from __future__ import annotations

from pressel.sim.world.world import World

_HOSTS = "ABCDEFGH"


def name_of(world: World, node: int) -> str:
    """ "B3", or "host A" where there are several, or "the leader"."""
    if 1 <= node <= world.participants:
        return f"B{node}"
    if not world.standbys:
        return "the leader"
    return f"host {_HOSTS[max(0, node - world.participants)]}"
