"""The side button: its gestures reach the participant, if its protocol has them by now.

Protocol 2 has neither emergencies nor other groups yet. A badge then says "not available" instead
of doing as if.
"""

from hal.button import NOTHING as NO_CHANGE
from ptt import indications
from ptt.compat import TYPE_CHECKING

from . import log
from .gestures import NAMES, NOTHING, Gestures

if TYPE_CHECKING:
    from hal.button import Button

    from .handset import Handset


class SideButton:
    """An extra of a badge with a second button."""

    def __init__(self, button: "Button") -> None:
        self._button = button
        self._gestures = Gestures()

    def step(self, handset: "Handset", now_ms: int) -> None:
        change = self._button.poll(now_ms)
        if change != NO_CHANGE:
            handset.pressed_ms = now_ms
        gesture = self._gestures.poll(change, now_ms)
        if gesture == NOTHING:
            return
        name = NAMES[gesture]
        act = getattr(handset.participant, name, None)
        log.write(now_ms, name, 0 if act is None else 1)
        if act is None:
            handset.notice(indications.TONE_NOT_AVAILABLE, 0, now_ms)
        else:
            act(now_ms)
