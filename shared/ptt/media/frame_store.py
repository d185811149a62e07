"""Where coded frames wait to be sent or to be heard: one place per frame.

A badge talks or listens. Memory for both at once, and for the burst that may follow, would lie
idle, so all who keep frames take places here and give them back.
"""

from ..base.numbers import ADPCM_FRAME_BYTES


class FrameStore:
    """`frames` places of 164 bytes in `data`, named by number; `free` counts those not in use."""

    def __init__(self, frames: int) -> None:
        self.data = bytearray(frames * ADPCM_FRAME_BYTES)
        self.free = frames
        self._places = bytearray(range(frames))  # the first `free` of them are free

    def take(self) -> int:
        """Take a place; one must be free."""
        self.free -= 1
        return self._places[self.free]

    def give(self, place: int) -> None:
        """Give a place back; its content stays until the next `take`."""
        self._places[self.free] = place
        self.free += 1
