"""In how large packets a burst goes to the listeners at an access point: a pure function of how
many are there, as badges say it, and of the last burst's plan.

Each listener costs a transmission of its own, most of which is the same for a short packet and a
long one. A channel that is too full loses frames, and more of them than a longer packet costs in
delay: 100 listeners on one access point lose 13 % of the frames in packets of one, none in packets
of two (`docs/relay-topology.md`).
"""

from ..base.compat import const
from ..base.numbers import FRAME_MS, FRAMES_PER_PACKET_MAX

AS_NEEDED = const(0)  # the setting, in place of a number of frames
# Of copies beside a burst that goes once to all others: those wait a tenth of a second for what
# proves it, so nobody hears it later for 40 ms, and each copy takes half of the channel.
BESIDE_MULTICAST = FRAMES_PER_PACKET_MAX
UNKNOWN = const(0)  # access point of a listener that does not say

# What one transmission takes of a channel, repetitions included: the simulator's 802.11n at -72 to
# -48 dBm, docs/wifi-model.md.
PACKET_US = const(144)
FRAME_US = const(26)
SHARE_PERCENT_MAX = const(67)  # of the channel's time; above it queues grow until frames are lost
# Packets get shorter again at this share: nine listeners fewer, or more than nine, so that one
# who comes and goes does not change the delay of all others from burst to burst.
SHORTER_PERCENT_MAX = const(60)


def share_percent(listeners: int, frames: int) -> int:
    """Of one channel's time, for packets of so many frames to each of the listeners on it."""
    spent_us = listeners * (PACKET_US + frames * FRAME_US)
    return spent_us * 100 // (frames * FRAME_MS * 1000)


def on_each(places: "list[int]", access_points: int) -> "dict[int, int]":
    """How many listeners each access point has. `places` names that of each; those that are
    `UNKNOWN` are taken to be spread evenly over `access_points`, and count at each, also at that of
    their own, which may be the fullest."""
    counts: dict[int, int] = {}
    for place in places:
        counts[place] = counts.get(place, 0) + 1
    unknown = -(-counts.pop(UNKNOWN, 0) // access_points)
    for place in counts:
        counts[place] += unknown
    if unknown:
        counts[UNKNOWN] = max(counts.values(), default=unknown)
    return counts


def on_fullest(places: "list[int]", access_points: int) -> int:
    """How many of them the fullest access point has."""
    return max(on_each(places, access_points).values(), default=0)


def frames_in_packet(listeners: int, before: int = 1) -> int:
    """At least how many frames leave together when `listeners`, of all bursts under way, share an
    access point; `before` is how many did in the last burst."""
    frames = 1
    while frames < FRAMES_PER_PACKET_MAX:
        limit = SHORTER_PERCENT_MAX if frames < before else SHARE_PERCENT_MAX
        if share_percent(listeners, frames) <= limit:
            break
        frames += 1
    return frames
