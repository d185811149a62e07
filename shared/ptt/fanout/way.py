"""Whether voice goes once to many or to each alone: a pure function of what listeners report, and
of the choice before.

Of those who hear multicast (`proof.hearing`) an access point needs some before one transmission at
its slowest rate, which nobody acknowledges, takes less of the channel than one to each.
"""

from ..base.compat import TYPE_CHECKING, const
from .plan import FRAME_US, PACKET_US, on_fullest

if TYPE_CHECKING:
    from collections.abc import Sequence

# What a packet of one frame takes of a channel, with its proof and an older frame, at the basic
# rate that most access points have, 6 Mb/s: 3.7 % of 20 ms, docs/relay-topology.md.
MULTICAST_US = const(740)
# One who comes and goes does not change the way of all others from burst to burst.
_BEGIN_PERCENT = const(125)
_STAY_PERCENT = const(75)

# Of those who got a burst by multicast, who had to ask for it or lost much. At 5 % of loss so many
# have asked after a minute of one burst; where a beacon holds it for too long, after some 10 s.
# Where half have gone deaf, it is still the best for the others.
_FAILED_PERCENT = const(60)
_MUCH_PERCENT = const(5)  # of the frames; repairs leave 1 %, and an access point that converts 17 %
FAILED_MS = const(300000)  # then it is tried again: whose telephone slept there may have gone


def is_worth_it(places: "Sequence[int]", access_points: int, before: bool) -> bool:
    """Does one transmission take less than one to each of those who hear it? `places` names the
    access point of each, as `plan.on_fullest` has it; `before`: the last burst went once to
    all."""
    spared_us = on_fullest(list(places), access_points) * (PACKET_US + FRAME_US)
    return spared_us * 100 > MULTICAST_US * (_STAY_PERCENT if before else _BEGIN_PERCENT)


def is_much(heard: int, missed: int) -> bool:
    """Has a listener lost much of a burst? In frames."""
    return missed * 100 > (heard + missed) * _MUCH_PERCENT


def has_failed(served: int, failing: int) -> bool:
    """Are the bursts that follow one that went once to `served` to go to each alone? `failing`: how
    many of them had to ask, or lost much."""
    return failing * 100 >= served * _FAILED_PERCENT
