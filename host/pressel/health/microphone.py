"""What is wrong with the sound of a badge's microphone, by samples of what it has sent: cut off at
full scale, with wind or rubbing cloth in it, drowned in noise, hum or hiss, or silent. It keeps
counts, and nothing of what was said."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median
from typing import NamedTuple, Protocol

from ptt.base.numbers import FRAME_SAMPLES
from ptt.microphone.filters import CLIPPED, LEVEL, LOW, SHARP, STATE_INTS, high_pass

FRAMES_MIN = 60  # sampled: some ten seconds of talk; less is a shout or a gust
FRAMES_MAX = 300  # then what is older counts half: a microphone that was mended is well again
LEVEL_MIN = 48_000  # a frame's sum: 150 a sample. What is softer is a pause
MOMENTS_MAX = 50  # of which pauses between words are some
MOMENTS_MIN = 20
SILENT_MIN_S = 10  # of talk without a word: a pause for breath or thought is far shorter
_PAUSES = 0.2  # of them at least: who talks stops for breath
_WORDS = 0.8  # of them are softer than most words
_FULL = 32768
_RMS = 1.25  # of the mean magnitude of noise
_CLIPPED_SAMPLES = 3  # at full scale in a frame: one alone may be the speech's own
_WINDY = 3  # times as much below voices as in them; a deep voice has as much at most
_LOUD = 0.1  # of the frames of speech: one word in ten is cut off
NOISY_DB = 9  # words louder than what is between them; 14 and more where all pauses are left out
_STEADY = 0.6  # the least by the most of low sound in a moment: gusts 0.3, voices 0.5, hum 0.7
_HUM = 1.0  # times as much below voices as in them, between words
_HISS = 1.2  # a step between samples by a sample: white noise has 1.4, what a kitchen does 0.9
_WIND = 0.2  # gusts come and go, and loud words hide them; speech alone has a tenth at most

SILENT = "its microphone gives no sound, or nobody speaks while its button is pressed"
LOUD = "its microphone is driven too hard"
WIND = "wind at its microphone, or cloth that rubs on it"
NOISE = "loud noise around its microphone"
HUM = "a loud hum at its microphone"
HISS = "its microphone hisses loudly"
NOISES = {"": NOISE, "hum": HUM, "hiss": HISS}


class Told(Protocol):
    """What a microphone is judged by: `Microphone`, or what a leader reports of one."""

    @property
    def spoken(self) -> int: ...
    @property
    def clipped_percent(self) -> int: ...
    @property
    def windy_percent(self) -> int: ...
    @property
    def silent_s(self) -> int: ...
    @property
    def above_noise_db(self) -> int | None: ...
    @property
    def noise(self) -> str: ...


class _Moment(NamedTuple):
    """Sums of its softest frame: in the range of voices, below it, and of steps between samples;
    `loudest` of its loudest one; `steady`: of what is below voices, the least by the most."""

    softest: int
    low: int
    sharp: int
    loudest: int
    steady: float


@dataclass
class Microphone:
    """Counts of sampled frames: `spoken` are not still, and of these are `clipped` and `windy`;
    `silent_s` are the moments, one in a second of talk, since anything was heard."""

    spoken: int = 0
    clipped: int = 0
    windy: int = 0
    silent_s: int = 0
    moments: deque[_Moment] = field(default_factory=lambda: deque(maxlen=MOMENTS_MAX))

    def hear(self, frames: Iterable[bytes]) -> None:
        """A moment: the samples of some frames, one after the other; the first settles the
        filters."""
        state = array("i", [0] * STATE_INTS)
        sums: list[tuple[int, int, int]] = []
        before = self.spoken
        for number, frame in enumerate(frames):
            pcm = array("h", frame)
            if not number:
                state[0] = (sum(pcm) // FRAME_SAMPLES) << 8  # a constant is no step
            high_pass(state, pcm)
            if not number:
                continue
            sums.append((state[LEVEL], state[LOW], state[SHARP]))
            if state[LEVEL] + state[LOW] < LEVEL_MIN:
                continue
            self.spoken += 1
            self.clipped += state[CLIPPED] >= _CLIPPED_SAMPLES
            self.windy += state[LOW] > _WINDY * state[LEVEL]
        if sums:
            lows = [low for _, low, _ in sums]
            self.moments.append(_Moment(*min(sums), max(sums)[0], min(lows) / max(*lows, 1)))
            self.silent_s = self.silent_s + 1 if self.spoken == before else 0
        if self.spoken > FRAMES_MAX:
            self.spoken, self.clipped, self.windy = (
                self.spoken // 2, self.clipped // 2, self.windy // 2
            )  # fmt: skip

    @property
    def clipped_percent(self) -> int:
        return 100 * self.clipped // self.spoken if self.spoken else 0

    @property
    def noise_dbfs(self) -> int | None:
        """What is heard between words, in dB of full scale; None before enough was heard."""
        if len(self.moments) < MOMENTS_MIN:
            return None
        return round(_db(self._between_words() * _RMS / FRAME_SAMPLES / _FULL))

    @property
    def above_noise_db(self) -> int | None:
        """How much louder words are than what is heard between them; None as above."""
        if len(self.moments) < MOMENTS_MIN:
            return None
        words = _rank(sorted(each.loudest for each in self.moments), _WORDS)
        return round(_db(max(words, 1) / self._between_words()))

    @property
    def noise(self) -> str:
        """Of `NOISES`: what it sounds like between words."""
        if not self.moments:
            return ""
        between = sorted(self.moments)[: max(1, len(self.moments) // 2)]
        is_steady = median(each.steady for each in self.moments) >= _STEADY
        if is_steady and median(e.low / max(e.softest, 1) for e in between) >= _HUM:
            return "hum"
        hisses = median(e.sharp / max(e.softest, 1) for e in between) >= _HISS
        return "hiss" if hisses else ""

    def _between_words(self) -> int:
        return max(_rank(sorted(each.softest for each in self.moments), _PAUSES), 1)

    @property
    def windy_percent(self) -> int:
        return 100 * self.windy // self.spoken if self.spoken else 0


def trouble(told: Told) -> str:
    """Why it is hard to understand or not heard at all, in words; "" for nothing, or for too little
    speech."""
    if told.silent_s >= SILENT_MIN_S:
        return SILENT
    if told.spoken < FRAMES_MIN:
        return ""
    if told.windy_percent >= 100 * _WIND:  # a hum at 50 Hz is as low, and steady
        return HUM if told.noise == "hum" else WIND
    if told.clipped_percent >= 100 * _LOUD:
        return LOUD
    if told.above_noise_db is not None and told.above_noise_db <= NOISY_DB:
        return NOISES.get(told.noise, NOISE)
    return ""


def _rank(found: list[int], share: float) -> int:
    return found[min(round(share * len(found)), len(found) - 1)]


def _db(ratio: float) -> float:
    return 20 * math.log10(ratio)
