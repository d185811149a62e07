"""For each kind of fault of the swarm an engine bug that only this kind brings to light: all of
them, by kind."""

from __future__ import annotations

from tests.sim.kinds import addresses, clocks, datagrams, disks, links, machines
from tests.sim.kinds.bug import PLANTED, harmless

ROOMS = (machines, links, clocks, addresses, disks, datagrams)  # each has planted its own
BUGS = PLANTED

__all__ = ["BUGS", "ROOMS", "harmless"]
