"""An SSD1306 display: lines of words, sent a page at a time so that no step is long.

The command bytes are those of the Solomon Systech data sheet of the SSD1306.
"""

import framebuf
from machine import I2C, Pin
from micropython import const

_BUS = const(1)  # bus 0 is the codec's
_SPEED_HZ = const(400_000)  # 128 bytes of a page take 3 ms
_COMMAND = const(0x80)
_DATA = b"\x40"
_LETTER_PIXELS = const(8)


class Display:
    """Shows words on the display of `facts` (sda, scl, address, width, height)."""

    def __init__(self, facts: dict) -> None:
        self._bus = I2C(_BUS, sda=Pin(facts["sda"]), scl=Pin(facts["scl"]), freq=_SPEED_HZ)
        self._address = facts["address"]
        self._width = facts["width"]
        self._pages = facts["height"] // 8
        self._data = bytearray(self._width * self._pages)
        self._frame = framebuf.FrameBuffer(
            self._data, self._width, facts["height"], framebuf.MONO_VLSB
        )
        self._view = memoryview(self._data)
        self._command_bytes = bytearray((_COMMAND, 0))
        self._lines = ()
        self._page = 0  # the next to be sent; `_pages`: all are
        is_tall = facts["height"] == 64
        for command in (
            0xAE,  # off
            0x20,
            0x02,  # memory mode: pages
            0xA8,
            facts["height"] - 1,  # multiplex
            0x40,  # start line
            0xA1,  # columns and rows turned: the connector is on top
            0xC8,
            0xDA,
            0x12 if is_tall else 0x02,  # wiring of the rows
            0x8D,
            0x14,  # charge pump
            0x81,
            0x60,  # contrast: it is looked at from near
            0xA4,  # what the memory holds
            0xA6,  # lit on dark
            0xAF,  # on
        ):
            self._command(command)

    def show(self, lines: "tuple[str, ...]") -> None:
        """Lines for the middle of the display; what does not fit is cut."""
        if lines == self._lines:
            return
        self._lines = lines
        frame = self._frame
        frame.fill(0)
        top = max(0, self._pages - len(lines)) * _LETTER_PIXELS // 2
        for line in lines:
            left = max(0, self._width - len(line) * _LETTER_PIXELS) // 2
            frame.text(line, left, top, 1)
            top += _LETTER_PIXELS
        self._page = 0

    def update(self) -> None:
        """Send one page that is not sent yet: 4 ms of the bus."""
        page = self._page
        if page >= self._pages:
            return
        self._page = page + 1
        self._command(0xB0 | page)
        self._command(0x00)  # from the first column
        self._command(0x10)
        at = page * self._width
        self._bus.writevto(self._address, (_DATA, self._view[at : at + self._width]))

    def _command(self, command: int) -> None:
        self._command_bytes[1] = command
        self._bus.writeto(self._address, self._command_bytes)
