"""Frames to try coders with: speech, and loud, soft, silent and cruel frames, always the same."""

from __future__ import annotations

import math
import random
from array import array
from pathlib import Path

from pressel.audio import wav
from ptt.base.numbers import FRAME_SAMPLES

ROOT = Path(__file__).resolve().parents[2]
SPEECH = ROOT / "host" / "pressel" / "audio" / "speech"


def frame(values: list[int]) -> array[int]:
    return array("h", [max(-32768, min(32767, value)) for value in values])


def speech(file: str = "amiable.wav", first: int = 0, count: int = 12) -> list[array[int]]:
    """Frames of a recording from number `first` on."""
    samples = array("h", wav.read_speech(SPEECH / file).tobytes())
    starts = range(first * FRAME_SAMPLES, len(samples) - FRAME_SAMPLES + 1, FRAME_SAMPLES)
    return [samples[at : at + FRAME_SAMPLES] for at in starts][:count]


def cruel() -> list[array[int]]:
    """What drives coders against their limits."""
    chance = random.Random(5)
    every = range(FRAME_SAMPLES)
    return [
        frame([chance.randint(-32768, 32767) for _ in every]),
        frame([chance.choice((-32768, 32767)) for _ in every]),
        frame([32767 * (-1) ** (n // 40) for n in every]),
        frame([-32768 for _ in every]),
        frame([32767 for _ in every]),
        frame([0 for _ in every]),
        frame([chance.randint(-8, 8) for _ in every]),
        frame([round(32767 * math.sin(n * 0.7)) for n in every]),
        frame([round(20 * math.sin(n * 0.05)) for n in every]),
        frame([chance.randint(-3000, 3000) for _ in every]),
        frame([chance.randint(-32768, 32767) * (n > 200) for n in every]),
        frame([round(28000 * math.sin(n * n * 0.004)) for n in every]),
    ]


def frames() -> list[array[int]]:
    return speech(first=20, count=10) + cruel() + speech("leisure.wav", 100, 6)


def noise_bytes(count: int, seed: int = 3) -> bytes:
    return random.Random(seed).randbytes(count)
