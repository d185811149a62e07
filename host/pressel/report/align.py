"""Where, and how late, an input is heard in a recording.

Both are cut into windows; each window of the input is searched in the recording by normalised
cross-correlation, and the path through the windows that explains them best with the fewest
jumps of the lag is taken. A single window of a vowel fits at every pitch period; a path does
not, and it still follows a jitter buffer that moves its delay between two words.

Knows two signals and a range of lags. Nothing of bursts, badges or targets.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from .audibility import BLOCK_MS, audible_blocks
from .timeline import SAMPLES_PER_MS, Samples

WINDOW_MS = 200  # a syllable: long enough to be told from another one
HOP_MS = 100
# A negative lag is impossible, so seeing one means that two clocks disagree. The upper end is
# ten times the mouth-to-ear target, and the longest stall a change of leader may cause.
LAG_FROM_MS = -50.0
LAG_TO_MS = 1_500.0

MIN_AUDIBLE_MS = 40  # a window with less speech than this says nothing
MATCH = 0.6  # a window correlating below this is taken as not heard
_MISSED = 0.5  # what a window that is not heard scores in a path
_JUMP = 0.25  # what a jump of the lag costs: less than one wrong window does
_SAME_LAG_MS = 1.0  # drift and single slipped samples are no jump
_CANDIDATES = 8
_HYPOTHESES = 24
# Quieter than this (about -80 dBFS) a stretch of recording is silence; without the floor the
# normalisation would make a perfect match out of rounding noise.
_SILENT_POWER = 1e-8
# Two windows in a row can fit unrelated speech at one lag by accident, but not this well; three
# need less. Measured: unrelated speech reaches 0.62 in 5 % of windows, each at its own lag.
_STRONG, _FAIR = 0.85, 0.65


@dataclass(frozen=True)
class Alignment:
    """Windows of the input that were found: their middle, their lag, how well they fit.

    `window_ms` is relative to the start of the input. `windows` counts those worth looking for.
    """

    window_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    lag_ms: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    correlation: NDArray[np.float64] = field(default_factory=lambda: np.zeros(0))
    windows: int = 0

    @property
    def found(self) -> bool:
        return len(self.lag_ms) > 0

    def lags_near(self, at_ms: float, count: int = 4) -> list[float]:
        """The lags of the windows nearest to a time in the input, each once, nearest first."""
        order = np.argsort(np.abs(self.window_ms - at_ms), kind="stable")[:count]
        return list(dict.fromkeys(float(self.lag_ms[i]) for i in order))


def running_power(recording: Samples) -> Samples:
    """The energy before each sample, and that of all."""
    return np.concatenate(([0.0], np.cumsum(recording**2)))


def normalised_correlation(
    window: Samples, recording: Samples, power: Samples | None = None
) -> Samples:
    """Correlation in -1..1 of the window at every offset of the recording that holds it whole.
    `power`: the recording's `running_power`, or a part of a longer one's."""
    from scipy import fft  # half a second of loading, only where it is needed

    n, offsets = len(window), len(recording) - len(window) + 1
    size = fft.next_fast_len(len(recording), real=True)  # what wraps around holds no window whole
    heard, sought = np.asarray(fft.rfft(recording, size)), np.asarray(fft.rfft(window, size))
    raw = np.asarray(fft.irfft(heard * sought.conj(), size))[:offsets]
    power = running_power(recording) if power is None else power
    energy = np.maximum(power[n:] - power[:-n], n * _SILENT_POWER)
    own = max(float(window @ window), n * _SILENT_POWER)
    return np.clip(raw / np.sqrt(own * energy), -1.0, 1.0)


def align(source: Samples, recording: Samples, lag_from_ms: float = LAG_FROM_MS) -> Alignment:
    """Find `source` in `recording`.

    Both are 16 kHz, high-passed alike. `recording` starts `lag_from_ms` after the source's own
    start (so before it, when negative), and its extra length is the range of lags searched.
    Not found at all: an Alignment without windows.
    """
    spans = _audible_windows(source)
    if not spans or len(recording) < len(source):
        return Alignment(windows=len(spans))
    coarse = int(np.argmax(normalised_correlation(source, recording)))
    spare = len(recording) - len(source)
    power = running_power(recording)
    paths = [_Path(0.0, None, ())]
    for lo, hi in spans:
        end = hi + spare
        fits = normalised_correlation(source[lo:hi], recording[lo:end], power[lo : end + 1])
        paths = _extend(paths, _candidates(fits, coarse))
    steps = max(paths, key=lambda path: path.score).steps
    return _alignment(spans, steps, lag_from_ms)


def _audible_windows(source: Samples) -> list[tuple[int, int]]:
    """Sample ranges of the windows worth looking for; one for all of a short source."""
    audible = audible_blocks(source)
    per_window = WINDOW_MS // BLOCK_MS
    starts = range(0, max(1, len(audible) - per_window + 1), HOP_MS // BLOCK_MS)
    need = min(MIN_AUDIBLE_MS // BLOCK_MS, max(1, int(audible.sum())))
    block = BLOCK_MS * SAMPLES_PER_MS
    return [
        (s * block, min(s + per_window, len(audible)) * block)
        for s in starts
        if audible[s : s + per_window].sum() >= need
    ]


_Step = tuple[int, float] | None  # lag in samples and fit; None: this window was not heard


@dataclass(frozen=True)
class _Path:
    """A guess at the whole burst so far. `lag` is the last one seen, in samples."""

    score: float
    lag: int | None
    steps: tuple[_Step, ...]


def _candidates(fits: Samples, coarse: int) -> list[tuple[int, float]]:
    """The best few peaks, and the best place near the lag of the burst as a whole."""
    from scipy.signal import find_peaks

    peaks, _ = find_peaks(fits, height=_MISSED / 2)
    best = peaks[np.argsort(fits[peaks])[::-1][:_CANDIDATES]]
    near = max(0, coarse - 5 * SAMPLES_PER_MS)
    around = fits[near : coarse + 5 * SAMPLES_PER_MS]
    lags = {int(i) for i in best} | {near + int(np.argmax(around))}
    return [(lag, float(fits[lag])) for lag in lags]


def _extend(paths: list[_Path], candidates: list[tuple[int, float]]) -> list[_Path]:
    """Every path with every candidate of the next window, the best path for each lag kept. Only
    these are made: of hundreds of others nothing but the score is needed."""
    best: dict[int | None, tuple[float, _Path, _Step]] = {}
    same = round(_SAME_LAG_MS * SAMPLES_PER_MS)
    for path in paths:
        score, at = path.score + _MISSED, path.lag
        if at not in best or score > best[at][0]:
            best[at] = (score, path, None)
        for lag, fit in candidates:
            score = path.score + fit
            if at is not None and abs(lag - at) > same:
                score -= _JUMP
            if lag not in best or score > best[lag][0]:
                best[lag] = (score, path, (lag, fit))
    kept = sorted(best.items(), key=lambda item: -item[1][0])[:_HYPOTHESES]
    return [_Path(score, lag, (*path.steps, step)) for lag, (score, path, step) in kept]


def _alignment(
    spans: list[tuple[int, int]], steps: tuple[_Step, ...], lag_from_ms: float
) -> Alignment:
    seen = [(s, step) for s, step in zip(spans, steps, strict=True) if step and step[1] >= MATCH]
    middles = np.array([(lo + hi) / 2 / SAMPLES_PER_MS for (lo, hi), _ in seen])
    lags = np.array([lag_from_ms + step[0] / SAMPLES_PER_MS for _, step in seen])
    fits = np.array([step[1] for _, step in seen])
    if not _believable(lags, fits, len(spans)):
        return Alignment(windows=len(spans))
    return Alignment(middles, lags, fits, len(spans))


def _believable(lags: Samples, fits: Samples, windows: int) -> bool:
    """Do enough windows agree on one lag, and well enough, to be more than chance?"""
    for lag in lags:
        agreeing = fits[np.abs(lags - lag) <= _SAME_LAG_MS]
        if len(agreeing) >= 3 and agreeing.mean() >= _FAIR:
            return True
        if len(agreeing) >= min(2, windows) and agreeing.mean() >= _STRONG:
            return True
    return False
