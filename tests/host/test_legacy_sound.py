"""An app's packets of any rate become frames of 20 ms at 16 kHz, whole and on time."""

from __future__ import annotations

import numpy as np
import pytest
import soxr

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from pressel.legacy.sound import Cutter, samples_of
from pressel.report.quality import stoi_of
from ptt.base.numbers import FRAME_SAMPLES

RATES = [8_000, 11_025, 16_000, 22_050, 44_100]
LATE_FRAMES_MAX = 3  # the resampler's delay and a frame that is not full yet


def packets_of(pcm: np.ndarray, rate_hz: int) -> list[bytes]:
    own = soxr.resample(pcm, 16_000, rate_hz, quality="VHQ") if rate_hz != 16_000 else pcm
    size = int(rate_hz * 0.02)
    data = np.ascontiguousarray(own).astype("<i2")
    return [data[at : at + size].tobytes() for at in range(0, len(data) - size + 1, size)]


@pytest.fixture(scope="module")
def speech() -> np.ndarray:
    return read_speech(RECORDINGS[1].path)[: 3 * 16_000]


@pytest.mark.parametrize("rate_hz", RATES)
def test_speech_of_any_rate_is_understood(rate_hz: int, speech: np.ndarray) -> None:
    cutter = Cutter(None)
    cutter.begin()
    frames, packets = [], packets_of(speech, rate_hz)
    for number, packet in enumerate(packets, 1):
        frames += cutter.feed(packet)
        spoken = int(number * len(packet) / 2 * 16_000 / rate_hz / FRAME_SAMPLES)
        assert spoken - LATE_FRAMES_MAX <= len(frames) <= spoken + 1
    frames += cutter.finish()
    assert cutter.rate_hz == rate_hz
    assert {len(frame) for frame in frames} == {FRAME_SAMPLES}
    heard = np.concatenate([np.asarray(frame) for frame in frames])[: len(speech)] / 32_768
    score = stoi_of(speech[: len(heard)] / 32_768, heard)
    assert score.value is not None
    assert score.value > 0.95


@pytest.mark.parametrize(("size", "rate_hz"), [(440, 11_025), (441, 11_025), (442, 11_025)])
def test_11_khz_is_known_by_any_rounding(size: int, rate_hz: int) -> None:
    cutter = Cutter(None)
    cutter.begin()
    cutter.feed(bytes(size))
    assert cutter.rate_hz == rate_hz


def test_at_16_khz_samples_stay_as_they_are() -> None:
    cutter = Cutter(None)
    cutter.begin()
    pcm = np.arange(-320, 320, dtype="<i2")
    frames = cutter.feed(pcm[:320].tobytes()) + cutter.feed(pcm[320:].tobytes())
    assert b"".join(map(samples_of, frames)) == pcm.tobytes()


def test_an_odd_trailing_byte_is_dropped() -> None:
    cutter = Cutter(16_000)
    cutter.begin()
    pcm = np.arange(320, dtype="<i2").tobytes()
    (frame,) = cutter.feed(pcm + b"\x7f")
    assert samples_of(frame) == pcm
    assert cutter.feed(b"\x7f") == []


def test_a_size_that_says_nothing_keeps_the_rate_of_the_burst_before() -> None:
    cutter = Cutter(None)
    cutter.begin()
    cutter.feed(bytes(882))
    cutter.finish()
    cutter.feed(bytes(100))
    assert cutter.rate_hz == 22_050
    cutter.feed(bytes(640))
    assert cutter.rate_hz == 16_000


def test_the_first_packet_decides_for_the_burst() -> None:
    cutter = Cutter(None)
    cutter.begin()
    cutter.feed(bytes(640))
    cutter.feed(bytes(320))
    assert cutter.rate_hz == 16_000


def test_a_rate_that_is_told_is_not_guessed() -> None:
    cutter = Cutter(48_000)
    cutter.begin()
    cutter.feed(bytes(640))
    assert cutter.rate_hz == 48_000


def test_nothing_said_is_no_frame() -> None:
    cutter = Cutter(None)
    cutter.begin()
    assert cutter.finish() == []
    assert cutter.feed(b"") == []
    assert cutter.finish() == []
