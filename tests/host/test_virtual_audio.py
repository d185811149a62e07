"""Sound through a virtual badge in real time: what is spoken is heard, read, played and kept."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import pytest
from tests.host.echo_badge import echo_badge, next_record

from pressel.errors import PresselError
from pressel.virtual import Recording, VirtualBadge, now_ms

SAMPLES_PER_MS = 16
BLOCK_MS = 16
STEP_MS = 5  # how often the echo firmware looks
FLUSH_MS = 500  # by then a sample is in its file, says the contract
LATE_MS_MAX = 40  # a machine later than this loses sound, and is no place for this test

pytestmark = pytest.mark.e2e


def _speech(seed: int, count: int) -> np.ndarray:
    """Noise without a zero in it: it is found again wherever it lies."""
    noise = np.random.default_rng(seed).integers(1, 12_000, count)
    return noise.astype(np.int16)


def _find(recording: Recording, speech: np.ndarray) -> float:
    """When the first sample of `speech` was in the air; it must be there whole."""
    (first,) = np.flatnonzero(recording.pcm == speech[0])[:1]
    assert np.array_equal(recording.pcm[first : first + len(speech)], speech)
    assert not recording.pcm[:first].any()
    assert not recording.pcm[first + len(speech) :].any()
    return recording.t0_ms + first / SAMPLES_PER_MS


def _find_played(recording: Recording, speech: np.ndarray, is_late: bool) -> float:
    """When the first sample of `speech` was played; all of it must be there, in order. Only where
    the machine was late may silence stand between: the echo keeps one block in hand."""
    places = np.flatnonzero(recording.pcm)
    assert np.array_equal(recording.pcm[places], speech)
    assert is_late or places[-1] - places[0] == len(speech) - 1
    return recording.t0_ms + int(places[0]) / SAMPLES_PER_MS


async def _speak_and_wait(badge: VirtualBadge, speech: np.ndarray) -> tuple[float, float]:
    first_t, last_t = await badge.speak(speech, now_ms() + 100)
    await asyncio.sleep((last_t + FLUSH_MS - now_ms()) / 1000)  # sound takes its time
    return first_t, last_t


def test_speech_is_heard_and_played_sample_by_sample(tmp_path: Path) -> None:
    speech = _speech(1, 8000)

    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, _):
            first_t, last_t = await _speak_and_wait(badge, speech)
            assert last_t - first_t == pytest.approx((len(speech) - 1) / SAMPLES_PER_MS)
            heard = await next_record(badge, "heard")
            stats = await badge.stop()
            assert stats is not None
            if stats["lag_ms_max"] > LATE_MS_MAX or stats["step_ms_max"] > LATE_MS_MAX:
                pytest.skip(f"this machine was {stats['lag_ms_max']:.0f} ms late")
            assert stats["i2s"][0]["lost_samples"] == 0
            late_ms = stats["lag_ms_max"] + stats["step_ms_max"]
            assert 0 < heard["t"] - first_t <= BLOCK_MS + STEP_MS + late_ms + 2
            assert _find(badge.microphone, speech) == pytest.approx(first_t, abs=1e-3)
            is_late = late_ms > BLOCK_MS - STEP_MS
            through_ms = _find_played(badge.speaker, speech, is_late) - first_t
            assert 0 < through_ms <= 2 * BLOCK_MS + STEP_MS + late_ms + 2

    asyncio.run(scenario())


def test_recordings_cover_the_whole_life(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            begun_ms = now_ms()
            await host.ask("nap 300")
            await host.ask("well?")
            await badge.stop()
            ended_ms = now_ms()
            for recording in (badge.microphone, badge.speaker):
                assert recording.t0_ms < begun_ms
                end_ms = recording.t0_ms + len(recording.pcm) / SAMPLES_PER_MS
                assert begun_ms + 300 - BLOCK_MS <= end_ms <= ended_ms

    asyncio.run(scenario())


def test_a_long_step_loses_sound_and_says_so(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, host):
            await host.ask("nap 200")
            await host.ask("awake?")
            stats = await badge.stop()
            assert stats is not None
            assert stats["step_ms_max"] >= 200
            assert stats["i2s"][0]["lost_samples"] >= (200 - 5 * BLOCK_MS) * SAMPLES_PER_MS

    asyncio.run(scenario())


def test_recordings_survive_a_kill(tmp_path: Path) -> None:
    speech = _speech(2, 1600)

    async def scenario() -> None:
        async with echo_badge(tmp_path) as (badge, _):
            first_t, _ = await _speak_and_wait(badge, speech)
            badge.kill()
            assert await badge.wait() == -9
            assert _find(badge.microphone, speech) == pytest.approx(first_t, abs=1e-3)
            assert badge.speaker.rate_hz == 16_000

    asyncio.run(scenario())


def test_speech_without_a_microphone_is_an_error(tmp_path: Path) -> None:
    async def scenario() -> None:
        async with echo_badge(tmp_path, config={"deaf": True}) as (badge, _):
            with pytest.raises(PresselError, match="no microphone"):
                await badge.speak(_speech(3, 10))
            with pytest.raises(PresselError, match="no speaker"):
                _ = badge.speaker

    asyncio.run(scenario())
