"""Tells the voices in one recording apart: which of them are there, and which at once.

A listener's speaker may hold the burst in question, and, when the floor was broken, somebody
else's speech over it. Each voice that is found is taken out, block by block, before the next is
searched or judged, so that a loud one does not hide a soft one. Then each 20 ms is explained by
both together: it holds two voices when neither can be left out.

Knows microphones and one recording, not who held the floor.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from .align import LAG_FROM_MS, LAG_TO_MS, Alignment, align
from .audibility import BLOCK, audible_blocks, audio_between, blocks_of
from .clipping import Heard, judge_blocks
from .timeline import SAMPLES_PER_MS, PcmTimeline, Samples

_PAIR = 2  # blocks judged together: two voices need more samples than one
_PAIR_MS = 20.0
_SHARE = 0.1  # of the energy must be lost without a voice for it to count as heard (-10 dB)
_EXPLAINED = 0.35  # of the energy may stay unexplained by the two together
_RUN = 2  # pairs in a row; a single one happens by chance
_SILENT_ENERGY = _PAIR * BLOCK * 1e-9
_ROUNDS = 3  # each knows more exactly the voices that the one before has found
_ALIKE = 0.95  # two voices with this correlation cannot be told apart
# The search covers what others said this long before and after the burst: their voice may be played
# during it with the largest lag, and more of a voice is easier to find.
_AROUND_MS = LAG_TO_MS


@dataclass(frozen=True)
class Listening:
    """One burst in one recording: where it is, what of it is heard, and who else is, in ms."""

    aligned: Alignment
    judged: Heard
    overlaps_ms: dict[str, float]


@dataclass(frozen=True)
class _Voice:
    """A voice where the recording should have it: the input's audible blocks at gain 1."""

    starts: list[int]  # sample of the recording at which each block begins
    blocks: Samples  # (blocks, 160)
    heard: list[bool]  # one a block
    gain: float

    def as_played(self, length: int) -> Samples:
        out = np.zeros(length)
        for start, block in zip(self.starts, self.blocks, strict=True):
            out[start : start + BLOCK] = block
        return out

    def taken_out_of(self, played: Samples) -> Samples:
        """The recording without what is heard of this voice, block by block."""
        out = played.copy()
        for start, block, heard in zip(self.starts, self.blocks, self.heard, strict=True):
            if heard:
                there = out[start : start + BLOCK]
                gain = float(there @ block) / float(block @ block)
                there -= min(max(gain, 0.0), 2 * self.gain) * block
        return out


def listen(
    spoken: Samples, from_ms: float, recording: PcmTimeline, others: Mapping[str, PcmTimeline]
) -> Listening:
    """Find the burst `spoken` (high-passed, starting at `from_ms`) in a recording, and with it the
    other microphones' voices."""
    to_ms = from_ms + len(spoken) / SAMPLES_PER_MS
    others_from = from_ms - _AROUND_MS
    played = audio_between(recording, others_from + LAG_FROM_MS, to_ms + _AROUND_MS + LAG_TO_MS)
    spoken_at = round(_AROUND_MS * SAMPLES_PER_MS)
    speech = {
        name: sound
        for name, microphone in others.items()
        if audible_blocks(sound := audio_between(microphone, others_from, to_ms + _AROUND_MS)).any()
    }
    voices: dict[str, _Voice] = {}

    def find_own() -> tuple[Alignment, Heard, _Voice]:
        aligned, judged = _find(spoken, _without(played, voices)[spoken_at:])
        return aligned, judged, _voice(spoken, spoken_at, judged, len(played))

    aligned, judged, own = find_own()
    for _ in range(_ROUNDS):
        known = set(voices)
        for name, sound in speech.items():
            others_out = _without(played, {n: v for n, v in voices.items() if n != name})
            found, placed = _find(sound, own.taken_out_of(others_out))
            voices.pop(name, None)
            if found.found:
                voices[name] = _voice(sound, 0, placed, len(played))
        if voices:
            aligned, judged, own = find_own()
        if known == set(voices):
            break
    overlaps = {name: _both_ms(own, voice, played) for name, voice in sorted(voices.items())}
    return Listening(aligned, judged, {name: ms for name, ms in overlaps.items() if ms > 0})


def _find(source: Samples, recording: Samples) -> tuple[Alignment, Heard]:
    recording = recording[: len(source) + round((LAG_TO_MS - LAG_FROM_MS) * SAMPLES_PER_MS)]
    aligned = align(source, recording)
    return aligned, judge_blocks(source, recording, aligned)


def _voice(source: Samples, source_at: int, judged: Heard, length: int) -> _Voice:
    blocks = blocks_of(source)
    starts = source_at + np.arange(len(blocks)) * BLOCK
    starts += np.round((judged.lag_ms - LAG_FROM_MS) * SAMPLES_PER_MS).astype(np.int64)
    keep = judged.audible & (starts >= 0) & (starts <= length - BLOCK)
    return _Voice(starts[keep].tolist(), blocks[keep], judged.heard[keep].tolist(), judged.gain)


def _without(played: Samples, voices: Mapping[str, _Voice]) -> Samples:
    for voice in voices.values():
        played = voice.taken_out_of(played)
    return played


def _both_ms(one: _Voice, other: _Voice, played: Samples) -> float:
    """Sum of the runs of 20 ms that need both voices to be explained."""
    size = _PAIR * BLOCK
    count = len(played) // size
    a, b, y = (
        signal[: count * size].reshape(count, size)
        for signal in (one.as_played(len(played)), other.as_played(len(played)), played)
    )
    both = np.array([_needs_both(*rows) for rows in zip(a, b, y, strict=True)], dtype=np.int8)
    edges = np.flatnonzero(np.diff(both, prepend=0, append=0))
    runs = edges[1::2] - edges[::2]
    return float(runs[runs >= _RUN].sum() * _PAIR_MS)


def _needs_both(first: Samples, second: Samples, played: Samples) -> bool:
    """Least squares of 20 ms on two voices: is the fit good, and bad without either?"""
    aa, bb, yy = first @ first, second @ second, played @ played
    ab, ay, by = first @ second, first @ played, second @ played
    det = aa * bb - ab * ab
    if min(aa, bb, yy) < _SILENT_ENERGY or det < (1 - _ALIKE**2) * aa * bb:
        return False
    gain_a, gain_b = (ay * bb - by * ab) / det, (by * aa - ay * ab) / det
    if gain_a <= 0 or gain_b <= 0:
        return False
    left = yy - gain_a * ay - gain_b * by
    without_either = min(yy - by * by / bb, yy - ay * ay / aa)
    return bool(left <= _EXPLAINED * yy and without_either - left >= _SHARE * yy)
