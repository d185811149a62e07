"""An old app for tests, written from the description of its protocol alone.

It serves and connects as the old app does, keeps its floor by announcement, and plays what it
hears. It knows nothing of the bridge that it talks with.
"""

from __future__ import annotations

import asyncio
import contextlib
import struct
import time
from collections.abc import Callable, Coroutine
from typing import Any

import numpy as np
import soxr
from numpy.typing import NDArray
from tests.patience import PATIENCE_S

Pcm = NDArray[np.int16]

PORTS = range(9915, 9921)
RATE_HZ = 16_000
LENGTH_MAX = 262_144
GUARD_S = 0.180  # between announcement and voice
FRAME_S = 0.020
PING_S = 5.0
PLAY_AFTER_MS = 40.0  # what the player keeps before it begins
TAKEN, RELEASED = "__PTT_FLOOR__:TAKEN", "__PTT_FLOOR__:RELEASED"


def now_ms() -> float:
    return time.monotonic_ns() / 1e6


async def wait_until(is_so: Callable[[], object], what: str, limit_s: float = PATIENCE_S) -> None:
    deadline_s = time.monotonic() + limit_s
    while not is_so():
        assert time.monotonic() < deadline_s, f"waited {limit_s:g} s for {what}"
        await asyncio.sleep(0.01)


class LegacyApp:
    """One old app. `rate_hz` is that of its microphone; it hears 16 kHz."""

    def __init__(self, name: str, rate_hz: int = RATE_HZ) -> None:
        self.name = name
        self.rate_hz = rate_hz
        self.is_blocked = False  # somebody else has announced
        self.chat: list[str] = []
        self.words: list[tuple[float, str]] = []  # when, and what came about the floor
        self.voice: list[tuple[float, bytes]] = []  # when, and the samples of each packet
        self.pings = 0
        self.pongs = 0
        self.spoken: list[tuple[float, Pcm]] = []  # when, and what the microphone heard, at 16 kHz
        self.peers: set[asyncio.StreamWriter] = set()
        self._jobs: set[asyncio.Task[None]] = set()
        self._server: asyncio.Server | None = None

    async def __aenter__(self) -> LegacyApp:
        self._start(self._ping())
        return self

    async def __aexit__(self, *exception: object) -> None:
        for job in self._jobs:
            job.cancel()
        await asyncio.gather(*self._jobs, return_exceptions=True)
        if self._server:
            self._server.close()
        for writer in self.peers:
            writer.transport.abort()

    async def connect(self, host: str, port: int) -> None:
        reader, writer = await asyncio.open_connection(host, port)
        self._start(self._converse(reader, writer))
        self.peers.add(writer)

    async def serve(self, host: str, port: int) -> None:
        async def taken(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            self._start(self._converse(reader, writer))

        self._server = await asyncio.start_server(taken, host, port)

    def kill(self) -> None:
        """The app is ended by the system: its connections break off."""
        for job in self._jobs:
            job.cancel()
        for writer in self.peers:
            writer.transport.abort()

    # --- the person ---

    async def talk(self, pcm: Pcm) -> bool:
        """Press, wait for the guard time, say `pcm` (16 kHz), let go. False: the button is blocked
        already, or is blocked by an announcement during the guard time."""
        if not await self.press():
            return False
        await self.speak(pcm)
        self.release()
        return True

    async def press(self) -> bool:
        if self.is_blocked:
            return False
        self.send_text(TAKEN)
        await asyncio.sleep(GUARD_S)
        return not self.is_blocked

    async def speak(self, pcm: Pcm) -> None:
        own = pcm if self.rate_hz == RATE_HZ else soxr.resample(pcm, RATE_HZ, self.rate_hz)
        heard = pcm if self.rate_hz == RATE_HZ else soxr.resample(own, self.rate_hz, RATE_HZ)
        self.spoken.append((now_ms(), heard))
        due_s = time.monotonic()
        edges = np.arange(0, len(own), self.rate_hz * FRAME_S).astype(int)
        for start, end in zip(edges, [*edges[1:], len(own)], strict=True):
            due_s += FRAME_S  # a packet is sent when its last sample was spoken
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
            self.send(b"\x01" + own[start:end].astype("<i2").tobytes())

    def release(self) -> None:
        self.send_text(RELEASED)

    def send_text(self, text: str) -> None:
        self.send(text.encode())

    def send(self, payload: bytes) -> None:
        for writer in self.peers:
            _write(writer, payload)

    # --- what it heard ---

    def played(self) -> tuple[float, Pcm]:
        """What the speaker played: when it began, in monotonic ms, and the samples at 16 kHz."""
        if not self.voice:
            return 0.0, np.zeros(0, np.int16)
        begin_ms = self.voice[0][0] + PLAY_AFTER_MS
        played: list[Pcm] = []
        at_ms = begin_ms
        for came_ms, sound in self.voice:
            if came_ms > at_ms:  # the player has run dry and begins anew
                gap = np.zeros(round((came_ms + PLAY_AFTER_MS - at_ms) * RATE_HZ / 1000), np.int16)
                played.append(gap)
                at_ms += len(gap) * 1000 / RATE_HZ
            played.append(np.frombuffer(sound[: len(sound) // 2 * 2], "<i2").astype(np.int16))
            at_ms += len(played[-1]) * 1000 / RATE_HZ
        return begin_ms, np.concatenate(played)

    def floor_words(self) -> list[str]:
        return [word for _, word in self.words]

    # --- connections ---

    def _start(self, job: Coroutine[Any, Any, None]) -> None:
        task = asyncio.ensure_future(job)
        self._jobs.add(task)
        task.add_done_callback(self._jobs.discard)

    async def _converse(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.peers.add(writer)
        try:
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                while True:
                    (length,) = struct.unpack(">i", await reader.readexactly(4))
                    if 0 < length <= LENGTH_MAX:
                        self._take(await reader.readexactly(length), writer)
        finally:
            self.peers.discard(writer)
            writer.close()

    def _take(self, payload: bytes, writer: asyncio.StreamWriter) -> None:
        if payload[:1] == b"\x01":
            self.voice.append((now_ms(), payload[1:]))
            return
        text = payload.decode().strip()
        if text == "ping":
            self.pings += 1
            _write(writer, b"pong")
        elif text == "pong":
            self.pongs += 1
        elif text in (TAKEN, RELEASED):
            self.is_blocked = text == TAKEN
            self.words.append((now_ms(), text))
        elif text and not text.startswith("__CTRL2__:"):
            self.chat.append(text)

    async def _ping(self) -> None:
        while True:
            await asyncio.sleep(PING_S)
            self.send_text("ping")


def _write(writer: asyncio.StreamWriter, payload: bytes) -> None:
    writer.write(struct.pack(">i", len(payload)) + payload)
