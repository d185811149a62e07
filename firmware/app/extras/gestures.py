"""What a side button means: holding it is an emergency until it is let go, two clicks change the
group, one click shows how the badge fares where there is a display, and is nothing elsewhere: it
happens in every pocket.

The talk button has no gestures: its press counts at once, and waiting for a second click would
delay every word.
"""

from micropython import const

from hal import button as buttons
from ptt.base.clock import since
from ptt.base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules

_HOLD_MS = const(1500)  # longer than any press by accident, short enough to be found in need
_CLICKS_MS = const(400)  # between the two presses of a double click

NOTHING = const(0)
EMERGENCY = const(1)
CHANGE_GROUP = const(2)
LET_GO = const(3)
LOOK = const(4)
NAMES = ("", "emergency", "change_group", "let_go", "look")

IDLE = const(0)
DOWN = const(1)
CLICKED = const(2)
DOWN_AGAIN = const(3)
DONE = const(4)
STATES = ("idle", "down", "clicked once", "down again", "done")

PRESS = const(0)
RELEASE = const(1)
HELD = const(2)
TOO_LATE = const(3)
TRIGGERS = ("press", "release", "held", "too late")

RULES = (
    (IDLE, PRESS, DOWN, ""),
    (DOWN, RELEASE, CLICKED, ""),
    (DOWN, HELD, DONE, "emergency"),  # while it is held: nobody in need counts seconds
    (CLICKED, PRESS, DOWN_AGAIN, "change_group"),  # at the second press
    (CLICKED, TOO_LATE, IDLE, "look"),
    (DOWN_AGAIN, RELEASE, IDLE, ""),
    (DOWN_AGAIN, HELD, DONE, "emergency"),
    (DONE, RELEASE, IDLE, "let_go"),  # what was said in the emergency is over
)
_RULES = compile_rules(RULES)


class Gestures:
    """Turns what the button does into what it means."""

    def __init__(self) -> None:
        self.state = IDLE
        self._since_ms = 0  # when the last press came

    def poll(self, change: int, now_ms: int) -> int:
        """`change` is of `hal.button`; returns a number of `NAMES`."""
        if change == buttons.PRESSED:
            said = self._fire(PRESS)
            self._since_ms = now_ms
            return said
        if change == buttons.RELEASED:
            return self._fire(RELEASE)
        if self.state == DOWN or self.state == DOWN_AGAIN:
            if since(now_ms, self._since_ms) >= _HOLD_MS:
                return self._fire(HELD)
        elif self.state == CLICKED and since(now_ms, self._since_ms) >= _CLICKS_MS:
            return self._fire(TOO_LATE)
        return NOTHING

    def _fire(self, trigger: int) -> int:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return NOTHING
        self.state = cell >> ACTION_BITS
        return NAMES.index(_RULES[1][cell & ACTION_MASK])
