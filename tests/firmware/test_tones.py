"""Tones: notes of the right pitch and length, alone and with speech, which they do not change."""

from __future__ import annotations

from array import array
from typing import Any

import numpy as np
import pytest
from tests.firmware.conftest import Load

from pressel.docs.indication_tables import notes
from ptt.badge import indications
from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ


@pytest.fixture
def tones(firmware: Load) -> Any:
    return firmware("app.tones").Tones(is_silent=False)


def played(tones: Any, tone: int) -> np.ndarray:
    tones.play(tone)
    frames = []
    while tones.is_playing:
        frames.append(np.array(tones.mix(None)))
    return np.concatenate(frames)


def hertz(pcm: np.ndarray) -> float:
    spectrum = np.abs(np.fft.rfft(pcm * np.hanning(len(pcm)), 1 << 16))
    return float(np.argmax(spectrum)) * RATE_HZ / (1 << 16)


@pytest.mark.parametrize("tone", range(len(indications.TONES[0])))
def test_a_tone_is_its_notes(tones: Any, tone: int) -> None:
    pcm = played(tones, tone)
    at = 0
    for pitch, length_ms, permille in notes(tone):
        note = pcm[at : at + length_ms * RATE_HZ // 1000]
        at += len(note)
        if pitch == 0:
            assert not note.any()
            continue
        assert abs(hertz(note) - pitch) < 0.03 * pitch + 5
        assert np.max(np.abs(note)) == pytest.approx(permille * 32.767, rel=0.03)
    assert not pcm[at:].any()
    assert len(pcm) - at < FRAME_SAMPLES


def test_notes_begin_and_end_softly(tones: Any) -> None:
    pcm = played(tones, indications.TONE_DENY)
    loud = np.max(np.abs(pcm))
    end = int(np.flatnonzero(pcm)[-1])
    assert np.max(np.abs(pcm[:32])) <= loud / 2 + 1
    assert np.max(np.abs(pcm[end - 20 : end])) <= loud / 2 + 1


def test_speech_goes_on_under_a_tone(tones: Any) -> None:
    speech = array("h", range(-160, 160))
    tones.play(indications.TONE_QUEUE)
    alone = np.array(tones.mix(None))
    tones.play(indications.TONE_QUEUE)
    both = np.array(tones.mix(speech))
    assert np.array_equal(both - alone, np.array(speech))
    assert list(speech) == list(range(-160, 160))


def test_a_sum_that_is_too_loud_is_cut_and_does_not_turn_over(tones: Any) -> None:
    speech = array("h", [32000] * FRAME_SAMPLES)
    tones.play(indications.TONE_DENY)
    assert max(tones.mix(speech)) == 32767
    assert min(tones.mix(speech)) > 0


def test_a_new_tone_takes_the_place_of_the_old(tones: Any) -> None:
    tones.play(indications.TONE_LOST)
    tones.mix(None)
    assert np.array_equal(
        played(tones, indications.TONE_DENY), played(tones, indications.TONE_DENY)
    )


def test_a_silent_badge(firmware: Load) -> None:
    made = firmware("app.tones").Tones(is_silent=True)
    made.play(indications.TONE_GRANT)
    assert not made.is_playing
