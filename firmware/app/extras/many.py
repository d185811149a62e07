"""Voice that is sent once for many, on a badge whose chip has room for it: it listens where the
leader says, and the engine believes only what is proved."""

from hal.many import Many
from ptt.base.compat import TYPE_CHECKING
from ptt.multicast.listener import Listener

from .. import log

if TYPE_CHECKING:
    from ..handset import Handset


class ManyEars:
    """Hears for the participant of `handset` from now on."""

    def __init__(self, handset: "Handset") -> None:
        self._listener = Listener(handset.participant)
        self._many = Many(handset.radio)
        self._place: "tuple[bytes, int] | None" = None
        handset.ears = self._listener

    def step(self, handset: "Handset", now_ms: int) -> None:
        place = self._listener.place
        if place == self._place:
            return
        self._place = place
        is_open = self._many.listen(place)
        log.write(now_ms, "many", (1 if place is not None else 0, 1 if is_open else 0))

    def on_event(self, handset: "Handset", event: tuple, now_ms: int) -> None:
        pass
