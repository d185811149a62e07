"""The side button: while it is held the badge talks in an emergency; two clicks turn the talk
button to the next group of this badge, one click asks a display how the badge fares.

The leader decides whether an emergency is allowed; a badge in one group has no other to switch to.
"""

from hal.button import NOTHING as NO_CHANGE
from ptt.badge import indications
from ptt.base.compat import TYPE_CHECKING
from ptt.wire import messages

from .. import log
from . import ignore
from .gestures import CHANGE_GROUP, EMERGENCY, LOOK, NAMES, NOTHING, Gestures

if TYPE_CHECKING:
    from hal.button import Button

    from ..handset import Handset


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
        log.write(now_ms, NAMES[gesture])
        if gesture == EMERGENCY:
            handset.press(now_ms, messages.LANE_EMERGENCY)
        elif gesture == CHANGE_GROUP:
            self._change_group(handset, now_ms)
        elif gesture == LOOK:
            for extra in handset.extras:
                look = getattr(extra, "look", None)
                if look is not None:
                    look(now_ms)
        else:
            handset.participant.release(now_ms)

    on_event = ignore

    def _change_group(self, handset: "Handset", now_ms: int) -> None:
        scan = handset.participant.scan
        group = scan.next_selected()
        if group == scan.selected or not handset.participant.select_group(group):
            handset.notice(indications.TONE_NOT_AVAILABLE, 0, now_ms)
            return
        log.write(now_ms, "group", group)
        tone = indications.TONE_HOME_GROUP if scan.is_home(group) else indications.TONE_GROUP
        handset.notice(tone, 0, now_ms)
