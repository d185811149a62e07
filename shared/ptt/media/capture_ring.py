"""Speech that has not been sent yet: coded frames between the microphone and the packets.

It fills from the press on, while the leader still decides, so that the first word is not lost;
it knows nothing of floors or sockets. When it is full, or others have all of the store, the oldest
frame goes, counted.
"""

from array import array

from ..base import features
from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES
from . import dsp

if TYPE_CHECKING:
    from .frame_store import FrameStore


class CaptureRing:
    """At most `frames` coded frames of `store`, first in, first out."""

    def __init__(self, frames: int, store: "FrameStore") -> None:
        self._frames = frames
        self._store = store
        self._places = bytearray(frames)  # in the store
        self._coder = array("i", [0] * dsp.IMA_STATE_INTS)
        self._head = 0
        self.count = 0  # frames waiting
        self.dropped = 0  # frames of this burst that found no room

    def clear(self) -> None:
        """Start a burst."""
        for place in range(dsp.IMA_BURST_INTS):
            self._coder[place] = 0
        while self.count:
            self.drop()
        self.dropped = 0

    def push(self, pcm: "array") -> None:
        """Code and keep one frame (320 samples, array 'h')."""
        store = self._store
        if self.count == self._frames or not store.free:
            self.dropped += 1
            if not self.count:
                return
            self.drop()
        place = store.take()
        self._places[(self._head + self.count) % self._frames] = place
        dsp.ima_encode(self._coder, pcm, store.data, place * ADPCM_FRAME_BYTES)
        self.count += 1

    def copy_into(self, out: bytearray, at: int, index: int) -> int:
        """Copy a frame, the oldest is 0, to `out` from `at`; returns the offset behind it."""
        offset = self._places[(self._head + index) % self._frames] * ADPCM_FRAME_BYTES
        dsp.copy(out, at, self._store.data, offset, ADPCM_FRAME_BYTES)
        return at + ADPCM_FRAME_BYTES

    if features.HAS_SMOOTH_PLAYOUT:

        def mark(self, index: int, mark: int) -> None:
            """Write into the fourth byte of a frame, the oldest is 0, what it is; 0: speech."""
            place = self._places[(self._head + index) % self._frames]
            self._store.data[place * ADPCM_FRAME_BYTES + 3] = mark

        def marked(self, index: int) -> int:
            """What was written there."""
            place = self._places[(self._head + index) % self._frames]
            return self._store.data[place * ADPCM_FRAME_BYTES + 3]

    def drop(self) -> None:
        """Let the oldest frame go."""
        self._store.give(self._places[self._head])
        self._head = (self._head + 1) % self._frames
        self.count -= 1
