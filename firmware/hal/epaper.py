"""An e-paper display of 200x200 pixels with an SSD1681: lines of words, a little of them a step.

A picture is drawn row by row, sent in pieces, and shown by the display itself, which takes 0.3 s
(2 s when it clears its ghosts). What it showed last is sent once more, for it compares the two. The
command bytes are those of the Solomon Systech data sheet of the SSD1681.
"""

from time import sleep_ms

import framebuf
from machine import SPI, Pin
from micropython import const

_BUS = const(1)
_SPEED_HZ = const(4_000_000)  # a piece takes 1 ms
_PIXELS = const(200)
_PIECE_BYTES = const(500)
_LETTER_PIXELS = const(8)
_LETTERS_MAX = const(25)  # of a line
_TOPS = (16, 62, 112, 156)  # of the lines, pixels
_SCALES = (4, 4, 2, 2)  # the largest that each line may have
_NEW = const(0x24)  # memories
_FORMER = const(0x26)
_GHOSTS = const(30)  # pictures until all is cleared: the maker asks for that now and then

# What `update` does by its phase: draw 8 rows of 4 lines, send 10 pieces, show, wait, send again.
_DRAWN = const(32)
_SENT = const(42)
_SHOWN = const(43)
_READY = const(44)
_KEPT = const(54)
_IDLE = const(-1)

_SET_UP = (
    (0x01, b"\xc7\0\0"),  # 200 rows
    (0x11, b"\x03"),  # from left to right, from the top down
    (0x44, b"\0\x18"),
    (0x45, b"\0\0\xc7\0"),
    (0x3C, b"\x05"),  # a white border
    (0x18, b"\x80"),  # its own thermometer
)


class EPaper:
    """The display of `facts` (sck, mosi, cs, dc, reset, busy)."""

    def __init__(self, facts: dict) -> None:
        self._busy = Pin(facts["busy"], Pin.IN)
        # The bus wants an input. Without one it takes a pin of its own choice, maybe the PSRAM's.
        self._bus = SPI(
            _BUS,
            baudrate=_SPEED_HZ,
            sck=Pin(facts["sck"]),
            mosi=Pin(facts["mosi"]),
            miso=self._busy,
        )
        self._select = Pin(facts["cs"], Pin.OUT, value=1)
        self._is_data = Pin(facts["dc"], Pin.OUT, value=1)
        reset = Pin(facts["reset"], Pin.OUT, value=1)
        self._picture = bytearray(_PIXELS * _PIXELS // 8)
        self._frame = framebuf.FrameBuffer(self._picture, _PIXELS, _PIXELS, framebuf.MONO_HLSB)
        view = memoryview(self._picture)
        self._pieces = []
        for at in range(0, len(self._picture), _PIECE_BYTES):
            self._pieces.append(view[at : at + _PIECE_BYTES])
        letters = bytearray(_LETTERS_MAX * _LETTER_PIXELS)
        self._letters = framebuf.FrameBuffer(
            letters, _LETTERS_MAX * _LETTER_PIXELS, _LETTER_PIXELS, framebuf.MONO_HLSB
        )
        self._words = ()
        self._wanted = ()
        self._phase = _IDLE
        self._shown = 0  # pictures since the ghosts were cleared
        for level in (0, 1):
            sleep_ms(10)
            reset.value(level)
        sleep_ms(10)
        self._send(0x12, b"")  # begin anew
        sleep_ms(10)
        for command, data in _SET_UP:
            self._send(command, data)

    def show(self, lines: tuple) -> None:
        """Up to four lines; those of the name are large. What does not fit is cut."""
        self._wanted = lines

    def update(self) -> None:
        """Do the next small part of what is wanted, if anything is."""
        phase = self._phase
        if phase == _IDLE:
            if self._words == self._wanted:
                return
            self._words = self._wanted
            self._frame.fill(1)
            phase = 0
        if phase < _DRAWN:
            self._draw(phase >> 3, phase & 7)
        elif phase < _SENT:
            self._piece(_NEW, phase - _DRAWN)
        elif phase == _SENT:
            self._send(0x22, b"\xff" if self._shown % _GHOSTS else b"\xf7")
            self._send(0x20, b"")
            self._shown += 1
        elif phase == _SHOWN:
            if self._busy.value():
                return
        elif phase < _KEPT:
            self._piece(_FORMER, phase - _READY)
        self._phase = phase + 1 if phase < _KEPT - 1 else _IDLE

    def _draw(self, line: int, row: int) -> None:
        """One row of a line's letters, as large as fits."""
        if line >= len(self._words):
            return
        words = self._words[line][:_LETTERS_MAX]
        width = len(words) * _LETTER_PIXELS
        letters = self._letters
        if not row:
            letters.fill(0)
            letters.text(words, 0, 0, 1)
        scale = max(1, min(_SCALES[line], _PIXELS // max(1, width)))
        left = (_PIXELS - width * scale) // 2
        top = _TOPS[line] + row * scale
        for x in range(width):
            if letters.pixel(x, row):
                self._frame.fill_rect(left + x * scale, top, scale, scale, 0)

    def _piece(self, memory: int, number: int) -> None:
        if not number:
            self._send(0x4E, b"\0")
            self._send(0x4F, b"\0\0")
            self._send(memory, b"")
        self._select.value(0)
        self._bus.write(self._pieces[number])
        self._select.value(1)

    def _send(self, command: int, data: bytes) -> None:
        self._select.value(0)
        self._is_data.value(0)
        self._bus.write(bytes((command,)))
        self._is_data.value(1)
        if data:
            self._bus.write(data)
        self._select.value(1)
