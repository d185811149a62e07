"""Where a soft badge's sound comes from and goes to: files, and PortAudio with its troubles."""

from __future__ import annotations

import asyncio
import builtins
import sys
import types
from array import array
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from pressel import cli
from pressel.errors import PresselError
from pressel.soft import sound as sounds
from pressel.soft.sound import DeviceSound, FileSound
from ptt.base.numbers import FRAME_SAMPLES

NOISE = np.random.default_rng(1).integers(-9_000, 9_000, 3 * FRAME_SAMPLES + 5).astype(np.int16)


@pytest.fixture(autouse=True)
def hurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """20 ms of sound take no time."""
    real = asyncio.sleep

    async def sleep(seconds: float) -> None:
        await real(0)

    monkeypatch.setattr(sounds.asyncio, "sleep", sleep)


async def carried(sound: FileSound, frames: int, speak_at: int | None = None) -> list[bytes]:
    """What the microphone heard in so many frames; the speaker played their numbers."""
    heard: list[bytes] = []
    is_enough = asyncio.Event()

    def hear(frame: array) -> None:
        heard.append(frame.tobytes())
        if len(heard) == frames:
            is_enough.set()
        if len(heard) == speak_at:
            sound.speak()

    def want() -> array | None:
        return array("h", [len(heard)] * FRAME_SAMPLES) if len(heard) % 2 else None

    task = asyncio.ensure_future(sound.run(hear, want))
    await is_enough.wait()
    task.cancel()
    await asyncio.wait([task])
    if not task.cancelled():
        task.result()
    return heard[:frames]


def test_silence_until_told_to_speak_and_after() -> None:
    sound = FileSound(NOISE, None)
    heard = asyncio.run(carried(sound, 10, speak_at=2))
    silence = bytes(FRAME_SAMPLES * 2)
    assert heard[:2] == [silence] * 2
    assert b"".join(heard[2:6])[: NOISE.nbytes] == NOISE.tobytes()
    assert not any(b"".join(heard[2:6])[NOISE.nbytes :])
    assert heard[6:] == [silence] * 4
    assert sound.spoken.is_set()


def test_speaking_anew_begins_at_the_beginning() -> None:
    sound = FileSound(NOISE, None)
    sound.speak()
    asyncio.run(carried(sound, 4))
    sound.speak()
    assert not sound.spoken.is_set()
    assert b"".join(asyncio.run(carried(sound, 4))).startswith(NOISE.tobytes())


def test_records_what_is_played_with_its_silences(tmp_path: Path) -> None:
    sound = FileSound(None, tmp_path / "heard.wav")
    asyncio.run(carried(sound, 6))
    pcm, rate_hz = soundfile.read(tmp_path / "heard.wav", dtype="int16")
    assert rate_hz == 16_000
    frames = pcm.reshape(-1, FRAME_SAMPLES)[:5]
    assert frames[:, 0].tolist() == [1, 0, 3, 0, 5]
    assert (frames == frames[:, :1]).all()


def test_a_recording_that_cannot_be_written_is_no_secret(tmp_path: Path) -> None:
    sound = FileSound(None, tmp_path / "gone" / "heard.wav")
    with pytest.raises(PresselError, match="cannot write"):
        asyncio.run(carried(sound, 2))


# --- PortAudio ---


class _PortAudioError(Exception):
    pass


def fake_portaudio(monkeypatch: pytest.MonkeyPatch, open_stream: Any) -> None:
    module = types.SimpleNamespace(
        PortAudioError=_PortAudioError, RawInputStream=open_stream, RawOutputStream=open_stream
    )
    monkeypatch.setitem(sys.modules, "sounddevice", module)


def test_devices_are_chosen_by_number_or_name(monkeypatch: pytest.MonkeyPatch) -> None:
    wanted: list[Any] = []

    def open_stream(**options: Any) -> Any:
        wanted.append(options["device"])
        raise _PortAudioError("no such device")

    fake_portaudio(monkeypatch, open_stream)
    for microphone in ("3", "USB 2", None):
        with pytest.raises(PresselError, match="this computer's microphone cannot be used"):
            asyncio.run(DeviceSound(microphone, None).run(lambda frame: None, lambda: None))
    assert wanted == [3, "USB 2", None]


def test_a_missing_portaudio_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any, **options: Any) -> Any:
        if name == "sounddevice":
            raise OSError("PortAudio library not found")
        return real(name, *args, **options)

    monkeypatch.delitem(sys.modules, "sounddevice", raising=False)
    monkeypatch.setattr(builtins, "__import__", without)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    assert cli.main(["badge", "--leader", "127.0.0.1:9"]) == 1
    err = capfd.readouterr().err
    assert (
        err.startswith("pressel: PortAudio, which carries the sound, is missing")
        and err.count("\n") == 1
    )
    assert "libportaudio2" in err and "--wav" in err


def test_a_missing_package_says_what_to_do(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    with pytest.raises(PresselError, match="make setup"):
        DeviceSound(None, None)
