"""The plans of fan-out as Markdown, from the function that chooses them."""

from __future__ import annotations

from itertools import groupby

from ptt.base.numbers import FRAME_MS, MEMBERS_MAX
from ptt.fanout.plan import AS_NEEDED, frames_in_packet, share_percent


def plans(_: str) -> str:
    """From how many listeners on one access point a packet has more frames, and what it takes."""
    rows = [
        "| listeners on an access point | frames in a packet | packet | share of the channel |",
        "|---|--:|--:|--:|",
    ]
    counts = range(1, MEMBERS_MAX + 1)
    for frames, group in groupby(counts, lambda count: frames_in_packet(count, AS_NEEDED)):
        found = list(group)
        low, high = (share_percent(count, frames) for count in (found[0], found[-1]))
        listeners = f"{found[0]} to {found[-1]}"
        rows.append(f"| {listeners} | {frames} | {frames * FRAME_MS} ms | {low} to {high} % |")
    return "\n".join(rows)
