"""The light: on, off or blinking, as a pattern of two numbers; and its colour, if it has one."""

from machine import Pin

from ptt.base.clock import age


class Indicator:
    """A LED on pin `pin`; `active_high` when a high level lights it. `pin` below 0: none."""

    def __init__(self, pin: int, active_high: bool) -> None:
        self._pin = Pin(pin, Pin.OUT) if pin >= 0 else None
        self._on_level = 1 if active_high else 0
        self._on_ms = 0
        self._period_ms = 0
        self._colour = 0
        self._began_ms = 0
        self._lit = -1  # the colour that is shown, 0 dark, -1 not known

    def show(self, on_ms: int, period_ms: int, colour: int, now_ms: int) -> None:
        """Light for the first `on_ms` of every `period_ms`; 0 is dark, `period_ms` is steady."""
        if on_ms != self._on_ms or period_ms != self._period_ms or colour != self._colour:
            self._on_ms = on_ms
            self._period_ms = period_ms
            self._colour = colour
            self._began_ms = now_ms

    def update(self, now_ms: int) -> None:
        """Set the light as the pattern wants it now."""
        is_on = self._on_ms > 0
        if is_on and self._on_ms < self._period_ms:
            is_on = age(now_ms, self._began_ms) % self._period_ms < self._on_ms
        lit = self._colour if is_on else 0
        if lit != self._lit:
            self._lit = lit
            self.light(is_on, lit)

    def light(self, is_on: bool, colour: int) -> None:
        """Set the pin; a plain light has no colour."""
        if self._pin is not None:
            self._pin.value(self._on_level if is_on else 1 - self._on_level)
