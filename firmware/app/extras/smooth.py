"""The smooth playout, on a badge whose chip has room for it and machine code: as bytecode, a lost
frame would take longer than it lasts."""

from app import log
from ptt.base import features
from ptt.base.compat import TYPE_CHECKING
from ptt.media import voice_dsp
from ptt.media.smooth_playout import SmoothPlayout

if TYPE_CHECKING:
    from ptt.badge.participant import Participant

_NATIVE = "voice_period"


def start(participant: "Participant", now_ms: int) -> None:
    """From now on `participant` is heard through it, if its machine code is there."""
    try:
        native = __import__("native." + _NATIVE, None, None, ("",))
    except (ImportError, ValueError):  # none, or for another chip
        return
    except MemoryError:
        log.write(now_ms, "no room for native", _NATIVE)
        return
    voice_dsp.use(native)
    log.write(now_ms, "native", _NATIVE)
    participant.ear = SmoothPlayout(participant.playout)
    participant.membership.claims |= features.SMOOTH_PLAYOUT
