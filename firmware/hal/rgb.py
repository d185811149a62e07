"""A WS2812 as the light: the same patterns, in colour. Written when it changes, 30 us each time."""

from machine import Pin
from neopixel import NeoPixel

from .indicator import Indicator


class RgbIndicator(Indicator):
    """One WS2812 (or SK6812) on pin `pin`."""

    def __init__(self, pin: int) -> None:
        super().__init__(-1, True)
        self._pixel = NeoPixel(Pin(pin, Pin.OUT), 1)

    def light(self, is_on: bool, colour: int) -> None:
        self._pixel[0] = (colour >> 16, colour >> 8 & 255, colour & 255)
        self._pixel.write()
