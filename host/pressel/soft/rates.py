"""Between a sound device's sample rate and ours: many devices refuse 16 kHz."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ

_SAMPLE_BYTES = 2
_FRAME_BYTES = FRAME_SAMPLES * _SAMPLE_BYTES
_TRIES_MAX = 8  # frames taken at once: a stream that begins keeps a few milliseconds back


class FromDevice:
    """Frames of ours from what a microphone gives at `rate_hz`, int16."""

    def __init__(self, rate_hz: int) -> None:
        self._convert = _converter(rate_hz, RATE_HZ)
        self._rest = b""

    def frames(self, data: bytes) -> Iterator[array]:
        self._rest += self._convert(data)
        while len(self._rest) >= _FRAME_BYTES:
            frame, self._rest = self._rest[:_FRAME_BYTES], self._rest[_FRAME_BYTES:]
            yield array("h", frame)


class ToDevice:
    """What a speaker wants at `rate_hz`, int16, from our frames, one at a time of `next_frame`."""

    def __init__(self, rate_hz: int, next_frame: Callable[[], bytes]) -> None:
        self._convert = _converter(RATE_HZ, rate_hz)
        self._next_frame = next_frame
        self._rest = b""

    def take(self, count: int) -> bytes:
        """So many bytes; silence where too little has come."""
        for _ in range(_TRIES_MAX):
            if len(self._rest) >= count:
                break
            self._rest += self._convert(self._next_frame())
        taken, self._rest = self._rest[:count], self._rest[count:]
        return taken + bytes(count - len(taken))


def _converter(from_hz: int, to_hz: int) -> Callable[[bytes], bytes]:
    if from_hz == to_hz:
        return lambda data: data
    import soxr  # only where it is needed

    stream: Any = soxr.ResampleStream(from_hz, to_hz, 1, dtype="int16")
    return lambda data: stream.resample_chunk(np.frombuffer(data, np.int16)).tobytes()
