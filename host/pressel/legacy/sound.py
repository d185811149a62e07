"""An app's voice packets as frames of 320 samples at 16 kHz.

The rate is not on the wire: the operator sets it, or the size of the packets, which hold 20 ms,
tells it.
"""

from __future__ import annotations

from array import array

import numpy as np
import soxr
from numpy.typing import NDArray

from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ

from .limits import RATE_HZ_OF_BYTES, VOICE_RATE_HZ

Frame = array  # array("h") of FRAME_SAMPLES

_EMPTY = np.zeros(0, np.int16)


class Cutter:
    """Cuts one app's bursts into frames; `rate_hz` None: told from the size of its packets."""

    def __init__(self, rate_hz: int | None) -> None:
        self._told_hz = rate_hz
        self.rate_hz = rate_hz or VOICE_RATE_HZ  # of this burst, or the last one
        self._is_known = False  # the rate of this burst
        self._resampler: soxr.ResampleStream | None = None
        self._rest = _EMPTY  # less than a frame

    def begin(self) -> None:
        """A burst starts."""
        self._rest = _EMPTY
        self._is_known = False
        self._resampler = None

    def feed(self, sound: bytes) -> list[Frame]:
        """The frames that are complete with the samples of one packet; an odd byte is dropped."""
        if not self._is_known:
            self._learn_rate(len(sound))
        pcm = np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.int16)
        return self._cut(self._resample(pcm, is_last=False))

    def finish(self) -> list[Frame]:
        """The rest of the burst, its last frame filled up with silence."""
        if self._resampler is not None:
            frames = self._cut(self._resample(_EMPTY, is_last=True))
        else:
            frames = []
        if len(self._rest):
            frames += self._cut(np.zeros(FRAME_SAMPLES - len(self._rest), np.int16))
        self.begin()
        return frames

    def _learn_rate(self, size_bytes: int) -> None:
        """The first packet with the size of 20 ms decides for the burst."""
        rate_hz = self._told_hz or RATE_HZ_OF_BYTES.get(size_bytes)
        if rate_hz is not None:
            self._is_known = True
            if rate_hz != self.rate_hz:
                self.rate_hz = rate_hz
                self._resampler = None

    def _resample(self, pcm: NDArray[np.int16], is_last: bool) -> NDArray[np.int16]:
        if self.rate_hz == RATE_HZ:
            return pcm
        if self._resampler is None:
            # With a fixed ratio the library works in blocks of up to 120 ms; with a variable one
            # it is 11 to 30 ms late and, by PESQ, as good.
            self._resampler = soxr.ResampleStream(
                self.rate_hz, RATE_HZ, 1, dtype="int16", quality="HQ", vr=True
            )
        return self._resampler.resample_chunk(pcm, last=is_last)

    def _cut(self, pcm: NDArray[np.int16]) -> list[Frame]:
        joined = np.concatenate([self._rest, pcm])
        whole = len(joined) // FRAME_SAMPLES * FRAME_SAMPLES
        self._rest = joined[whole:]
        return [
            array("h", joined[at : at + FRAME_SAMPLES].tobytes())
            for at in range(0, whole, FRAME_SAMPLES)
        ]


def samples_of(frame: Frame) -> bytes:
    """A frame as the old app wants it: 16-bit little endian."""
    return np.asarray(frame).astype("<i2").tobytes()


SILENCE = array("h", bytes(FRAME_SAMPLES * 2))
