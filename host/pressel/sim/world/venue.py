"""Who is in the venue: the nodes of each protocol that a run can be made of."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from .badge_node import BadgeNode
from .host_node import HostNode
from .leader_node import LeaderNode
from .legacy_node import LegacyNode
from .node import Node

if TYPE_CHECKING:
    from .world import World

LEADER = 0  # the leader box's number; participants follow


def make_nodes(world: World) -> list[Node]:
    """The nodes of `world.spec`, not started yet."""
    nodes: list[Node] = []
    protocol = world.spec["protocol"]
    if protocol == "v2":
        nodes += _hosts(world)
        kind = BadgeNode
    else:
        kind = LegacyNode
    virtual = world.spec.get("virtual_badges", 0)
    for number in range(1, world.participants + 1):
        drift_ppm = world.new_drift_ppm()
        clock = world.new_clock(drift_ppm)
        if number > world.participants - virtual:
            from .firmware_node import FirmwareNode  # brings processes and their kit with it

            world.cipher = import_module("pressel.block_cipher").BlockCipher  # and real AES
            nodes.append(FirmwareNode(world, number, world.spec["firmware"]))
        else:
            nodes.append(kind(world, number, clock, drift_ppm))
    return nodes


def _hosts(world: World) -> list[Node]:
    """The leader box alone, or with the standbys of `world.spec`, behind the participants."""
    if not world.standbys:
        return [LeaderNode(world, LEADER, world.new_clock(0))]
    first = world.participants + 1
    numbers = (LEADER, *range(first, first + world.standbys))
    return [
        HostNode(world, number, world.new_clock(world.new_drift_ppm()), numbers)
        for number in numbers
    ]
