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
_BLOCK_BYTES = const(512)  # of the DMA, which plays whole blocks only
_STEP_BYTES = const(128)  # what is left of a frame behind whole blocks: four frames are five blocks
_TO_COME = const(0x20000000)  # this bit of a difference of times is set while one is to come
_FULL_Q8 = const(256)  # samples as they come
_AMPLIFIER_MS = const(500)  # stays on so long behind the last frame: each switching may crack


class Speaker:
    """An I2S transmitter with the pins of `facts` (id, sck, ws, sd, and enable where there is)."""

    def __init__(self, facts: dict) -> None:
        self.volume_q8 = facts.get("volume_permille", 1000) * _FULL_Q8 // 1000
        enable = facts.get("enable", -1)
        self._amplifier = Pin(enable, Pin.OUT) if enable >= 0 else None
        self.wants_ms = 0  # when it wants the next frame: `_LEAD_MS` before the queue runs dry
        self._part_bytes = 0  # of a block that is not full yet
        self.swap = facts.get("swap", False)  # frames are to come with their samples swapped
        self.is_adapted = self.swap or self.volume_q8 != _FULL_Q8  # a frame is changed for it
        self.is_playing = False
        self.is_loud = False  # the amplifier is on
        self.cut = 0  # frames that did not fit whole
        self.starved = 0  # times the queue ran dry between two frames of a burst
        self._i2s = None
        self._set_amplifier(False)
        self.open(facts)

    def open(self, facts: dict) -> None:
        """Start the clocks."""
        self.is_playing = False
        self._part_bytes = 0
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
        """True when a frame written now would not wait long. To be asked while it is loud."""
        if self.is_loud:  # else `wants_ms` is too old to compare
            if (now_ms - self.wants_ms) & _TO_COME:  # `since` < 0, asked twice a frame
                return False
            if self.is_playing:
                return True
            if since(now_ms, self.wants_ms) >= _LEAD_MS + _AMPLIFIER_MS:
                self._set_amplifier(False)
        return self._i2s is not None

    def write(self, pcm: "array", now_ms: int) -> None:
        """Queue one frame (320 samples, array 'h')."""
        # A burst right behind another finds the other's tail in the queue.
        if not self.is_loud or since(now_ms, self.wants_ms) > _LEAD_MS:
            if self.is_playing:
                self.starved += 1
            self.wants_ms = add(now_ms, -_LEAD_MS)
        if not self.is_loud:
            self._set_amplifier(True)
        self.is_playing = True
        self.wants_ms = add(self.wants_ms, FRAME_MS)
        taken = 0 if self._i2s is None else self._i2s.write(pcm)
        if taken != FRAME_SAMPLES * 2:
            self.cut += 1
        self._part_bytes = (self._part_bytes + taken) % _BLOCK_BYTES

    def rest(self) -> bool:
        """Nothing to play: running dry is no fault now. False when the last block is not full: the
        driver would keep it until the next burst, so it wants another frame of silence."""
        if self._part_bytes >= _STEP_BYTES:
            return False
        self.is_playing = False
        return True

    def _set_amplifier(self, is_on: bool) -> None:
        self.is_loud = is_on
        if self._amplifier is not None:
            self._amplifier.value(1 if is_on else 0)
