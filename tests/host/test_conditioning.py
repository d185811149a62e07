"""The conditioner on recordings, and on noises made to published spectra."""

from __future__ import annotations

import math
from array import array

import numpy as np
import pytest
from tests.bench.noises import NOISES, RATE_HZ, mixed, wind

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from ptt.base.numbers import FRAME_SAMPLES
from ptt.microphone.conditioner import Conditioner


def conditioned(sound: np.ndarray) -> tuple[Conditioner, np.ndarray, list[float]]:
    """The conditioner, what it made of `sound`, and its strength in dB after each frame."""
    conditioner = Conditioner()
    made = array("h")
    strengths_db = []
    whole = np.clip(sound, -32768, 32767).astype(np.int16)
    for at in range(0, len(whole) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        frame = array("h", whole[at : at + FRAME_SAMPLES].tobytes())
        conditioner.hear(frame, True)
        made += frame
        strengths_db.append(20 * math.log10(conditioner.strength_q12 / 4096))
    return conditioner, np.frombuffer(made, np.int16), strengths_db


def spoken() -> np.ndarray:
    """6 s by two readers."""
    return np.concatenate([read_speech(each.path) for each in RECORDINGS[1::2]]).astype(np.float64)


def test_recordings_of_readers_stay_nearly_as_loud_and_are_in_order() -> None:
    conditioner, made, strengths_db = conditioned(spoken())
    assert max(map(abs, strengths_db)) < 4
    assert np.abs(made.astype(int)).max() <= 23_100
    assert (conditioner.clipped, conditioner.windy) == (0, 0)


@pytest.mark.parametrize("change_db", [-12, 8])
def test_soft_and_loud_talkers_come_near_each_other(change_db: int) -> None:
    speech = spoken()
    _, usual, _ = conditioned(speech)
    _, made, _ = conditioned(speech * 10 ** (change_db / 20))
    late = slice(len(speech) // 2, None)
    apart_db = 20 * math.log10(made[late].astype(float).std() / usual[late].astype(float).std())
    assert abs(apart_db) < 5


@pytest.mark.parametrize("noise", list(NOISES))
def test_noise_alone_is_not_lifted(noise: str) -> None:
    sound = 300 * NOISES[noise](4 * RATE_HZ, np.random.default_rng(1))
    conditioner, _, strengths_db = conditioned(sound)
    assert max(strengths_db) < 2
    assert conditioner.windy == 0


@pytest.mark.parametrize("noise", list(NOISES))
def test_speech_in_noise_neither_pumps_nor_counts_as_wind(noise: str) -> None:
    conditioner, _, strengths_db = conditioned(mixed(spoken(), noise, 10, 1))
    assert conditioner.windy == 0
    second = strengths_db[50:]
    assert max(second) - min(second) < 6


def test_waves_of_speech_stay_what_they_are() -> None:
    """Listeners' measures compare waves, and a steep filter turns those of deep voices."""
    speech = spoken()
    _, made, _ = conditioned(speech)
    alike = [
        np.corrcoef(speech[at : at + 160], made[at : at + 160])[0, 1]
        for at in range(0, len(made), 160)
        if speech[at : at + 160].std() > 200
    ]
    assert np.percentile(alike, 5) > 0.8


def test_wind_is_told_and_does_not_change_the_strength() -> None:
    sound = 3_000 * wind(4 * RATE_HZ, np.random.default_rng(1))
    conditioner, made, strengths_db = conditioned(sound)
    assert conditioner.windy > 0.9 * conditioner.talked
    assert max(map(abs, strengths_db)) < 1
    assert made.astype(float).std() < 0.5 * np.clip(sound, -32768, 32767).std()


def test_what_was_cut_off_before_it_came_is_told() -> None:
    conditioner, _, _ = conditioned(spoken() * 8)
    assert conditioner.clipped > 0.02 * conditioner.talked
