"""G.722, on a badge whose chip has room for it and machine code. Its coder takes less time than the
one with shaped noise; as bytecode, a frame would take many times as long as it lasts."""

from micropython import const

from app import log
from ptt.base.compat import TYPE_CHECKING
from ptt.media import dsp
from ptt.media.g722 import G722

if TYPE_CHECKING:
    from ptt.badge.participant import Participant

_NATIVE = "g722"
# Of what was said before the grant, coded anew at once if the grant names another codec: 180 ms,
# coded in 29. Who has said more by then talks on in the codec that the burst began in.
_KEPT_FRAMES = const(9)


def start(participant: "Participant", now_ms: int) -> None:
    """From now on `participant` can talk and hear in it, if its machine code is there."""
    try:
        native = __import__("native." + _NATIVE, None, None, ("",))
    except (ImportError, ValueError):  # none, or for another chip
        return
    except MemoryError:
        log.write(now_ms, "no room for native", _NATIVE)
        return
    dsp.use(native)
    log.write(now_ms, "native", _NATIVE)
    participant.playout.add_codec(G722)
    participant.burst.keep_sound(_KEPT_FRAMES)
