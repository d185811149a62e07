"""G.722, on a badge whose chip has room for it and machine code. Its coder takes less time than the
one with shaped noise; as bytecode, a frame would take many times as long as it lasts."""

from micropython import const

from ptt.base.compat import TYPE_CHECKING
from ptt.media import dsp
from ptt.media.g722 import G722

if TYPE_CHECKING:
    from typing import Any

    from ptt.badge.participant import Participant

# Of what was said before the grant, coded anew at once if the grant names another codec: 180 ms,
# coded in 29. Who has said more by then talks on in the codec that the burst began in.
_KEPT_FRAMES = const(9)


def start(participant: "Participant", native: "Any") -> None:
    """From now on `participant` can talk and hear in it; `native` is its machine code."""
    dsp.use(native)
    participant.playout.add_codec(G722)
    participant.burst.keep_sound(_KEPT_FRAMES)
