"""What was said and is not sent yet: coded frames between the microphone and the packets.

It fills from the press on, while the leader still decides, so that the first word is not lost;
it knows nothing of floors or sockets. When it is full the oldest frame goes, counted.
"""

from ..compat import TYPE_CHECKING
from ..numbers import ADPCM_FRAME_BYTES
from .adpcm import Encoder

if TYPE_CHECKING:
    from array import array


class CaptureRing:
    """At most `frames` coded frames, first in, first out."""

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._store = bytearray(frames * ADPCM_FRAME_BYTES)
        self._view = memoryview(self._store)
        self._encoder = Encoder()
        self._head = 0
        self.count = 0  # frames waiting
        self.dropped = 0  # frames of this burst that found no room

    def clear(self) -> None:
        """Start a burst."""
        self._encoder.reset()
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
        self._encoder.encode(pcm, self._store, slot * ADPCM_FRAME_BYTES)
        self.count += 1

    def pop_into(self, out: bytearray, at: int) -> int:
        """Move the oldest frame to `out` from `at`; returns the offset behind it."""
        source = self._head * ADPCM_FRAME_BYTES
        store = self._store
        n = 0
        while n < ADPCM_FRAME_BYTES:  # byte by byte: a slice would allocate
            out[at + n] = store[source + n]
            n += 1
        self._head = (self._head + 1) % self._frames
        self.count -= 1
        return at + ADPCM_FRAME_BYTES
