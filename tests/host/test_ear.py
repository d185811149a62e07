"""What a leader knows of microphones: from a moment of speech now and then, and nothing else of
it."""

from __future__ import annotations

import asyncio
from array import array
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt
from tests.shared.venue import Venue

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import RATE_HZ, read_speech
from pressel.health.microphone import FRAMES_MAX, LOUD, WIND, Microphone, trouble
from pressel.node.ear import MOMENT_FRAMES, Ear
from pressel.node.host import HostNode
from pressel.node.options import HostOptions
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm

EVERY = 12  # frames between two moments: more than a leader hears, for a test of seconds
FULL = 32768


def coded(pcm: NDArray[np.float64]) -> list[bytes]:
    encoder, found = adpcm.Encoder(), []
    whole = np.clip(pcm, -FULL, FULL - 1).astype("<i2")
    for at in range(0, len(whole) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        out = bytearray(ADPCM_FRAME_BYTES)
        encoder.encode(array("h", whole[at : at + FRAME_SAMPLES].tobytes()), out, 0)
        found.append(bytes(out))
    return found


def wind(samples: int) -> NDArray[np.float64]:
    """Gusts: what turbulence at a microphone leaves is below 60 Hz, and comes and goes."""
    rng = np.random.default_rng(1)
    roar = sosfilt(butter(2, 60, fs=RATE_HZ, output="sos"), rng.standard_normal(samples))
    gust = sosfilt(butter(1, 0.7, fs=RATE_HZ, output="sos"), rng.standard_normal(samples))
    roar, gust = np.asarray(roar), np.abs(np.asarray(gust))
    return roar / np.abs(roar).mean() * 5000 * gust / gust.mean()


def judged(make: str) -> list[str]:
    """What is said of each recording, twice in a row, made so."""
    found = []
    for recording in RECORDINGS:
        pcm = read_speech(recording.path).astype(np.float64)
        pcm = np.concatenate([pcm, pcm])
        if make == "wind":
            pcm = pcm + wind(len(pcm))
        elif make == "hiss":
            pcm = pcm + np.random.default_rng(2).standard_normal(len(pcm)) * 400
        else:
            pcm = pcm * float(make)
        frames, known = coded(pcm), Microphone()
        for at in range(0, len(frames) - MOMENT_FRAMES, EVERY):
            known.hear(frames[at : at + MOMENT_FRAMES])
        found.append(trouble(known.spoken, known.clipped_percent, known.windy_percent))
    return found


@pytest.mark.parametrize(
    ("make", "said"), [("1", ""), ("0.5", ""), ("hiss", ""), ("10", LOUD), ("wind", WIND)]
)
def test_wind_and_clipping_are_told_from_speech(make: str, said: str) -> None:
    assert judged(make) == [said] * len(RECORDINGS)


def test_what_was_mended_is_forgotten() -> None:
    known = Microphone(spoken=FRAMES_MAX, clipped=FRAMES_MAX)
    quiet = coded(read_speech(RECORDINGS[0].path).astype(np.float64))
    while known.clipped_percent > 10:
        known.hear(quiet)
    assert known.spoken <= FRAMES_MAX + len(quiet)


def heard(is_private: bool = False, is_recording: bool = False) -> tuple[Ear, Venue]:
    """A talks for two seconds, and the ear looks after each second."""
    venue = Venue(badges=3, is_coded=True)
    ear = Ear(lambda: venue.leader, lambda group: is_recording)
    passed: list[int] = []
    venue.leader.voice.tap = lambda group, data: passed.append(group)  # who heard it before
    ear.follow(venue.leader)
    venue.run(1000)
    if is_private:
        callee = venue.badge("B").engine.join.node
        venue.badge("A").engine.call(callee, venue.now_ms)
    else:
        venue.press("A")
    for _ in range(2):
        venue.run(1000)
        asyncio.run(ear.look(0))
    venue.release("A")
    venue.run(500)
    assert passed
    return ear, venue


def test_a_moment_of_each_second_is_measured_and_nothing_kept() -> None:
    ear, venue = heard()
    talker = venue.badge("A").engine.join.node
    member = venue.leader.members.by_node(talker)
    assert member is not None
    told = ear.of(member.device)
    assert told is not None and 0 < told.spoken <= 2 * MOMENT_FRAMES + 2
    others = [each for each in venue.leader.members.all() if each.node != talker]
    assert [ear.of(each.device) for each in others] == [None, None]


@pytest.mark.parametrize("kind", ["is_private", "is_recording"])
def test_neither_private_calls_nor_recordings_are_judged(kind: str) -> None:
    ear, venue = heard(**{kind: True})
    assert [ear.of(each.device) for each in venue.leader.members.all()] == [None] * 3


@pytest.mark.parametrize("judges", [True, False])
def test_a_host_opens_no_speech_where_it_is_told_not_to(tmp_path: Path, judges: bool) -> None:
    options = HostOptions(("127.0.0.1", 0), tmp_path, judge_microphones=judges)
    node = HostNode(options, lambda event, fields: None)
    tap = node._make_leader(1).voice.tap
    assert (tap == node._ear.tap) == judges
