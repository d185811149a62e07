"""What a display shows: the word for the present situation, from `ptt.badge.indications`."""

from ptt.badge import indications
from ptt.base.compat import TYPE_CHECKING

from . import ignore

if TYPE_CHECKING:
    from hal.display import Display

    from ..handset import Handset


class Screen:
    """An extra of a badge with a display."""

    def __init__(self, display: "Display") -> None:
        self._display = display

    def step(self, handset: "Handset", now_ms: int) -> None:
        self._display.show(indications.SITUATIONS[handset.situation][3])
        self._display.update()

    on_event = ignore
