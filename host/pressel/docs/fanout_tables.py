"""The plans of fan-out as Markdown, from the functions that choose them."""

from __future__ import annotations

from itertools import groupby

from ptt.base.numbers import FRAME_MS, MEMBERS_MAX
from ptt.fanout import way
from ptt.fanout.plan import frames_in_packet, share_percent
from ptt.proof import hearing


def plans(_: str) -> str:
    """From how many listeners on one access point a packet has more frames, and what it takes."""
    rows = [
        "| listeners on an access point | frames in a packet | packet | share of the channel "
        "| shorter again with |",
        "|---|--:|--:|--:|--:|",
    ]
    counts = range(1, MEMBERS_MAX + 1)
    for frames, group in groupby(counts, frames_in_packet):
        found = list(group)
        low, high = (share_percent(count, frames) for count in (found[0], found[-1]))
        listeners = f"{found[0]} to {found[-1]}"
        shorter = max((n for n in counts if frames_in_packet(n, frames) < frames), default=0)
        again = f"{shorter} or fewer" if shorter else ""
        share = f"{low} to {high} %"
        rows.append(f"| {listeners} | {frames} | {frames * FRAME_MS} ms | {share} | {again} |")
    return "\n".join(rows)


_HALF = 8  # of a report's probes


def ways(_: str) -> str:
    """When a listener counts as one that hears multicast, and when a burst goes that way."""
    rows = ["| decided | when it begins | while it is so |", "|---|---|---|"]
    newest = [
        max(n for n in range(_HALF - 1) if hearing.hears(_missing(n), before))
        for before in (False, True)
    ]
    longer = max(n for n in range(hearing.PROBES) if hearing.hears(_spread(n), False))
    rows.append(
        f"| a listener hears multicast: of its newest {_HALF} probes are missing | {newest[0]} at "
        f"most, or {longer} at most of {hearing.PROBES} | {newest[1]} at most, and not both of the "
        "newest two |"
    )
    begins, stays = (
        min(n for n in range(100) if way.is_worth_it([1] * n, 1, before))
        for before in (False, True)
    )
    rows.append(
        f"| a burst goes once: at the fullest access point hear it | {begins} or more | {stays} or "
        "more |"
    )
    failing = min(n for n in range(101) if way.has_failed(100, n))
    much = min(n for n in range(101) if way.is_much(100 - n, n)) - 1
    rows.append(
        f"| no burst goes once: of those who got the last one so had to ask, or lost more than "
        f"{much} % | {failing} % or more | for {way.FAILED_MS // 60000} minutes |"
    )
    return "\n".join(rows)


def _missing(lost: int) -> int:
    """A report of who has come just now: so many of the newest half are missing, but for the two
    newest."""
    return 0xFF & ~(((1 << lost) - 1) << 2)


def _spread(lost: int) -> int:
    """A report of who has been there for long: so many are missing, two of the newest half."""
    near = min(lost, 2)
    return ((0xFF << lost - near) & 0xFF) << 8 | _missing(near)
