"""Who is in the venue: the nodes of each protocol that a run can have."""

from __future__ import annotations

from importlib import import_module

from .local_clock import LocalClock
from .nodes.badge import BadgeNode
from .nodes.host import HostNode
from .nodes.leader_node import LeaderNode
from .nodes.legacy import LegacyNode
from .nodes.node import Node
from .stage import Stage

LEADER = 0  # the leader box's number; participants follow


def make_nodes(stage: Stage) -> list[Node]:
    """The nodes of `stage.spec`, not started yet."""
    nodes: list[Node] = []
    protocol = stage.spec["protocol"]
    if protocol == "v2":
        nodes += _hosts(stage)
        kind = BadgeNode
    else:
        kind = LegacyNode
    hosts = tuple(nodes)
    virtual = stage.spec.get("virtual_badges", 0)
    for number in range(1, stage.participants + 1):
        drift_ppm = stage.new_drift_ppm()
        clock = stage.new_clock(drift_ppm)
        if number > stage.participants - virtual:
            from .nodes.firmware import FirmwareNode  # brings processes and their kit with it

            own = LocalClock(clock.now_ms(0))  # its process counts the world's time
            stage.seal.cipher = import_module("pressel.block_cipher").BlockCipher  # and real AES
            nodes.append(FirmwareNode(stage, number, own, stage.spec["firmware"], hosts))
        else:
            nodes.append(kind(stage, number, clock, drift_ppm))
    if stage.twin and kind is BadgeNode:
        drift_ppm = stage.new_drift_ppm()
        nodes.append(BadgeNode(stage, stage.twin, stage.new_clock(drift_ppm), drift_ppm))
    return nodes


def _hosts(stage: Stage) -> list[Node]:
    """The leader box alone, or with the standbys of `stage.spec`, behind the participants."""
    if not stage.standbys:
        return [LeaderNode(stage, LEADER, stage.new_clock(0))]
    first = stage.participants + 1
    numbers = (LEADER, *range(first, first + stage.standbys))
    return [
        HostNode(stage, number, stage.new_clock(stage.new_drift_ppm()), numbers)
        for number in numbers
    ]
