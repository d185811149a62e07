"""What a microphone heard or a speaker played, as a virtual badge wrote it down."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class Recording:
    """`pcm`: mono int16 at `rate_hz`; its first sample was in the air at `t0_ms` (monotonic)."""

    t0_ms: float
    rate_hz: int
    pcm: NDArray[np.int16]


def read_recording(file: Path, t0_ms: float, rate_hz: int) -> Recording:
    """Reads what is there so far, except half a sample at the end of the file."""
    data = file.read_bytes()
    return Recording(t0_ms, rate_hz, np.frombuffer(data[: len(data) & ~1], "<i2"))
