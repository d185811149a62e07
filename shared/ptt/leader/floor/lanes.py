"""The order in which those who wait get the floor: lane by lane, each first come, first served.

A preempted talker waits at the front of the priority lane: next, behind emergencies only.
"""

from ...base.compat import const
from ...wire.messages import LANE_PRIORITY

ORDER_PREEMPTED = const(0)  # before all who asked by themselves
ORDER_FIRST = const(1)


class Waiting:
    """One place in the queue: the higher `lane` talks first, within a lane the lower `order`."""

    __slots__ = ("lane", "node", "order", "request", "seen_ms")

    def __init__(self, node: int, request: int, lane: int, order: int, now_ms: int) -> None:
        self.node = node
        self.request = request
        self.lane = lane
        self.order = order
        self.seen_ms = now_ms


def preempted(node: int, request: int, now_ms: int) -> Waiting:
    """The place of a talker whom an emergency has interrupted."""
    return Waiting(node, request, LANE_PRIORITY, ORDER_PREEMPTED, now_ms)


def insert(queue: "list[Waiting]", waiting: Waiting) -> int:
    """Put `waiting` where it belongs; its position, 1 talks next."""
    index = len(queue)
    while index > 0 and _is_before(waiting, queue[index - 1]):
        index -= 1
    queue.insert(index, waiting)
    return index + 1


def next_order(queue: "list[Waiting]") -> int:
    """An order after all others."""
    order = ORDER_FIRST
    for waiting in queue:
        if waiting.order >= order:
            order = waiting.order + 1
    return order


def _is_before(a: Waiting, b: Waiting) -> bool:
    if a.lane != b.lane:
        return a.lane > b.lane
    return a.order < b.order
