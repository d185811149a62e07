"""The talk button. The first edge counts at once; what bounces after it is ignored."""

from machine import Pin
from micropython import const

from ptt.base.clock import since

_DEBOUNCE_MS = const(20)  # tactile switches bounce for 5 ms, worn ones for 15

NOTHING = const(0)
PRESSED = const(1)
RELEASED = const(2)


class Button:
    """A button on pin `pin`; `active_low` when it connects to ground."""

    def __init__(self, pin: int, active_low: bool) -> None:
        self._pin = Pin(pin, Pin.IN, Pin.PULL_UP if active_low else Pin.PULL_DOWN)
        self._down_level = 0 if active_low else 1
        self._is_down = False
        self._changed_ms = 0
        self._is_settling = False

    def has_moved(self) -> bool:
        """Is it worth a poll?"""
        return (self._pin.value() == self._down_level) != self._is_down

    def poll(self, now_ms: int) -> int:
        """PRESSED or RELEASED once for each change, else NOTHING."""
        if self._is_settling:
            if since(now_ms, self._changed_ms) < _DEBOUNCE_MS:
                return NOTHING
            self._is_settling = False
        is_down = self._pin.value() == self._down_level
        if is_down == self._is_down:
            return NOTHING
        self._is_down = is_down
        self._changed_ms = now_ms
        self._is_settling = True
        return PRESSED if is_down else RELEASED
