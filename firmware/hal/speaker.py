"""The I2S speaker: takes 20 ms frames and keeps its queue short, since the queue is delay.

Nothing is written while nobody talks: the DMA then plays zeros by itself, and an amplifier with an
enable pin is switched off. How much is queued is computed from the clock, which on an ESP32 comes
from the same crystal as the I2S clock.
"""

import select

from machine import I2S, Pin
from micropython import const

from ptt.base.clock import add, since
from ptt.base.compat import TYPE_CHECKING
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, RATE_HZ

if TYPE_CHECKING:
    from array import array

_BUFFER_BYTES = const(3072)  # six DMA blocks of 16 ms: lead, frame and the block that plays
_LEAD_MS = const(30)  # a frame is due when less is queued: one block, two steps, a collection
_AMPLIFIER_MS = const(500)  # stays on so long behind the last frame: each switching may crack


class Speaker:
    """An I2S transmitter with the pins of `facts` (id, sck, ws, sd, and enable where there is)."""

    def __init__(self, facts: dict) -> None:
        self.volume_q8 = facts.get("volume_permille", 1000) * 256 // 1000
        enable = facts.get("enable", -1)
        self._amplifier = Pin(enable, Pin.OUT) if enable >= 0 else None
        self._end_ms = 0  # when the queue runs dry
        self._is_playing = False
        self._is_loud = False  # the amplifier is on
        self.cut = 0  # frames that did not fit whole
        self.starved = 0  # times the queue ran dry between two frames of a burst
        self._i2s = None
        self._set_amplifier(False)
        self.open(facts)

    def open(self, facts: dict) -> None:
        """Start the clocks."""
        self._is_playing = False
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

    def close(self) -> None:
        """Free the port; nothing is wanted from now on."""
        if self._i2s is not None:
            self._set_amplifier(False)
            self._i2s.deinit()
            self._i2s = None

    def wants(self, now_ms: int) -> bool:
        """True when a frame written now would not wait long. To be asked at every step."""
        if self._is_playing:
            return since(self._end_ms, now_ms) < _LEAD_MS
        if self._is_loud and since(now_ms, self._end_ms) >= _AMPLIFIER_MS:
            self._set_amplifier(False)
        return self._i2s is not None

    def write(self, pcm: "array", now_ms: int) -> None:
        """Queue one frame (320 samples, array 'h')."""
        if not self._is_playing:
            self._is_playing = True
            self._end_ms = now_ms
            if not self._is_loud:
                self._set_amplifier(True)
        elif since(self._end_ms, now_ms) < 0:
            self.starved += 1
            self._end_ms = now_ms
        self._end_ms = add(self._end_ms, FRAME_MS)
        if self._i2s is None or self._i2s.write(pcm) != FRAME_SAMPLES * 2:
            self.cut += 1

    def rest(self) -> None:
        """Nothing to play: running dry is no fault now."""
        self._is_playing = False

    def _set_amplifier(self, is_on: bool) -> None:
        self._is_loud = is_on
        if self._amplifier is not None:
            self._amplifier.value(1 if is_on else 0)
