"""Whether badges that have a change are as well as those that have not, in the same minutes.

What counts: badges that refuse the change, that crashed, that went away or had to join anew,
frames that listeners missed or that came too late, of all that they were to hear, and how long the
leader's answers take, which is what a press waits for a floor that is free. The rating R follows
from the frames.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

FRAMES_MIN = 500  # 10 s of speech for each badge: less says nothing about loss
HEARD_MIN = 2  # badges: one may be broken, or lie
SPOILT_MARGIN = 0.02  # of the frames, beside what the others miss; 2 % is where words suffer
LOST_MIN = 2  # badges: one may have been switched off
LOST_MARGIN = 0.1  # of the badges, beside the others' share
CRASHED_MIN = 2  # badges: one may be broken
TRIP_MARGIN_MS = 100  # beside the others; a third of what a press may wait for a floor


@dataclass
class Health:
    """Of some badges over some time. `lost`: went away, or joined `anew`. `spoilt`: frames that
    were concealed or late, of `frames`. `silent`: have not answered the change. `heard`: badges
    that were to hear FRAMES_MIN or more; `share`: of what such a badge was to hear, what it missed,
    on average of all but the one that missed most. `crashed`: hung, or started anew without being
    told to. `trip_ms`: to the leader and back, on average of all but the slowest of the `timed`."""

    badges: int = 0
    refused: int = 0
    silent: int = 0
    lost: int = 0
    anew: int = 0
    frames: int = 0
    spoilt: int = 0
    heard: int = 0
    share: float = 0.0
    crashed: int = 0
    timed: int = 0
    trip_ms: float = 0.0

    def is_ending(self) -> bool:
        """Whether so many have gone that people go home, or the power has failed."""
        gone = self.lost - self.anew
        return gone >= LOST_MIN and gone > LOST_MARGIN * self.badges

    def is_heard(self) -> bool:
        """Whether enough was heard to tell how much is missed."""
        return self.heard >= max(1, min(HEARD_MIN, self.badges - self.lost))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


NOBODY = Health()


def together(each: Iterable[Health]) -> Health:
    """Of single badges, the sum. Each counts once, however much it says that it heard."""
    total, shares, trips = Health(), [], []
    for health in each:
        for name in ("badges", "refused", "silent", "lost", "anew", "frames", "spoilt", "crashed"):
            setattr(total, name, getattr(total, name) + getattr(health, name))
        if health.frames >= FRAMES_MIN:
            shares.append(health.spoilt / health.frames)
        if health.timed:
            trips.append(health.trip_ms)
    total.heard, total.share = len(shares), _but_worst(shares)
    total.timed, total.trip_ms = len(trips), _but_worst(trips)
    return total


def _but_worst(each: list[float]) -> float:
    kept = sorted(each)[: max(1, len(each) - 1)]
    return sum(kept) / len(kept) if kept else 0.0


def worse(touched: Health, others: Health, before: Health = NOBODY) -> str:
    """In what the `touched` are worse than they may be; "" when in nothing. Where no `others` are
    left, those `before` count: of the last stage that had some."""
    beside = others if others.badges else before
    if touched.refused:
        return f"{touched.refused} of {touched.badges} badges refuse it"
    usual = _share(beside.crashed, beside) + LOST_MARGIN
    if touched.crashed >= CRASHED_MIN and _share(touched.crashed, touched) > usual:
        return (
            f"{touched.crashed} of {touched.badges} badges that have it crashed, {beside.crashed} "
            f"of the {beside.badges} others"
        )
    if _is_cut_off(touched, others, before):
        return (
            f"{touched.lost} of {touched.badges} badges that have it went away or joined anew, "
            f"{beside.lost} of the {beside.badges} others"
        )
    is_known = touched.is_heard() and (others.is_heard() or not others.badges)
    if is_known and touched.share > beside.share + SPOILT_MARGIN:
        missed = f"the others {beside.share:.1%}" if beside.badges else "no other badge is here"
        return f"badges that have it missed {touched.share:.1%} of what they were to hear, {missed}"
    is_timed = touched.timed >= min(HEARD_MIN, max(1, touched.badges)) and beside.timed
    if is_timed and touched.trip_ms > beside.trip_ms + TRIP_MARGIN_MS:
        return (
            f"the leader's answers reach badges that have it after {touched.trip_ms:.0f} ms, the "
            f"others after {beside.trip_ms:.0f} ms"
        )
    return ""


def unknown(touched: Health, others: Health) -> str:
    """What is not known well enough to go on; "" when all is."""
    if touched.is_ending() and (others.is_ending() or not others.badges):
        return "badges are being switched off"
    if touched.silent:
        return f"{touched.silent} of {touched.badges} badges have not answered"
    if not touched.is_heard():
        return "badges that have it have heard too little speech"
    if others.badges and not others.is_heard():
        return "the other badges have heard too little speech"
    return ""


def _is_cut_off(touched: Health, others: Health, before: Health) -> bool:
    """Whom a change cuts off comes back to what held before; who stays away may have gone home. So
    only those that joined anew count where the others go home, too, or none are left."""
    if others.badges and not others.is_ending():
        here, there = touched.lost, _share(others.lost, others)
    else:
        beside = others if others.badges else before
        here, there = touched.anew, _share(beside.anew, beside)
    return here >= LOST_MIN and _share(here, touched) > there + LOST_MARGIN


def _share(count: int, health: Health) -> float:
    return count / health.badges if health.badges else 0.0
