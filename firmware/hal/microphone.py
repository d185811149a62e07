"""The I2S microphone, one 20 ms frame at a time, never waiting.

Its clock runs from power-up on: an INMP441 is silent for the first 256 ms after its clock starts.
Only a board whose microphone and speaker share a port closes it (`hal.port`). Reading goes in
pieces of 64 samples, because the DMA delivers blocks of 256: a piece is there whole or not at all,
and the views on the buffer are made once.
"""

import select
from array import array

from machine import I2S, Pin
from micropython import const

from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ

_BUFFER_BYTES = const(8192)  # four DMA blocks of 8-byte frames; one is being filled: it keeps 48 ms
_PIECE_SAMPLES = const(64)  # what a frame and a block have in common


class Microphone:
    """An I2S receiver with the pins of `facts` (id, sck, ws, sd)."""

    def __init__(self, facts: dict) -> None:
        self.gain_q8 = facts.get("gain_permille", 1000) * 256 // 1000
        self.constant = array("i", (0,))  # of what it hears, for `dsp.centre`
        self.pcm = array("h", bytes(FRAME_SAMPLES * 2))  # the frame that `read` fills
        view = memoryview(self.pcm)
        pieces = []
        for at in range(0, FRAME_SAMPLES, _PIECE_SAMPLES):
            pieces.append(view[at : at + _PIECE_SAMPLES])
        self._pieces = tuple(pieces)  # without the places that a list keeps for more
        self._filled = 0  # pieces of the current frame that have come
        self.torn = 0  # pieces that came in part: another DMA layout than we know
        self._i2s = None
        self.open(facts)

    def open(self, facts: dict) -> None:
        """Start the clocks; what is read begins with a whole frame."""
        self._filled = 0
        self._i2s = I2S(
            facts["id"],
            sck=Pin(facts["sck"]),
            ws=Pin(facts["ws"]),
            sd=Pin(facts["sd"]),
            mode=I2S.RX,
            bits=16,
            format=I2S.MONO,
            rate=RATE_HZ,
            ibuf=_BUFFER_BYTES,
        )
        poller = select.poll()
        poller.register(self._i2s, select.POLLIN)
        poller.poll(0)  # from now on readinto returns what is there instead of waiting

    def close(self) -> None:
        """Stop the clocks and free the port; nothing is heard from now on."""
        if self._i2s is not None:
            self._i2s.deinit()
            self._i2s = None

    def skip(self) -> None:
        """Nobody wants what has come; `read` begins anew with what comes from now on."""
        self._filled = 0
        i2s = self._i2s
        while i2s is not None and i2s.readinto(self.pcm):
            pass

    def read(self) -> bool:
        """True when `pcm` holds a whole new frame; to be called until False."""
        i2s = self._i2s
        if i2s is None:
            return False
        pieces = self._pieces
        if self._filled == len(pieces):
            self._filled = 0
        while self._filled < len(pieces):
            count = i2s.readinto(pieces[self._filled])
            if not count:
                return False
            if count != _PIECE_SAMPLES * 2:
                self.torn += 1
            self._filled += 1
        return True
