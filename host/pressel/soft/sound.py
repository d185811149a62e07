"""Where a soft badge's frames come from and go to: this computer's devices, or files.

A `Sound` calls back every 20 ms: `heard` with a microphone frame, `wanted` for the next speaker
frame (None is silence). Both run on the event loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import queue
import time
from array import array
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from pressel import extras
from pressel.audio.wav import write_wav
from pressel.errors import PresselError
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES, RATE_HZ

from .rates import FromDevice, ToDevice

Frame = array  # array("h") of FRAME_SAMPLES
Heard = Callable[[Frame], None]
Wanted = Callable[[], Frame | None]

RECORD_S_MAX = 3600  # what is kept of a recording: an hour, 115 MB
_SPEAKER_FRAMES = 2  # queued for the device: 40 ms, what desktop sound systems need

GONE_S = 5.0  # without a block, of 20 ms each: the device was unplugged, or stands still
_LOOK_S = 1.0
_WORDS = ("microphone", "speaker")

_SILENCE = bytes(FRAME_SAMPLES * 2)


class Sound(Protocol):
    async def run(self, heard: Heard, wanted: Wanted) -> None:
        """Carry sound until cancelled."""
        ...


class FileSound:
    """Speaks `speech` when told to, else silence; keeps what is played for `save`."""

    def __init__(self, speech: NDArray[np.int16] | None, record: Path | None) -> None:
        self._frames = _cut(speech) if speech is not None else []
        self._record = record
        self._next: int | None = None  # frame of the speech, None: not speaking
        self.spoken = asyncio.Event()
        self._played: list[bytes] = []

    @property
    def speech_s(self) -> float:
        return len(self._frames) * FRAME_MS / 1000

    def speak(self) -> None:
        """Begin the speech, or begin it anew."""
        self._next = 0
        self.spoken.clear()

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        due_s = time.monotonic()
        try:
            while True:
                heard(self._microphone())
                played = wanted()
                if self._record and len(self._played) * FRAME_MS < RECORD_S_MAX * 1000:
                    self._played.append(played.tobytes() if played else _SILENCE)
                due_s += FRAME_MS / 1000
                await asyncio.sleep(max(0.0, due_s - time.monotonic()))
        finally:
            self._save()

    def _microphone(self) -> Frame:
        if self._next is None or self._next >= len(self._frames):
            return array("h", _SILENCE)
        frame = self._frames[self._next]
        self._next += 1
        if self._next == len(self._frames):
            self.spoken.set()
        return frame

    def _save(self) -> None:
        if self._record:
            write_wav(self._record, np.frombuffer(b"".join(self._played), np.int16))


class DeviceSound:
    """This computer's microphone and speaker, through PortAudio."""

    def __init__(self, microphone: str | None, speaker: str | None) -> None:
        self._devices = tuple(_by_number(each) for each in (microphone, speaker))
        self._queue: queue.SimpleQueue[bytes] = queue.SimpleQueue()
        self._portaudio = load_portaudio()
        self._alive_s = [0.0, 0.0]  # when each device last wanted or gave something

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        loop = asyncio.get_running_loop()

        def refill() -> None:
            while self._queue.qsize() < _SPEAKER_FRAMES:
                frame = wanted()
                self._queue.put(frame.tobytes() if frame else _SILENCE)

        def next_frame() -> bytes:
            try:
                return self._queue.get_nowait()
            except queue.Empty:
                return _SILENCE

        def microphone(rate_hz: int) -> Callable[..., None]:
            samples = FromDevice(rate_hz)

            def take(data: Any, frames: int, when: Any, flags: Any) -> None:
                self._alive_s[0] = time.monotonic()
                for frame in samples.frames(bytes(data)):
                    loop.call_soon_threadsafe(heard, frame)

            return take

        def speaker(rate_hz: int) -> Callable[..., None]:
            samples = ToDevice(rate_hz, next_frame)

            def fill(data: Any, frames: int, when: Any, flags: Any) -> None:
                self._alive_s[1] = time.monotonic()
                data[:] = samples.take(len(data))
                loop.call_soon_threadsafe(refill)

            return fill

        with (
            self._open("RawInputStream", 0, microphone),
            self._open("RawOutputStream", 1, speaker),
        ):
            await self._watch()

    async def _watch(self) -> None:
        """Until a device is gone: a badge that neither hears nor plays shall not look alive."""
        self._alive_s = [time.monotonic()] * 2
        while True:
            await asyncio.sleep(_LOOK_S)
            for word, alive_s in zip(_WORDS, self._alive_s, strict=True):
                if time.monotonic() - alive_s > GONE_S:
                    raise PresselError(
                        f"this computer's {word} stands still; plug it in again, or choose another "
                        "(`pressel badge devices` lists them), and start the badge again"
                    )

    def _open(self, kind: str, which: int, make: Callable[[int], Any]) -> Any:
        """A stream at our rate or, where the device refuses that, at its own."""
        word = _WORDS[which]
        try:
            try:
                return self._stream(kind, which, RATE_HZ, make)
            except self._portaudio.PortAudioError:
                rate_hz = self._own_rate_hz(which)
                if rate_hz == RATE_HZ:
                    raise
                return self._stream(kind, which, rate_hz, make)
        except (self._portaudio.PortAudioError, ValueError) as error:
            raise PresselError(
                f"this computer's {word} cannot be used: {error}. Plug one in or choose another, "
                "or use files: --wav in.wav --record out.wav"
            ) from error

    def _stream(self, kind: str, which: int, rate_hz: int, make: Callable[[int], Any]) -> Any:
        return getattr(self._portaudio, kind)(
            samplerate=rate_hz,
            blocksize=rate_hz * FRAME_MS // 1000,
            channels=1,
            dtype="int16",
            latency="low",
            device=self._devices[which],
            callback=make(rate_hz),
        )

    def _own_rate_hz(self, which: int) -> int:
        kind = ("input", "output")[which]
        facts = self._portaudio.query_devices(self._devices[which], kind)
        return round(facts["default_samplerate"])


def _by_number(device: str | None) -> int | str | None:
    """PortAudio takes any text for a part of a name, even "3"."""
    return int(device) if device and device.isdecimal() else device


def load_portaudio() -> Any:
    with contextlib.suppress(ImportError):
        try:
            import sounddevice
        except OSError as error:
            raise PresselError(
                "PortAudio, which carries the sound, is missing. Install it (Debian: "
                "apt-get install libportaudio2), or use files: --wav in.wav --record out.wav"
            ) from error
        return sounddevice
    how = extras.mend("sounddevice")
    raise PresselError(f"the Python package sounddevice is missing: {how}")


def _cut(speech: NDArray[np.int16]) -> list[Frame]:
    """Frames of 320 samples, the last one filled up with silence."""
    missing = -len(speech) % FRAME_SAMPLES
    padded = np.concatenate([speech, np.zeros(missing, np.int16)])
    return [array("h", part.tobytes()) for part in padded.reshape(-1, FRAME_SAMPLES)]
