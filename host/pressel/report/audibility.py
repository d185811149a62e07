"""What of a signal can be heard, and so be judged: block levels and the audible floor.

The unit of judgement is a block of 10 ms: short enough to say where a word was cut, long enough
for a level. Rumble and the constant offset of a cheap microphone are filtered out first,
because both would count as sound that nobody hears.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from .timeline import RATE_HZ, SAMPLES_PER_MS, PcmTimeline, Samples

BLOCK_MS = 10
BLOCK = BLOCK_MS * SAMPLES_PER_MS

# Speech spans some 30 dB between its vowels and its weakest consonants; what lies further below
# the loudest block is breath and room, and a codec may lose it without anybody noticing.
AUDIBLE_BELOW_LOUDEST_DB = 35.0
# Below this even the loudest block is no speech: about 20 steps of a 16 bit sample.
AUDIBLE_FLOOR_DBFS = -65.0

_HIGH_PASS_HZ = 80.0  # below any voice
_SETTLING_MS = 50.0  # the filter's own transient at 80 Hz has died away by then
_SILENCE = 1e-12  # keeps log10 and divisions finite; -120 dBFS


def audio_between(timeline: PcmTimeline, from_ms: float, to_ms: float) -> Samples:
    """High-passed samples of [from_ms, to_ms), the filter settled on what came before."""
    from scipy.signal import sosfilt  # takes a second to load: not for a reader of limits

    filtered = sosfilt(_high_pass(), timeline.between(from_ms - _SETTLING_MS, to_ms))
    return np.asarray(filtered, dtype=np.float64)[round(_SETTLING_MS * SAMPLES_PER_MS) :]


@functools.cache
def _high_pass() -> NDArray[np.float64]:
    from scipy.signal import butter

    return np.asarray(butter(2, _HIGH_PASS_HZ, "highpass", fs=RATE_HZ, output="sos"), np.float64)


def blocks_of(signal: Samples) -> NDArray[np.float64]:
    """The signal as rows of one block each; an unfinished last block is left out."""
    return signal[: len(signal) // BLOCK * BLOCK].reshape(-1, BLOCK)


def level_dbfs(blocks: NDArray[np.float64]) -> NDArray[np.float64]:
    """RMS level of each row, dB relative to full scale."""
    return 10 * np.log10(np.mean(blocks**2, axis=1) + _SILENCE)


def audible_blocks(signal: Samples) -> NDArray[np.bool_]:
    """One flag a block of 10 ms: can a listener be expected to hear it?"""
    levels = level_dbfs(blocks_of(signal))
    if not len(levels):
        return np.zeros(0, dtype=np.bool_)
    floor = max(AUDIBLE_FLOOR_DBFS, float(levels.max()) - AUDIBLE_BELOW_LOUDEST_DB)
    return levels >= floor
