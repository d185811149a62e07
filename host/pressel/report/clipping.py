"""Which parts of an input are missing from a recording it was aligned with: edges and gaps.

Judged block by block (10 ms). A block that nobody could hear in the input is neutral. A block is
heard when the recording at that place has its shape (correlation) at a believable level; codec
noise passes easily (IMA-ADPCM never fell below 0.79 on real speech), silence, concealment and
other people's speech do not (1.3 % of unrelated blocks reach the limit by chance).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from .align import LAG_FROM_MS, Alignment, normalised_correlation
from .audibility import BLOCK, BLOCK_MS, audible_blocks, blocks_of
from .timeline import SAMPLES_PER_MS, Samples

SHAPE = 0.7  # least correlation of a heard block
START_SHAPE = 0.9  # least correlation of a frame that is searched for: more places, more chances
START_REACH_MS = 100.0  # a playout that starts too early puts in no more before it plays on
QUIETER = 0.1  # a block 20 dB below the burst's own gain is a fade, not speech
GAP_MS = 100.0  # shorter ones are concealed so well that few people notice
_SILENT_ENERGY = BLOCK * 1e-10
_FRAME_BLOCKS = 2  # a frame of voice is 20 ms


@dataclass(frozen=True)
class Heard:
    """One entry a block of the input: audible at all, heard in the recording, at which lag."""

    audible: NDArray[np.bool_]
    heard: NDArray[np.bool_]
    lag_ms: NDArray[np.float64]
    gain: float  # of the recording over the input; 0 when nothing was found


@dataclass(frozen=True)
class Clipping:
    """Audible input that is not in the recording, in ms. All multiples of one block."""

    start_ms: float
    end_ms: float
    missing_ms: float  # anywhere, the edges included
    gaps_ms: tuple[float, ...]  # each gap over 100 ms between the first and the last heard block


def place_blocks(lag_ms: NDArray[np.float64], recording: Samples) -> Samples:
    """The recording's samples for each block of a source, given each block's lag: (blocks, 160).

    `recording` starts LAG_FROM_MS after the source; what lies outside it is silence.
    """
    first = np.round((lag_ms - LAG_FROM_MS) * SAMPLES_PER_MS).astype(np.int64)
    first += np.arange(len(lag_ms)) * BLOCK
    index = first[:, None] + np.arange(BLOCK)[None, :]
    inside = (index >= 0) & (index < len(recording))
    return np.where(inside, recording[np.clip(index, 0, len(recording) - 1)], 0.0)


def judge_blocks(source: Samples, recording: Samples, alignment: Alignment) -> Heard:
    """Try each block at the lags of the windows around it; keep the best.

    Source and recording as for `align`. Nothing found: every block is unheard.
    """
    blocks = blocks_of(source)
    count = len(blocks)
    audible = audible_blocks(source)
    if not alignment.found or not count:
        return Heard(audible, np.zeros(count, dtype=np.bool_), np.zeros(count), 0.0)
    near = [alignment.lags_near((i + 0.5) * BLOCK_MS) for i in range(count)]
    shape = np.full(count, -1.0)
    gain = np.zeros(count)
    lag = np.array([lags[0] for lags in near])
    for choice in range(max(map(len, near))):
        tried = np.array([lags[min(choice, len(lags) - 1)] for lags in near])
        fit, scale = _fit(blocks, place_blocks(tried, recording))
        # A later choice must be clearly better, so that noise does not scatter the lags.
        better = fit > shape + (0.05 if choice else 0.0)
        shape, gain, lag = (
            np.where(better, fit, shape),
            np.where(better, scale, gain),
            np.where(better, tried, lag),
        )
    like = audible & (shape >= SHAPE)
    usual = float(np.median(gain[like])) if like.any() else 0.0
    heard = _with_company(audible, like & (gain >= QUIETER * usual))
    _find_start(source, recording, Heard(audible, heard, lag, usual))
    return Heard(audible, heard, lag, usual)


def _find_start(source: Samples, recording: Samples, judged: Heard) -> None:
    """Mark as heard, in `judged`, the first words that were played earlier than the rest, whose lag
    no window has: the playout ran dry after a frame or two and put in silence.

    Backwards from the first heard block, a frame (two blocks) at a time, each in the recording
    before the one that follows it; the rest is missing where one is not found.
    """
    found = np.flatnonzero(judged.heard)
    if not len(found):
        return
    lag_ms = float(judged.lag_ms[found[0]])
    for end in range(int(found[0]), 0, -_FRAME_BLOCKS):
        blocks = slice(max(0, end - _FRAME_BLOCKS), end)
        if not judged.audible[blocks].any():
            continue
        frame = source[blocks.start * BLOCK : blocks.stop * BLOCK]
        first = blocks.start * BLOCK + round((lag_ms - LAG_FROM_MS) * SAMPLES_PER_MS)
        begin = max(0, first - round(START_REACH_MS * SAMPLES_PER_MS))
        where = recording[begin : first + len(frame)]
        if len(where) < len(frame):
            return
        fits = normalised_correlation(frame, where)
        at = int(np.argmax(fits))
        played = where[at : at + len(frame)]
        gain = float(frame @ played) / max(float(frame @ frame), _SILENT_ENERGY)
        if fits[at] < START_SHAPE or gain < QUIETER * judged.gain:
            return
        lag_ms -= (first - begin - at) / SAMPLES_PER_MS
        judged.heard[blocks] = judged.audible[blocks]
        judged.lag_ms[blocks] = lag_ms


def _with_company(audible: NDArray[np.bool_], heard: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Keep only heard blocks that have a heard one among the two before or after them: speech comes
    in frames of at least two blocks, a chance fit comes alone. Pauses do not count as blocks
    here."""
    row = np.concatenate(([False] * 2, heard[audible], [False] * 2))
    beside = row[:-4] | row[1:-3] | row[3:-1] | row[4:]
    kept = np.zeros_like(heard)
    kept[audible] = heard[audible] & (beside | (audible.sum() == 1))
    return kept


def _fit(blocks: Samples, played: Samples) -> tuple[Samples, Samples]:
    """Correlation of each pair of rows, and the gain that fits the first onto the second."""
    cross = np.sum(blocks * played, axis=1)
    own = np.maximum(np.sum(blocks**2, axis=1), _SILENT_ENERGY)
    other = np.maximum(np.sum(played**2, axis=1), _SILENT_ENERGY)
    return cross / np.sqrt(own * other), cross / own


def clipping_of(judged: Heard) -> Clipping:
    """Edges and gaps. Nothing audible: all zero. Nothing heard: all is missing at the start."""
    wanted = np.flatnonzero(judged.audible)
    got = np.flatnonzero(judged.heard)
    missing = float((len(wanted) - len(got)) * BLOCK_MS)
    if not len(got):
        return Clipping(missing, 0.0, missing, ())
    start = float(np.sum(wanted < got[0]) * BLOCK_MS)
    end = float(np.sum(wanted > got[-1]) * BLOCK_MS)
    gaps = (_gap_ms(judged, int(a), int(b)) for a, b in pairwise(got))
    return Clipping(start, end, missing, tuple(gap for gap in gaps if gap > GAP_MS))


def _gap_ms(judged: Heard, before: int, after: int) -> float:
    """Between two heard blocks: speech that is lost, and silence that the player put in.

    The speaker's own pauses around the lost part are no gap; those inside it are.
    """
    lost = np.flatnonzero(judged.audible[before + 1 : after])
    unheard = float((lost[-1] - lost[0] + 1) * BLOCK_MS) if len(lost) else 0.0
    return unheard + max(0.0, float(judged.lag_ms[after] - judged.lag_ms[before]))
