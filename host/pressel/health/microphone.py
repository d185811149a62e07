"""What is wrong with the sound of a badge's microphone, by samples of what it has sent: cut off at
full scale, with wind, rubbing cloth or hum in it, or silent. It keeps counts, and nothing of what
was said."""

from __future__ import annotations

import math
from array import array
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field

from ptt.base.numbers import FRAME_SAMPLES
from ptt.microphone.filters import CLIPPED, LEVEL, LOW, STATE_INTS, high_pass

FRAMES_MIN = 60  # sampled: some ten seconds of talk; less is a shout or a gust
FRAMES_MAX = 300  # then what is older counts half: a microphone that was mended is well again
LEVEL_MIN = 48_000  # a frame's sum: 150 a sample. What is softer is a pause
SOFTEST_MAX = 50  # moments, of which pauses between words are some
SOFTEST_MIN = 20
SILENT_MIN_S = 10  # of talk without a word: a pause for breath or thought is far shorter
_PAUSES = 0.2  # of them at least: who talks stops for breath
_FULL = 32768
_RMS = 1.25  # of the mean magnitude of noise
_CLIPPED_SAMPLES = 3  # at full scale in a frame: one alone may be the speech's own
_WINDY = 3  # times as much below voices as in them; a deep voice has as much at most
_LOUD = 0.1  # of the frames of speech: one word in ten is cut off
_WIND = 0.2  # gusts come and go, and loud words hide them; speech alone has a tenth at most

SILENT = "its microphone gives no sound, or nobody speaks while its button is pressed"
LOUD = "its microphone is driven too hard"
WIND = "wind at its microphone, or cloth that rubs on it"


@dataclass
class Microphone:
    """Counts of sampled frames: `spoken` are not still, and of these are `clipped` and `windy`;
    `softest` are the sums of the softest frame of each moment; `silent_s` are the moments, one in a
    second of talk, since anything was heard."""

    spoken: int = 0
    clipped: int = 0
    windy: int = 0
    silent_s: int = 0
    softest: deque[int] = field(default_factory=lambda: deque(maxlen=SOFTEST_MAX))

    def hear(self, frames: Iterable[bytes]) -> None:
        """A moment: the samples of some frames, one after the other; the first settles the
        filters."""
        state = array("i", [0] * STATE_INTS)
        softest: int | None = None
        before = self.spoken
        for number, frame in enumerate(frames):
            pcm = array("h", frame)
            if not number:
                state[0] = (sum(pcm) // FRAME_SAMPLES) << 8  # a constant is no step
            high_pass(state, pcm)
            if not number:
                continue
            softest = state[LEVEL] if softest is None else min(softest, state[LEVEL])
            if state[LEVEL] + state[LOW] < LEVEL_MIN:
                continue
            self.spoken += 1
            self.clipped += state[CLIPPED] >= _CLIPPED_SAMPLES
            self.windy += state[LOW] > _WINDY * state[LEVEL]
        if softest is not None:
            self.softest.append(softest)
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
        if len(self.softest) < SOFTEST_MIN:
            return None
        level = sorted(self.softest)[round(_PAUSES * len(self.softest))]
        return round(20 * math.log10(max(level, 1) * _RMS / FRAME_SAMPLES / _FULL))

    @property
    def windy_percent(self) -> int:
        return 100 * self.windy // self.spoken if self.spoken else 0


def trouble(spoken: int, clipped_percent: int, windy_percent: int, silent_s: int = 0) -> str:
    """Why it is hard to understand or not heard at all, in words; "" for nothing, or for too little
    speech."""
    if silent_s >= SILENT_MIN_S:
        return SILENT
    if spoken < FRAMES_MIN:
        return ""
    if windy_percent >= 100 * _WIND:
        return WIND
    return LOUD if clipped_percent >= 100 * _LOUD else ""
