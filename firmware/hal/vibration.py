"""The vibration motor: one shake at a time."""

from machine import Pin

from ptt.base.clock import add, since


class Vibration:
    """A motor on pin `pin`, through a transistor; `active_high` when a high level runs it."""

    def __init__(self, pin: int, active_high: bool) -> None:
        self._pin = Pin(pin, Pin.OUT)
        self._on_level = 1 if active_high else 0
        self._until_ms = 0
        self._is_on = False
        self._pin.value(1 - self._on_level)

    def shake(self, duration_ms: int, now_ms: int) -> None:
        """Run for so long; a shake that still runs is replaced."""
        self._until_ms = add(now_ms, duration_ms)
        self._is_on = True
        self._pin.value(self._on_level)

    def update(self, now_ms: int) -> None:
        """Stop it when its time is over."""
        if self._is_on and since(now_ms, self._until_ms) >= 0:
            self._is_on = False
            self._pin.value(1 - self._on_level)
