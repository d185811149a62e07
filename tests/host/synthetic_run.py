"""Runs without badges, made from real speech: what a listener plays is planted sample by sample.

A burst is sent through a codec like IMA-ADPCM in frames of 20 ms, damaged as a test asks, and
put into a silent speaker timeline at a known lag. So the right answer of every measure is known.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache

import numpy as np
from numpy.typing import NDArray

from pressel.audio.speech import RECORDINGS, SOURCE
from pressel.audio.wav import read_speech
from pressel.report.run import BadgeRun, BadgeStats, BurstRun, ListenerFrames, RunData
from pressel.report.timeline import PcmTimeline

Pcm = NDArray[np.int16]
T0_MS = 4_321_000.25  # of a machine that has been up for a while; not a whole number of samples
SPEECH_AT_MS = 500.0  # after the start of the run
FRAME = 320
Damage = Callable[[Pcm], Pcm]
Hears = tuple[float, Damage] | float | None  # lag in ms, with damage, or nothing played


def speech(name: str) -> Pcm:
    """One of the recordings that come with Pressel."""
    return read_speech(next(r.path for r in RECORDINGS if r.name == name))


def coded(pcm: Pcm) -> Pcm:
    """The error of 4 bit adaptive coding: a step that grows at onsets and shrinks in pauses."""
    return _coded(pcm.tobytes())


@cache
def _coded(data: bytes) -> Pcm:
    pcm = np.frombuffer(data, dtype=np.int16)
    predicted, step = 0.0, 8.0
    out = []
    for sample in pcm.tolist():  # numbers of Python: those of numpy take ten times as long
        level = max(-1.75, min(1.75, round((sample - predicted) / step * 4) / 4))
        predicted = max(-32768.0, min(32767.0, predicted + level * step))
        out.append(predicted)
        step = max(8.0, min(32767.0, step * (0.91 if abs(level) < 1 else 1.2 * abs(level))))
    return np.array(out).astype(np.int16)


def at_level(pcm: Pcm, gain_db: float) -> Pcm:
    return np.round(pcm * 10 ** (gain_db / 20)).astype(np.int16)


def silence(ms: float) -> Pcm:
    return np.zeros(round(ms * 16), dtype=np.int16)


def without(from_ms: float, to_ms: float) -> Damage:
    """A fault: this part of the burst is played as silence. Negative times count from its end."""

    def damage(pcm: Pcm) -> Pcm:
        out = pcm.copy()
        length = len(pcm) / 16
        lo, hi = (t + length if t < 0 else t for t in (from_ms, to_ms))
        out[round(lo * 16) : round(hi * 16)] = 0
        return out

    return damage


def dropped(frames: Sequence[int], repeat: bool = True) -> Damage:
    """A fault: these frames never came; the player repeats the one before, fading."""

    def damage(pcm: Pcm) -> Pcm:
        out = pcm.copy()
        for frame in frames:
            at = frame * FRAME
            fade = np.linspace(0.9, 0.5, FRAME) if repeat else np.zeros(FRAME)
            out[at : at + FRAME] = (out[at - FRAME : at][:FRAME] * fade)[: len(out) - at]
        return out

    return damage


def delayed_from(at_ms: float, by_ms: float) -> Damage:
    """A fault: the jitter buffer puts in (or, negative, takes out) some ms."""

    def damage(pcm: Pcm) -> Pcm:
        at = round(at_ms * 16)
        if by_ms >= 0:
            return np.concatenate((pcm[:at], silence(by_ms), pcm[at:]))
        return np.concatenate((pcm[:at], pcm[at + round(-by_ms * 16) :]))

    return damage


def place(line: Pcm, pcm: Pcm, at_ms: float) -> None:
    """Mix into a timeline, `at_ms` after its start; what does not fit is cut."""
    at = round(at_ms * 16)
    room = line[at : at + len(pcm)]
    mixed = room.astype(np.int32) + pcm[: len(room)]
    room[:] = np.clip(mixed, -32768, 32767).astype(np.int16)


class Scene:
    """A run in the making: badges with silent timelines, bursts spoken into them."""

    def __init__(self, names: Sequence[str] = ("ann", "ben", "cat"), length_ms: float = 12_000):
        self.mics = {name: silence(length_ms) for name in names}
        self.speakers = {name: silence(length_ms) for name in names}
        self.bursts: list[BurstRun] = []
        self.stats: dict[str, BadgeStats] = {}

    def say(
        self,
        talker: str,
        pcm: Pcm,
        *,
        at_ms: float = SPEECH_AT_MS,
        hears: Mapping[str, Hears] | None = None,
        access_ms: float | None = 30.0,
        queued: bool = False,
        text: str = "",
    ) -> BurstRun:
        """Speak into a badge's microphone. `hears`: for each listener its lag in ms, or lag and
        damage, or None for one that plays nothing. Default: all others at 90 ms."""
        place(self.mics[talker], pcm, at_ms)
        played = coded(pcm)
        if hears is None:
            hears = {name: 90.0 for name in self.mics if name != talker}
        for name, how in hears.items():
            if how is None:
                continue
            lag_ms, damage = how if isinstance(how, tuple) else (how, lambda pcm: pcm)
            place(self.speakers[name], damage(played), at_ms + lag_ms)
        frames = -(-len(pcm) // FRAME)
        start = T0_MS + at_ms
        burst = BurstRun(
            talker=talker,
            t_press_ms=start - 20.0,
            t_granted_ms=None if access_ms is None else start - 20.0 + access_ms,
            t_release_ms=start + len(pcm) / 16 + 20.0,
            first_ms=start,
            last_ms=start + len(pcm) / 16,
            frames_sent=frames,
            listeners=tuple(
                ListenerFrames(name, frames if how is not None else 0)
                for name, how in hears.items()
            ),
            queued=queued,
            speech=text,
        )
        self.bursts.append(burst)
        return burst

    def run(self, title: str = "A synthetic run") -> RunData:
        calm = BadgeStats(60_000, 111_000, 6.0, 1.5, 3.0, 0)
        return RunData(
            title=title,
            speech_source=SOURCE,
            started_at=datetime(2024, 5, 17, 9, 30, tzinfo=UTC),
            badges=tuple(
                BadgeRun(
                    name,
                    PcmTimeline(T0_MS, self.mics[name]),
                    PcmTimeline(T0_MS, self.speakers[name]),
                    self.stats.get(name, calm),
                )
                for name in self.mics
            ),
            bursts=tuple(self.bursts),
        )
