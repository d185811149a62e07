"""The I2S speaker: takes 20 ms frames and keeps its queue short, since the queue is delay.

Nothing is written while nobody talks: the DMA then plays zeros by itself. How much is queued is
reckoned from the clock, which on an ESP32 comes from the same crystal as the I2S clock.
"""

import select

from machine import I2S, Pin
from micropython import const

from ptt.clock import add, since
from ptt.compat import TYPE_CHECKING
from ptt.numbers import FRAME_MS, FRAME_SAMPLES, RATE_HZ

if TYPE_CHECKING:
    from array import array

_BUFFER_BYTES = const(3072)  # six DMA blocks of 16 ms: lead, frame and the block that plays
_LEAD_MS = const(30)  # a frame is due when less is queued: one block, two steps, a collection


class Speaker:
    """An I2S transmitter with the pins of `facts` (id, sck, ws, sd)."""

    def __init__(self, facts: dict) -> None:
        self._i2s = I2S(
            facts["id"],
            sck=Pin(facts["sck"]),
            ws=Pin(facts["ws"]),
            sd=Pin(facts["sd"]),
            mode=I2S.TX,
            bits=16,
            format=I2S.MONO,
            rate=RATE_HZ,
            ibuf=_BUFFER_BYTES,
        )
        poller = select.poll()
        poller.register(self._i2s, select.POLLOUT)
        poller.poll(0)  # from now on write takes what fits instead of waiting
        self._end_ms = 0  # when the queue runs dry
        self._is_playing = False
        self.cut = 0  # frames that did not fit whole
        self.starved = 0  # times the queue ran dry between two frames of a burst

    def wants(self, now_ms: int) -> bool:
        """True when a frame written now would not wait long."""
        return not self._is_playing or since(self._end_ms, now_ms) < _LEAD_MS

    def write(self, pcm: "array", now_ms: int) -> None:
        """Queue one frame (320 samples, array 'h')."""
        if not self._is_playing:
            self._is_playing = True
            self._end_ms = now_ms
        elif since(self._end_ms, now_ms) < 0:
            self.starved += 1
            self._end_ms = now_ms
        self._end_ms = add(self._end_ms, FRAME_MS)
        if self._i2s.write(pcm) != FRAME_SAMPLES * 2:
            self.cut += 1

    def rest(self) -> None:
        """Nothing to play: running dry is no fault now."""
        self._is_playing = False
