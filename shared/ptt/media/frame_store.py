"""Where coded frames lie while they wait, to be sent or to be heard: one place a frame.

A badge talks or listens. Memory for both at once, and for the burst that may follow, would lie
idle, so whoever keeps frames takes places here and gives them back.
"""

from ..base.numbers import ADPCM_FRAME_BYTES


class FrameStore:
    """`frames` places of 164 bytes in `data`, named by their number; `free` of them are to have."""

    def __init__(self, frames: int) -> None:
        self.data = bytearray(frames * ADPCM_FRAME_BYTES)
        self.free = frames
        self._places = bytearray(range(frames))  # the first `free` of them are to have

    def take(self) -> int:
        """A place, which must be free to have."""
        self.free -= 1
        return self._places[self.free]

    def give(self, place: int) -> None:
        """It is not needed any more; what lies there stays until the next `take`."""
        self._places[self.free] = place
        self.free += 1
