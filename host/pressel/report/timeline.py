"""A PCM timeline: samples whose first one has a known time on the run's monotonic clock.

What a microphone heard or a speaker played from `t0_ms` on, without holes. Knows nothing of
bursts or badges; everything outside the recorded span reads as silence.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]  # full scale is +-1.0
Pcm = NDArray[np.int16]

RATE_HZ = 16_000  # the only rate a badge speaks
SAMPLES_PER_MS = RATE_HZ // 1000
FULL_SCALE = 32_768.0


@dataclass(frozen=True)
class PcmTimeline:
    """Mono int16 samples at 16 kHz; sample i was (or is to be) in the air at t0_ms + i / 16."""

    t0_ms: float
    pcm: Pcm

    def __post_init__(self) -> None:
        if self.pcm.ndim != 1 or self.pcm.dtype != np.int16:
            raise ValueError(
                f"a timeline is one row of int16 samples, not {self.pcm.dtype}{self.pcm.shape}"
            )

    @classmethod
    def from_file(cls, path: str | Path, t0_ms: float) -> PcmTimeline:
        """Read a raw s16le mono file; a half sample at its end (a killed writer) is left out.

        Raises OSError when the file cannot be read.
        """
        data = Path(path).read_bytes()
        return cls(t0_ms, np.frombuffer(data[: len(data) // 2 * 2], dtype="<i2").astype(np.int16))

    @property
    def end_ms(self) -> float:
        return self.t0_ms + len(self.pcm) / SAMPLES_PER_MS

    def pcm_between(self, from_ms: float, to_ms: float) -> Pcm:
        """int16 of [from_ms, to_ms), zeros where nothing was recorded; empty if to <= from."""
        length = max(0, round((to_ms - from_ms) * SAMPLES_PER_MS))
        first = round((from_ms - self.t0_ms) * SAMPLES_PER_MS)
        out = np.zeros(length, dtype=np.int16)
        lo, hi = max(0, first), min(len(self.pcm), first + length)
        if lo < hi:
            out[lo - first : hi - first] = self.pcm[lo:hi]
        return out

    def between(self, from_ms: float, to_ms: float) -> Samples:
        """The same as float64 with full scale +-1.0."""
        return self.pcm_between(from_ms, to_ms) / FULL_SCALE
