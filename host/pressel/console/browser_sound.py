"""A browser as the sound of a soft badge: what it records comes in, what it plays goes out.

It knows no connection: `take` gets what came, `next_out` waits for what is to be sent.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from array import array
from collections import deque

from pressel.soft.sound import Heard, Wanted
from ptt.base.numbers import FRAME_MS, FRAME_SAMPLES

FRAME_BYTES = FRAME_SAMPLES * 2  # 16 bits, little endian, as both ends of the connection have it
BURST_FRAMES = 25  # that may come at once after a pause of the network: half a second
OUT_FRAMES_MAX = 25  # that wait for a slow connection; older ones are no use to a listener
OUT_WORDS_MAX = 64
LATE_S_MAX = 0.5  # after a stop of the process, frames of the past are not caught up with


class BrowserSound:
    """Sound of one connection; `heard_s` is when the last frame of the microphone came, on the
    monotonic clock."""

    def __init__(self) -> None:
        self._heard: Heard | None = None
        self._frames: deque[bytes] = deque(maxlen=OUT_FRAMES_MAX)
        self._words: deque[str] = deque(maxlen=OUT_WORDS_MAX)
        self._is_due = asyncio.Event()
        self._credit = float(BURST_FRAMES)
        self._credit_s = time.monotonic()
        self.heard_s = self._credit_s

    async def run(self, heard: Heard, wanted: Wanted) -> None:
        self._heard = heard
        due_s = time.monotonic()
        while True:
            frame = wanted()
            if frame is not None:
                self._frames.append(_little_endian(frame))
                self._is_due.set()
            due_s = max(due_s + FRAME_MS / 1000, time.monotonic() - LATE_S_MAX)
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))

    def take(self, data: bytes) -> bool:
        """A frame of the microphone. False when it is none, or more come than time passes."""
        now_s = time.monotonic()
        earned = (now_s - self._credit_s) * 1000 / FRAME_MS
        self._credit, self._credit_s = min(BURST_FRAMES, self._credit + earned), now_s
        if len(data) != FRAME_BYTES or self._credit < 1:
            return False
        self._credit -= 1
        self.heard_s = now_s
        frame = array("h", data)
        if sys.byteorder == "big":
            frame.byteswap()
        if self._heard is not None:
            self._heard(frame)
        return True

    def tell(self, **words: object) -> None:
        """Words for the page, as JSON."""
        self._words.append(json.dumps(words))
        self._is_due.set()

    async def next_out(self) -> str | bytes:
        """What is to be sent next: words before sound."""
        while not (self._words or self._frames):
            self._is_due.clear()
            await self._is_due.wait()
        return self._words.popleft() if self._words else self._frames.popleft()


def _little_endian(frame: array) -> bytes:
    if sys.byteorder == "big":
        frame = array("h", frame)
        frame.byteswap()
    return frame.tobytes()
