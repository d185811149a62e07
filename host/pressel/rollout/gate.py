"""Whether badges that have a change are as well as those that have not, in the same minutes.

What counts: badges that refuse the change, that went away or had to join anew, and frames that
listeners missed or that came too late, of all that they were to hear.
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


@dataclass
class Health:
    """Of some badges over some time. `lost`: went away or joined anew. `spoilt`: frames concealed
    or late, of `frames`. `silent`: have not answered the change. `heard`: badges that were to hear
    FRAMES_MIN or more; `share`: of what such a badge was to hear, what it missed, on average of all
    but the one that missed most."""

    badges: int = 0
    refused: int = 0
    silent: int = 0
    lost: int = 0
    frames: int = 0
    spoilt: int = 0
    heard: int = 0
    share: float = 0.0

    def lost_share(self) -> float:
        return self.lost / self.badges if self.badges else 0.0

    def is_heard(self) -> bool:
        """Whether enough was heard to tell how much is missed."""
        return self.heard >= max(1, min(HEARD_MIN, self.badges - self.lost))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def together(each: Iterable[Health]) -> Health:
    """Of single badges, the sum. Each counts once, however much it says that it heard."""
    total, shares = Health(), []
    for health in each:
        for name in ("badges", "refused", "silent", "lost", "frames", "spoilt"):
            setattr(total, name, getattr(total, name) + getattr(health, name))
        if health.frames >= FRAMES_MIN:
            shares.append(health.spoilt / health.frames)
    total.heard = len(shares)
    shares = sorted(shares)[: max(1, len(shares) - 1)]
    total.share = sum(shares) / len(shares) if shares else 0.0
    return total


def worse(touched: Health, others: Health) -> str:
    """In what the `touched` are worse than they may be; "" when in nothing."""
    if touched.refused:
        return f"{touched.refused} of {touched.badges} badges refuse it"
    if touched.lost >= LOST_MIN and touched.lost_share() > others.lost_share() + LOST_MARGIN:
        return (
            f"{touched.lost} of {touched.badges} badges that have it went away or joined anew, "
            f"{others.lost} of the {others.badges} others"
        )
    is_known = touched.is_heard() and (others.is_heard() or not others.badges)
    if is_known and touched.share > others.share + SPOILT_MARGIN:
        beside = f"the others {others.share:.1%}" if others.badges else "no other badge is here"
        return f"badges that have it missed {touched.share:.1%} of what they were to hear, {beside}"
    return ""


def unknown(touched: Health, others: Health) -> str:
    """What is not known well enough to go on; "" when all is."""
    if touched.silent:
        return f"{touched.silent} of {touched.badges} badges have not answered"
    if not touched.is_heard():
        return "badges that have it have heard too little speech"
    if others.badges and not others.is_heard():
        return "the other badges have heard too little speech"
    return ""
