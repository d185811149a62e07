"""Does a listener hear what is sent to many? By the newest probes that it has proved; and the
numbers by which the leader and its listeners count what comes.
"""

from ..base.compat import const

PROBE_MS = const(1000)  # so often a listener learns that it hears multicast
ALIVE_MS = const(80)  # so often something comes to listeners while they have voice to await
BACK = const(3)  # packets: an older one comes again behind most bursts of losses
BACKS_MAX = const(3)  # of a burst: a listener that goes deaf again and again stays alone

PROBES = const(16)  # a report's bits
_JUDGED = const(8)  # of these, the newest
_LOST_TO_BEGIN = const(1)  # of them; who has come just now has no more to show
_LOST_OF_ALL = const(3)  # or of all: at 5 % of loss, more than one of eight is lost to 6 of 100
_LOST_TO_STAY = const(3)  # more than a third: repairs do not reach so far
_NEWEST = const(3)  # who missed the two newest hears nothing now


def hears(probes: int, before: bool) -> bool:
    """Well enough? `probes`: a report, one bit each, the newest is bit 0; `before`: it did."""
    if not probes & _NEWEST:
        return False
    if before:
        return _lost(probes, _JUDGED) <= _LOST_TO_STAY
    return _lost(probes, _JUDGED) <= _LOST_TO_BEGIN or _lost(probes, PROBES) <= _LOST_OF_ALL


def _lost(probes: int, count: int) -> int:
    """Of the newest `count`."""
    lost = count
    for place in range(count):
        lost -= probes >> place & 1
    return lost
