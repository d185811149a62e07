"""Which parts of an input are missing from a recording it was aligned with: edges and gaps.

Judged block by block (10 ms). A block that nobody could hear in the input is neutral. A block is
heard when the recording at that place has its shape (correlation) at a believable level; codec
noise passes easily (IMA-ADPCM never fell below 0.79 on real speech), silence, concealment and
other people's speech do not (1.3 % of unrelated blocks reach the limit by chance).
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise, zip_longest

import numpy as np
from numpy.typing import NDArray

from .align import LAG_FROM_MS, Alignment, normalised_correlation
from .audibility import BLOCK, BLOCK_MS, audible_blocks, blocks_of
from .timeline import SAMPLES_PER_MS, Samples

SHAPE = 0.7  # least correlation of a heard block
EDGE_SHAPE = 0.9  # least correlation of a frame that is searched for: more places, more chances
_PERIODS_DIFFER = 0.05  # in correlation, at most, the periods of a vowel
EDGE_REACH_MS = 100.0  # a playout that runs dry puts in no more before it plays on
EDGE_SHORTENED_MS = 16.0  # one that is late leaves out a period of the voice, 62.5 Hz at the lowest
QUIETER = 0.1  # a block 20 dB below the burst's own gain is a fade, not speech
GAP_MS = 100.0  # shorter ones are concealed so well that few people notice
_SILENT_ENERGY = BLOCK * 1e-10
_FRAME_BLOCKS = 2  # a frame of voice is 20 ms
# A period after the other may be left out, and each blends a frame; as much may be missing between
# two heard blocks.
_SEAM_FRAMES_MAX = 5


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
    _find_edges(source, recording, Heard(audible, heard, lag, usual))
    return Heard(audible, heard, lag, usual)


def _find_edges(source: Samples, recording: Samples, judged: Heard) -> None:
    """Mark as heard, in `judged`, the first words and the last that were played with another delay
    than the rest, which no window has. The playout ran dry and put in silence: the first came
    earlier, or the last later. Or it was late and left out a period of the voice.

    From the first and the last heard block outwards, a frame (two blocks) at a time, each in the
    recording beyond the one before it. A few frames may be unlike: the seam, where two delays
    fade into each other. Beyond a seam of more than one, two frames in a row must be found at one
    delay, as a single one may fit by chance. Else all that lies beyond is missing.
    """
    found = np.flatnonzero(judged.heard)
    if not len(found):
        return
    count = len(judged.heard)
    before = [
        slice(max(0, at - _FRAME_BLOCKS), at) for at in range(int(found[0]), 0, -_FRAME_BLOCKS)
    ]
    after = [
        slice(at, min(count, at + _FRAME_BLOCKS))
        for at in range(int(found[-1]) + 1, count, _FRAME_BLOCKS)
    ]
    _follow(before, True, float(judged.lag_ms[found[0]]), (source, recording), judged)
    _follow(after, False, float(judged.lag_ms[found[-1]]), (source, recording), judged)


def _follow(
    frames: list[slice],
    is_before: bool,
    lag_ms: float,
    sound: tuple[Samples, Samples],
    judged: Heard,
) -> None:
    """Mark `frames`, ranges of blocks, as long as each is found at the lag of the one before it, or
    within reach of it; in each frame of the seam between the two a period may have been left
    out, too. `is_before`: they lie before what is heard."""
    seam = 0  # frames in a row that are not found
    for blocks, beyond in zip_longest(frames, frames[1:]):
        if not judged.audible[blocks].any():
            continue
        where = blocks
        if seam > 1 and beyond is not None:
            where = slice(min(blocks.start, beyond.start), max(blocks.stop, beyond.stop))
        shortened_ms = EDGE_SHORTENED_MS * (1 + seam)
        reach_ms = (-EDGE_REACH_MS, shortened_ms) if is_before else (-shortened_ms, EDGE_REACH_MS)
        found_ms = _found_at(where, lag_ms, reach_ms, sound, judged.gain)
        if found_ms is None:
            seam += 1
            if seam > _SEAM_FRAMES_MAX:
                return
            continue
        seam = 0
        lag_ms = found_ms
        judged.heard[blocks] = judged.audible[blocks]
        judged.lag_ms[blocks] = lag_ms


def _found_at(
    blocks: slice,
    lag_ms: float,
    reach_ms: tuple[float, float],
    sound: tuple[Samples, Samples],
    usual: float,
) -> float | None:
    """The lag of the source's `blocks`, `lag_ms` or within `reach_ms` of it; None: not there."""
    source, recording = sound
    frame = source[blocks.start * BLOCK : blocks.stop * BLOCK]
    expected = blocks.start * BLOCK + round((lag_ms - LAG_FROM_MS) * SAMPLES_PER_MS)
    least, most = (round(each * SAMPLES_PER_MS) for each in reach_ms)
    begin = max(0, expected + least)
    where = recording[begin : expected + most + len(frame)]
    same = expected - begin
    if expected < 0 or len(where) < same + len(frame):
        return None
    fits = normalised_correlation(frame, where)
    at = same if fits[same] >= SHAPE else _nearest_peak(fits, same)
    if at is None:
        return None
    played = where[at : at + len(frame)]
    gain = float(frame @ played) / max(float(frame @ frame), _SILENT_ENERGY)
    return lag_ms + (at - same) / SAMPLES_PER_MS if gain >= QUIETER * usual else None


def _nearest_peak(fits: Samples, same: int) -> int | None:
    """A vowel fits at each of its periods, nearly as well: the one that moves it least is meant."""
    floor = max(EDGE_SHAPE, float(fits.max()) - _PERIODS_DIFFER)
    padded = np.concatenate(([-1.0], fits, [-1.0]))
    is_peak = (fits >= floor) & (fits >= padded[:-2]) & (fits >= padded[2:])
    peaks = np.flatnonzero(is_peak)
    return int(peaks[np.argmin(np.abs(peaks - same))]) if len(peaks) else None


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
