"""What a leader knows of microphones: from a moment of speech now and then, and nothing else of
it."""

from __future__ import annotations

import asyncio
from array import array
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.signal import butter, sosfilt
from tests.shared.venue import Venue

from pressel.audio.codecs import host_codecs
from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import RATE_HZ, read_speech
from pressel.health.microphone import (
    FRAMES_MAX,
    FRAMES_MIN,
    HISS,
    HUM,
    LOUD,
    NOISE,
    SILENT,
    SILENT_MIN_S,
    WIND,
    Microphone,
    trouble,
)
from pressel.node.ear import MOMENT_FRAMES, Ear, _measure, _Moment
from pressel.node.host import HostNode
from pressel.node.options import HostOptions
from pressel.recordings.frames import opened
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm
from ptt.wire.messages import CODEC_G722, CODEC_OPUS

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


def decoded(found: list[bytes]) -> list[bytes]:
    made = []
    for each in found:
        pcm = array("h", bytes(2 * FRAME_SAMPLES))
        adpcm.decode(each, 0, pcm)
        made.append(pcm.tobytes())
    return made


def wind(samples: int) -> NDArray[np.float64]:
    """Gusts: what turbulence at a microphone leaves is below 60 Hz, and comes and goes."""
    rng = np.random.default_rng(1)
    roar = sosfilt(butter(2, 60, fs=RATE_HZ, output="sos"), rng.standard_normal(samples))
    gust = sosfilt(butter(1, 0.7, fs=RATE_HZ, output="sos"), rng.standard_normal(samples))
    roar, gust = np.asarray(roar), np.abs(np.asarray(gust))
    return roar / np.abs(roar).mean() * 5000 * gust / gust.mean()


def hum(samples: int, *waves: tuple[int, float]) -> NDArray[np.float64]:
    """Tones of so many Hz, so strong."""
    at_s = np.arange(samples) / RATE_HZ
    return np.asarray(sum(force * np.sin(2 * np.pi * hz * at_s) for hz, force in waves))


def kitchen(samples: int) -> NDArray[np.float64]:
    """Noise in the range of voices, that comes and goes."""
    rng = np.random.default_rng(4)
    roar = butter(1, (150, 2000), btype="band", fs=RATE_HZ, output="sos")
    noise = np.asarray(sosfilt(roar, rng.standard_normal(samples)))
    turns = 1 + 0.5 * np.sin(2 * np.pi * 0.7 * np.arange(samples) / RATE_HZ)
    return noise / noise.std() * turns


SPOILT: dict[str, Callable[[int], NDArray[np.float64]]] = {
    "mains": lambda samples: hum(samples, (50, 3700.0), (150, 1900.0), (250, 1100.0)),
    "deep hum": lambda samples: hum(samples, (50, 5000.0)),
    "fan": lambda samples: hum(samples, (100, 4000.0)),
    "loud hiss": lambda samples: np.random.default_rng(5).standard_normal(samples) * 2000,
    "kitchen": lambda samples: kitchen(samples) * 3000,
    "busy": lambda samples: kitchen(samples) * 500,
    "soft hum": lambda samples: hum(samples, (50, 500.0), (150, 250.0)),
}


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
            known.hear(decoded(frames[at : at + MOMENT_FRAMES]))
        found.append(trouble(known))
    return found


@pytest.mark.parametrize(
    ("make", "said"), [("1", ""), ("0.5", ""), ("hiss", ""), ("10", LOUD), ("wind", WIND)]
)
def test_wind_and_clipping_are_told_from_speech(make: str, said: str) -> None:
    assert judged(make) == [said] * len(RECORDINGS)


@pytest.mark.parametrize(
    ("make", "said"),
    [
        ("mains", HUM), ("deep hum", HUM), ("fan", HUM), ("loud hiss", HISS), ("kitchen", NOISE),
        ("busy", ""), ("soft hum", ""),
    ],
)  # fmt: skip
def test_noise_is_told_by_what_it_sounds_like(make: str, said: str) -> None:
    pcm = read_speech(RECORDINGS[1].path).astype(np.float64)
    pcm = np.resize(pcm, 24 * RATE_HZ) + SPOILT[make](24 * RATE_HZ)
    whole = np.clip(pcm, -FULL, FULL - 1).astype("<i2").reshape(-1, FRAME_SAMPLES)
    known = Microphone()
    for at in range(0, len(whole) - MOMENT_FRAMES, 2 * EVERY):
        known.hear(frame.tobytes() for frame in whole[at : at + MOMENT_FRAMES])
    assert trouble(known) == said


@pytest.mark.parametrize("make", ["still", "constant", "one word"])
def test_a_microphone_without_sound_is_told_until_a_word_is_heard(make: str) -> None:
    """A broken one gives zeros, or a constant."""
    quiet = coded(np.full(50 * FRAME_SAMPLES, 9000.0 * (make == "constant")))[-MOMENT_FRAMES:]
    speech = read_speech(RECORDINGS[0].path)[8000:]
    word = coded(speech[: 40 * FRAME_SAMPLES].astype(np.float64))
    known = Microphone()
    for second in range(SILENT_MIN_S):
        known.hear(decoded(quiet))
        assert trouble(known) == (SILENT if second == SILENT_MIN_S - 1 else "")
        if make == "one word" and second == SILENT_MIN_S - 2:
            break
    known.hear(decoded(word))
    assert known.spoken and known.silent_s == 0


def test_what_was_mended_is_forgotten() -> None:
    known = Microphone(spoken=FRAMES_MAX, clipped=FRAMES_MAX)
    quiet = coded(read_speech(RECORDINGS[0].path).astype(np.float64))
    while known.clipped_percent > 10:
        known.hear(decoded(quiet))
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
    tap = node._new_leader.make(1).voice.tap
    assert (tap == node._ear.tap) == judges


@pytest.mark.parametrize("number", [CODEC_G722, CODEC_OPUS])
def test_other_codecs_are_judged_by_what_they_sound_like(number: int) -> None:
    """As if they were IMA-ADPCM, quiet speech was cut off at full scale."""
    codec = next(each for each in host_codecs() if each.number == number)
    pcm = read_speech(RECORDINGS[0].path)
    key, coder, known = bytes(16), codec.coder(), Microphone()
    size, frames = codec.frame_bytes, []
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        out = bytearray(size)
        coder.encode(array("h", pcm[at : at + FRAME_SAMPLES].tobytes()), out, 0)
        frames.append(bytes(out))
    for at in range(0, len(frames) - MOMENT_FRAMES, EVERY):
        moment = _Moment(b"", 2, 1, at)
        for first in range(at, at + MOMENT_FRAMES, 2):
            data = b"".join(sealed(key, first + n, frames[first + n], number) for n in (0, 1))
            moment.packets.append((1, key, first, data, number))
        _measure(known, moment)
    assert known.spoken > FRAMES_MIN
    assert trouble(known) == ""


def sealed(key: bytes, number: int, frame: bytes, codec: int) -> bytes:
    """As talker 2 under lease 1 and epoch 1: the cipher is its own inverse."""
    return opened(1, key, 2, 1, number, frame, codec)[2 + 4 : 2 + 4 + len(frame)]


def test_noise_between_words_is_told() -> None:
    speech = read_speech(RECORDINGS[0].path).astype(np.float64)
    told = []
    for rms in (30.0, 600.0):
        noise = np.random.default_rng(3).standard_normal(len(speech)) * rms
        frames, known = decoded(coded(speech + noise)), Microphone()
        assert known.noise_dbfs is None
        for at in range(0, len(frames) - MOMENT_FRAMES, EVERY):
            known.hear(frames[at : at + MOMENT_FRAMES])
        told.append(known.noise_dbfs)
    assert told[0] is not None and told[0] < -48 and told[1] is not None and -38 <= told[1] <= -33
