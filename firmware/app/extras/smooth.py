"""The smooth playout, on a badge whose chip has room for it and machine code: as bytecode, a lost
frame would take longer than it lasts."""

from ptt.base import features
from ptt.base.compat import TYPE_CHECKING
from ptt.media import voice_dsp
from ptt.media.smooth_playout import SmoothPlayout

if TYPE_CHECKING:
    from typing import Any

    from ptt.badge.participant import Participant


def start(participant: "Participant", native: "Any") -> None:
    """From now on `participant` is heard through it; `native` is its machine code."""
    voice_dsp.use(native)
    participant.ear = SmoothPlayout(participant.playout)
    participant.membership.claims |= features.SMOOTH_PLAYOUT
