"""Noises of venues, made to published spectra: whoever has no recordings of a kitchen can make one.

Each is stationary noise of a third-octave spectrum, made to come and go as in its place. All are
16 kHz, floats, mean square 1, and the same for the same seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float64]

RATE_HZ = 16_000
_BANDS_HZ = (100, 125, 160, 200, 250, 315, 400, 500, 630, 800, 1000, 1250, 1600, 2000, 2500,
             3150, 4000, 5000, 6300, 8000)  # fmt: skip
# Level of each third octave, dB. Hoth's room noise, as of ITU-T P.800, is a density: a third octave
# is wider by 1 dB from each to the next.
_HOTH = (32.4, 30.9, 29.1, 27.6, 26.0, 24.4, 22.7, 21.1, 19.5, 17.8, 16.2, 14.6, 12.9, 11.3, 9.6,
         7.8, 5.4, 2.6, -1.3, -6.6)  # fmt: skip
# Speech of many people (Byrne et al. 1994, long-term average).
_SPEECH = (54.4, 57.7, 56.8, 60.2, 60.3, 59.0, 62.1, 62.1, 60.5, 56.8, 53.7, 53.0, 52.0, 48.7, 48.1,
           46.8, 45.6, 44.5, 44.3, 43.7)  # fmt: skip
# Road traffic (EN 1793-3), its A-weighting taken off again; as flat below and above its bands.
_TRAFFIC = (-0.9, -3.9, -4.6, -5.1, -6.4, -7.4, -8.2, -8.8, -9.1, -8.2, -8.0, -9.6, -11.0, -12.2,
            -14.3, -16.2, -17.0, -18.5, -20.0, -22.0)  # fmt: skip
_GUST_HZ = 0.7  # wind comes and goes within a second or two


def shaped(levels: tuple[float, ...], count: int, chance: np.random.Generator) -> Samples:
    """Stationary noise with these third-octave levels."""
    white = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    density = np.array(levels) - 10 * np.log10(np.array(_BANDS_HZ))
    gain = np.interp(np.log(np.maximum(hertz, 20)), np.log(_BANDS_HZ), density)
    return _even(np.fft.irfft(white * 10 ** (gain / 20), count))


def _even(sound: Samples) -> Samples:
    return sound / np.sqrt(np.mean(sound**2))


def _slow(hertz: float, count: int, chance: np.random.Generator) -> Samples:
    """Noise below `hertz`, mean square 1: how something comes and goes."""
    spectrum = np.fft.rfft(chance.standard_normal(count))
    spectrum[np.fft.rfftfreq(count, 1 / RATE_HZ) > hertz] = 0
    return _even(np.fft.irfft(spectrum, count))


def fan(count: int, chance: np.random.Generator) -> Samples:
    """A room with nobody in it."""
    levels = tuple(level + step for step, level in enumerate(_HOTH))
    return shaped(levels, count, chance)


def kitchen(count: int, chance: np.random.Generator) -> Samples:
    """A hood, and three times a second something of steel or china."""
    sound = fan(count, chance)
    for at in chance.integers(0, count, max(1, 3 * count // RATE_HZ)):
        length = min(count - at, RATE_HZ // 4)
        time = np.arange(length) / RATE_HZ
        for hertz in chance.uniform(1_500, 6_500, 4):
            ring = np.sin(2 * np.pi * hertz * time) * np.exp(-time / chance.uniform(0.01, 0.06))
            sound[at : at + length] += ring * chance.uniform(0.5, 3)
    return _even(sound)


def hall(count: int, chance: np.random.Generator) -> Samples:
    """Many people talk: each of eight comes and goes by the syllable."""
    voices = [shaped(_SPEECH, count, chance) * np.abs(_slow(4, count, chance)) for _ in range(8)]
    return _even(np.sum(voices, axis=0))


def street(count: int, chance: np.random.Generator) -> Samples:
    """Cars pass: 6 dB louder and softer within some seconds."""
    passing = 10 ** (6 * _slow(0.3, count, chance) / 20)
    return _even(shaped(_TRAFFIC, count, chance) * passing)


def wind(count: int, chance: np.random.Generator) -> Samples:
    """At a microphone without a shield: falls by 26 dB a decade, in gusts."""
    white = np.fft.rfft(chance.standard_normal(count))
    hertz = np.fft.rfftfreq(count, 1 / RATE_HZ)
    white *= (np.maximum(hertz, 20) / 20) ** -1.3
    gusts = np.maximum(0.1, 0.5 + _slow(_GUST_HZ, count, chance))
    return _even(np.fft.irfft(white, count) * gusts)


NOISES: dict[str, Callable[[int, np.random.Generator], Samples]] = {
    "fan": fan,
    "kitchen": kitchen,
    "hall": hall,
    "street": street,
}


def mixed(speech: Samples, noise: str, ratio_db: float, seed: int) -> NDArray[np.int16]:
    """`speech` (float, of int16's range) in a noise so many dB below it."""
    sound = NOISES[noise](len(speech), np.random.default_rng(seed))
    level = np.sqrt(np.mean(speech**2)) * 10 ** (-ratio_db / 20)
    return np.clip(np.round(speech + level * sound), -32768, 32767).astype(np.int16)
