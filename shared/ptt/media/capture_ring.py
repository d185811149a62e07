"""What was said and is not sent yet: coded frames between the microphone and the packets.

It fills from the press on, while the leader still decides, so that the first word is not lost;
it knows nothing of floors or sockets. When it is full the oldest frame goes, counted.
"""

from array import array

from ..numbers import ADPCM_FRAME_BYTES
from . import dsp


class CaptureRing:
    """At most `frames` coded frames, first in, first out."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._store = bytearray(frames * ADPCM_FRAME_BYTES)
        self._view = memoryview(self._store)
        self._coder = array("i", [0] * dsp.IMA_STATE_INTS)
        self._head = 0
        self.count = 0  # frames waiting
        self.dropped = 0  # frames of this burst that found no room

    def clear(self) -> None:
        """Start a burst."""
        for place in range(dsp.IMA_BURST_INTS):
            self._coder[place] = 0
        self._head = 0
        self.count = 0
        self.dropped = 0

    def push(self, pcm: "array") -> None:
        """Code and keep one frame (320 samples, array 'h')."""
        if self.count == self._frames:
            self._head = (self._head + 1) % self._frames
            self.count -= 1
            self.dropped += 1
        slot = (self._head + self.count) % self._frames
        dsp.ima_encode(self._coder, pcm, self._store, slot * ADPCM_FRAME_BYTES)
        self.count += 1

    def pop_into(self, out: bytearray, at: int) -> int:
        """Move the oldest frame to `out` from `at`; returns the offset behind it."""
        dsp.copy(out, at, self._store, self._head * ADPCM_FRAME_BYTES, ADPCM_FRAME_BYTES)
        self._head = (self._head + 1) % self._frames
        self.count -= 1
        return at + ADPCM_FRAME_BYTES
