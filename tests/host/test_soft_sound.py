"""Where a soft badge's sound comes from and goes to: files, and PortAudio with its troubles."""

from __future__ import annotations

import asyncio
import builtins
import json
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
from pressel.soft.volume import Volume
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
        PortAudioError=_PortAudioError,
        RawInputStream=open_stream,
        RawOutputStream=open_stream,
        query_devices=lambda device, kind: {"default_samplerate": 16_000.0},
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


class Refusing:
    """A device that takes 44,100 Hz and nothing else; what it says and wants, block by block."""

    def __init__(self, **options: Any) -> None:
        if options["samplerate"] != 44_100:
            raise _PortAudioError("Invalid sample rate")
        self.block, self._callback = options["blocksize"], options["callback"]

    def __enter__(self) -> Refusing:
        opened.append(self)
        return self

    def __exit__(self, *_: object) -> None:
        pass

    def call(self, data: Any) -> Any:
        self._callback(data, self.block, None, None)
        return data


opened: list[Refusing] = []


def test_a_device_that_refuses_16_khz_is_used_at_its_own_rate(monkeypatch) -> None:
    fake_portaudio(monkeypatch, Refusing)
    module: Any = sys.modules["sounddevice"]
    module.query_devices = lambda device, kind: {"default_samplerate": 44_100.0}
    opened.clear()
    heard: list[array] = []
    tone = (9_000 * np.sin(np.arange(FRAME_SAMPLES) * np.pi / 8)).astype(np.int16)  # 1 kHz
    played: list[np.ndarray[Any, Any]] = []

    async def scenario() -> None:
        sound = DeviceSound(None, None)
        task = asyncio.ensure_future(sound.run(heard.append, lambda: array("h", tone.tobytes())))
        while len(opened) < 2:
            await asyncio.sleep(0)
        microphone, speaker = opened
        at = np.arange(50 * microphone.block)
        said = (9_000 * np.sin(2 * np.pi * 1_000 * at / 44_100)).astype(np.int16)
        for block in np.split(said, 50):
            microphone.call(block.tobytes())
            wanted = speaker.call(bytearray(2 * speaker.block))
            assert len(wanted) == 2 * speaker.block
            played.append(np.frombuffer(wanted, np.int16))
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])

    asyncio.run(scenario())
    assert 45 <= len(heard) <= 50
    for samples, rate_hz in ((np.concatenate([*map(np.array, heard[10:40])]), 16_000),
                             (np.concatenate(played[10:40]), 44_100)):  # fmt: skip
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        loudest_hz = np.argmax(spectrum) * rate_hz / len(samples)
        assert abs(loudest_hz - 1_000) < 5 and np.abs(samples).max() > 8_000


class Still(Refusing):
    """A device that was unplugged after a while: it calls no more."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**{**options, "samplerate": 44_100})


@pytest.mark.parametrize(("alive", "gone"), [(1, "microphone"), (0, "speaker")])
def test_a_device_that_stands_still_ends_the_badge_in_words(monkeypatch, alive, gone) -> None:
    fake_portaudio(monkeypatch, Still)
    now_s = 100.0
    monkeypatch.setattr(sounds.time, "monotonic", lambda: now_s)
    opened.clear()

    async def scenario() -> None:
        nonlocal now_s
        task = asyncio.ensure_future(DeviceSound(None, None).run(lambda f: None, lambda: None))
        while len(opened) < 2:
            await asyncio.sleep(0)
        for _ in range(20):
            now_s += 1.0
            for number, device in enumerate(opened):
                if number == alive or now_s < 110:
                    device.call(bytearray(2 * device.block))
            assert not task.done() or now_s > 110 + sounds.GONE_S
            await asyncio.sleep(0)
        assert task.done()
        await task

    with pytest.raises(PresselError, match=f"{gone} stands still.*badge devices"):
        asyncio.run(scenario())


def test_the_volume_is_what_was_asked_for() -> None:
    volume = Volume()
    frame = array("h", [1000, -1000, 30_000, -32_768] * (FRAME_SAMPLES // 4))
    assert volume.play(frame) is frame and volume.play(None) is None
    assert volume.set(50) == "plays at 50 %"
    assert list(volume.play(frame) or ())[:4] == [500, -500, 15_000, -16_384]
    volume.set(200)
    assert list(volume.play(frame) or ())[:4] == [2000, -2000, 32_767, -32_768]
    assert "stays at 200 %" in volume.set(201)
    assert "nothing" in volume.set(0) and not any(volume.play(frame) or ())


def test_devices_are_listed_with_their_numbers(monkeypatch, capsys) -> None:
    def device(name: str, inputs: int, outputs: int) -> dict[str, Any]:
        return {"name": name, "max_input_channels": inputs, "max_output_channels": outputs,
                "default_samplerate": 44_100.0}  # fmt: skip

    fake_portaudio(monkeypatch, Refusing)
    module: Any = sys.modules["sounddevice"]
    module.default = types.SimpleNamespace(device=[0, 1])
    module.query_devices = lambda: [device("USB [mic]", 1, 0), device("HDMI", 0, 8)]
    assert cli.main(["badge", "devices"]) == 0
    first, second = capsys.readouterr().out.splitlines()[1:3]
    assert "0" in first and "USB [mic]" in first and "default" in first
    assert "HDMI" in second and "44100 Hz" in second
    assert cli.main(["badge", "devices", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told[1]["speaker"] and not told[1]["microphone"] and told[1]["default_speaker"]
    module.query_devices = list
    assert cli.main(["badge", "devices"]) == 0
    assert "no sound device" in capsys.readouterr().err


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
