"""Whether badges that have a change are as well as those that have not, in the same minutes.

What counts: badges that refuse the change, that went away or had to join anew, and frames that
listeners missed or that came too late, of all that they were to hear.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Any

FRAMES_MIN = 500  # 10 s of speech: less says nothing about loss
SPOILT_MARGIN = 0.02  # of the frames, beside what the others miss; 2 % is where words suffer
LOST_MIN = 2  # badges: one may have been switched off
LOST_MARGIN = 0.1  # of the badges, beside the others' share


@dataclass
class Health:
    """Of some badges over some time. `lost`: went away or joined anew. `spoilt`: frames concealed
    or late, of `frames`. `silent`: have not answered the change."""

    badges: int = 0
    refused: int = 0
    silent: int = 0
    lost: int = 0
    frames: int = 0
    spoilt: int = 0

    def spoilt_share(self) -> float:
        return self.spoilt / self.frames if self.frames else 0.0

    def lost_share(self) -> float:
        return self.lost / self.badges if self.badges else 0.0

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def together(each: Iterable[Health]) -> Health:
    """The sum of them."""
    total = Health()
    for health in each:
        for name, value in asdict(health).items():
            setattr(total, name, getattr(total, name) + value)
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
    margin = others.spoilt_share() + SPOILT_MARGIN
    if touched.frames >= FRAMES_MIN and touched.spoilt_share() > margin:
        return (
            f"badges that have it missed {touched.spoilt_share():.1%} of what they were to hear, "
            f"the others {others.spoilt_share():.1%}"
        )
    return ""


def unknown(touched: Health, others: Health) -> str:
    """What is not known well enough to go on; "" when all is."""
    if touched.silent:
        return f"{touched.silent} of {touched.badges} badges have not answered"
    if touched.frames < FRAMES_MIN:
        return "badges that have it have heard too little speech"
    if others.badges and others.frames < FRAMES_MIN:
        return "the other badges have heard too little speech"
    return ""
