"""From a run's sound and logs to figures: one Burst for each burst, one Badge for each badge.

Judges nothing (see verdict.py) and writes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from .align import LAG_FROM_MS, LAG_TO_MS
from .audibility import BLOCK_MS, audible_blocks, audio_between
from .burst import Badge, Burst, Gaps, Listener, Spread
from .clipping import Clipping, clipping_of, place_blocks
from .codec import codec_alone
from .overlap import Listening, listen
from .quality import Score, pesq_of, stoi_of
from .run import BadgeRun, BurstRun, ListenerFrames, RunData
from .timeline import FULL_SCALE, Pcm, PcmTimeline, Samples


def spread(values: Iterable[float]) -> Spread:
    """p50 and p95 by linear interpolation, rounded to 0.1."""
    row = np.fromiter(values, dtype=np.float64)
    if not len(row):
        return Spread()
    p50, p95 = (round(float(np.percentile(row, p)), 1) for p in (50, 95))
    return Spread(p50=p50, p95=p95, n=len(row))


def measure_bursts(run: RunData, *, scored: bool = True) -> list[Burst]:
    """Without STOI and PESQ, which take most of the time, unless `scored`. Raises ValueError when a
    burst names a badge that the run does not have."""
    return [
        _measure_burst(run, number, burst, scored) for number, burst in enumerate(run.bursts, 1)
    ]


def measure_badges(run: RunData) -> list[Badge]:
    return [Badge(name=badge.name, **vars(badge.stats)) for badge in run.badges]


def _measure_burst(run: RunData, number: int, burst: BurstRun, scored: bool) -> Burst:
    zero_ms, _ = run.span_ms
    talker = run.badge(burst.talker)
    from_ms, to_ms = burst.judged_ms
    spoken = audio_between(talker.microphone, from_ms, to_ms)
    listeners = [
        _measure_listener(run, burst, frames, spoken, scored) for frames in burst.listeners
    ]
    echo = listen(spoken, from_ms, talker.speaker, {})
    lags = [lag for listener in listeners for lag in listener.lags_ms]
    waited = None if burst.t_granted_ms is None else burst.t_granted_ms - burst.t_press_ms
    return Burst(
        number=number,
        talker=burst.talker,
        speech=burst.speech,
        queued=burst.queued,
        press_at_ms=round(burst.t_press_ms - zero_ms, 1),
        granted_at_ms=None if waited is None else round(burst.t_press_ms + waited - zero_ms, 1),
        release_at_ms=round(burst.t_release_ms - zero_ms, 1),
        access_ms=None if waited is None or burst.queued else round(waited, 1),
        queue_wait_ms=None if waited is None or not burst.queued else round(waited, 1),
        audible=bool(audible_blocks(spoken).any()),
        frames_sent=burst.frames_sent,
        mouth_to_ear_ms=spread(lags),
        pesq_codec=_codec_score(talker.microphone.pcm_between(from_ms, to_ms)) if scored else None,
        hears_itself_ms=float(echo.judged.heard.sum() * BLOCK_MS),
        listeners=listeners,
    )


def _measure_listener(
    run: RunData, burst: BurstRun, frames: ListenerFrames, spoken: Samples, scored: bool
) -> Listener:
    from_ms, _ = burst.judged_ms
    speaker = run.badge(frames.name).speaker
    others = {b.name: b.microphone for b in run.badges if b.name != burst.talker}
    heard = listen(spoken, from_ms, speaker, others)
    clipping = clipping_of(heard.judged) if heard.aligned.found else None
    stoi = pesq = Score(None, "was not asked for")
    if scored:
        stoi, pesq = _quality(burst, heard, run.badge(burst.talker), speaker)
    return Listener(
        name=frames.name,
        reached=heard.aligned.found,
        heard=frames.heard,
        concealed=frames.concealed,
        late=frames.late,
        lost=frames.lost,
        mouth_to_ear_ms=spread(heard.aligned.lag_ms.tolist()),
        lags_ms=[round(lag, 2) for lag in heard.aligned.lag_ms.tolist()],
        clipped_start_ms=clipping.start_ms if clipping else None,
        clipped_end_ms=clipping.end_ms if clipping else None,
        missing_ms=clipping.missing_ms if clipping else None,
        gaps_over_100ms=_gaps(clipping),
        overlap_ms=max(heard.overlaps_ms.values(), default=0.0),
        overlap_with=list(heard.overlaps_ms),
        stoi=stoi.value,
        stoi_reason=stoi.reason,
        pesq=pesq.value,
        pesq_reason=pesq.reason,
    )


def _codec_score(said: Pcm) -> float | None:
    """PESQ of the codec with nothing in between; both sides scaled alike."""
    if not said.any():
        return None
    return pesq_of(said / FULL_SCALE, codec_alone(said) / FULL_SCALE).value


def _gaps(clipping: Clipping | None) -> Gaps:
    if clipping is None:
        return Gaps()
    return Gaps(count=len(clipping.gaps_ms), total_ms=round(sum(clipping.gaps_ms), 1))


def _quality(
    burst: BurstRun, heard: Listening, talker: BadgeRun, speaker: PcmTimeline
) -> tuple[Score, Score]:
    """Of the unfiltered sound: what was said against what was played, block by block in place."""
    if not heard.aligned.found:
        nothing = Score(None, "the speech was not found in the recording")
        return nothing, nothing
    from_ms, to_ms = burst.judged_ms
    said = talker.microphone.between(from_ms, to_ms)
    played = speaker.between(from_ms + LAG_FROM_MS, to_ms + LAG_TO_MS)
    placed = place_blocks(heard.judged.lag_ms, played).reshape(-1)
    said = said[: len(placed)]
    return stoi_of(said, placed), pesq_of(said, placed)
