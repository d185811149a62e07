"""Datagrams that come twice or in another order than they were sent. It knows no HTML."""

from __future__ import annotations

from pressel.node.leader_state import LeaderState

from .todo import Todo

# A loop sends everything twice, or half of it where only one way of two has it; Wi-Fi sends a few
# of a hundred again, and drops the copies by itself.
TWICE_MIN_PERCENT = 20
# What a badge sends at two priorities may change places: a heartbeat and a report among 50 frames.
OVERTAKEN_MIN_PERCENT = 8

_TWICE, _MIXED = "everything comes twice", "datagrams overtake one another"


def disorder(status: LeaderState | None) -> str:
    """Why voice may be lost although nothing else is wrong, as the end of "since ..."; "" where
    datagrams come once and in order."""
    if status is None:
        return ""
    if status.twice_percent >= TWICE_MIN_PERCENT:
        return _TWICE
    return _MIXED if status.overtaken_percent >= OVERTAKEN_MIN_PERCENT else ""


def of_the_order(status: LeaderState) -> list[Todo]:
    """What the network does with datagrams that it should not."""
    why = disorder(status)
    if why == _TWICE:
        text = (
            f"{status.twice_percent} of 100 datagrams of badges came again. Copies are refused, "
            "but they fill the channel. The network has a loop (a cable with both ends in "
            "switches, two bridges side by side): take out the cable that was plugged in last, and "
            "switch spanning tree on. If there is none, somebody sends again what he recorded."
        )
        return [Todo("Everything comes twice", text, "warn")]
    if why == _MIXED:
        text = (
            f"{status.overtaken_percent} of 100 came after some that were sent later, so voice is "
            "late or lost. No full channel does so: two ways lie side by side between the badges "
            "and this host (bonded cables, two links of a mesh or a VPN that share the load one "
            "datagram at a time). Let all of a badge's datagrams take one way."
        )
        return [Todo("Datagrams overtake one another", text, "warn")]
    return []
