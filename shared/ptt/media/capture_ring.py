"""Speech that has not been sent yet: coded frames between the microphone and the packets.

It fills from the press on, while the leader still decides, so that the first word is not lost;
it knows nothing of floors or sockets. When it is full, or others have all of the store, the oldest
frame goes, counted.
"""

from array import array

from ..base import features
from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from . import dsp

if TYPE_CHECKING:
    from typing import Any

    from .codecs import Codec, Codecs, Coder
    from .frame_store import FrameStore


class CaptureRing:
    """At most `frames` coded frames of `store`, first in, first out."""

    def __init__(self, frames: int, store: "FrameStore") -> None:
        self._frames = frames
        self._store = store
        self._places = bytearray(frames)  # in the store
        if features.HAS_SMOOTH_PLAYOUT:
            from .codecs import IMA

            self.codec = IMA  # what the kept frames are in
            self._coders: dict[int, Coder] = {}  # by codec, as they are needed
            self._coder = self._coder_of(IMA)
            self._sound: list[array] | None = None  # as it was heard; the ring's places take turns
        else:
            self._state = array("i", [0] * dsp.IMA_STATE_INTS)
        self._head = 0
        self.count = 0  # frames waiting
        self.dropped = 0  # frames of this burst that found no room

    def clear(self) -> None:
        """Start a burst."""
        if features.HAS_SMOOTH_PLAYOUT:
            self._coder.begin()
        else:
            for place in range(dsp.IMA_BURST_INTS):
                self._state[place] = 0
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
        if features.HAS_SMOOTH_PLAYOUT:
            if self._sound is not None:
                slot = (self._head + self.count) % self._frames % len(self._sound)
                self._voice_dsp.move(self._sound[slot], 0, pcm, 0, FRAME_SAMPLES)
            self._coder.encode(pcm, store.data, place * ADPCM_FRAME_BYTES)
        else:
            dsp.ima_encode(self._state, pcm, store.data, place * ADPCM_FRAME_BYTES)
        self.count += 1

    def copy_into(self, out: bytearray, at: int, index: int) -> int:
        """Copy a frame, the oldest is 0, to `out` from `at`; returns the offset behind it."""
        offset = self._places[(self._head + index) % self._frames] * ADPCM_FRAME_BYTES
        size = ADPCM_FRAME_BYTES
        if features.HAS_SMOOTH_PLAYOUT:
            size = self.codec.frame_bytes
        dsp.copy(out, at, self._store.data, offset, size)
        return at + size

    if features.HAS_SMOOTH_PLAYOUT:

        def keep_sound(self, frames: int) -> None:
            """Keep what was heard as well, 640 bytes a frame, to code it anew when the floor comes
            with another codec than was thought and the ring has `frames` at most, of which its size
            is a multiple."""
            from . import voice_dsp  # where its machine code is put, if any

            self._voice_dsp: Any = voice_dsp
            assert self._frames % frames == 0, "places of two frames that are kept would meet"
            size = 2 * FRAME_SAMPLES
            self._sound = [array("h", bytes(size)) for _ in range(frames)]

        def prepare(self, codecs: "Codecs") -> None:
            """Make the coders now: later there may be no memory."""
            for codec in codecs:
                self._coder_of(codec)

        def change_to(self, codec: "Codec") -> bool:
            """From now on code in `codec`, what is kept included; False: that cannot be coded
            anew here, and the burst stays in the codec that it has."""
            if codec is self.codec:
                return True
            sound = self._sound
            if self.count and (sound is None or self.count > len(sound)):
                return False
            self.codec = codec
            self._coder = self._coder_of(codec)
            self._coder.begin()
            for index in range(self.count):
                slot = (self._head + index) % self._frames
                assert sound is not None
                at = self._places[slot] * ADPCM_FRAME_BYTES
                self._coder.encode(sound[slot % len(sound)], self._store.data, at)
            return True

        def _coder_of(self, codec: "Codec") -> "Coder":
            coder = self._coders.get(codec.number)
            if coder is None:
                coder = self._coders[codec.number] = codec.coder()
            return coder

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
