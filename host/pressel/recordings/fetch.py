"""Fetches a recording from a host, and makes a file of it. It knows no terminal and no page."""

from __future__ import annotations

import base64
import io
import wave
from collections.abc import Callable, Iterator
from typing import Any

from pressel.errors import PresselError, UsageError
from ptt.base.numbers import RATE_HZ

from . import frames

Ask = Callable[..., Any]  # ask(verb, **fields) gives the host's answer

PLAY, EXPORT = "play", "export"
WAV, OPUS = ".wav", ".opus"
PIECES_MAX = 200  # of 10 s: longer than any burst
_SAMPLE_BYTES = 2


def opened(ask: Ask, mark: str, purpose: str) -> bytes:
    """The samples of recording `mark`, see `frames.sound`; the log tells who wanted them, and the
    `purpose`."""
    ticket = ask("recordings open", id=mark, purpose=purpose)["ticket"]
    return _sound(lambda number: ask("recordings piece", ticket=ticket, piece=number))


def replayed(ask: Ask, mark: str) -> bytes:
    """The same of a burst that is a few minutes old; nothing is logged."""
    return _sound(lambda number: ask("recordings replay", id=mark, piece=number))


def listed(ask: Ask) -> Iterator[dict[str, Any]]:
    """All recordings, oldest first."""
    after = [-1, -1, -1]
    while rows := ask("recordings list", after=after)["recordings"]:
        yield from rows
        after = [rows[-1]["at_ms"], *map(int, rows[-1]["mark"].split("-"))]


def as_wav(pcm: bytes) -> bytes:
    """Samples as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(_SAMPLE_BYTES)
        file.setframerate(RATE_HZ)
        file.writeframes(pcm)
    return out.getvalue()


def as_opus(pcm: bytes) -> bytes:
    """Samples as Opus in Ogg: a tenth of a WAV. It needs the part `soft` of Pressel."""
    import numpy as np
    import soundfile

    out = io.BytesIO()
    try:
        soundfile.write(out, np.frombuffer(pcm, np.int16), RATE_HZ, format="OGG", subtype="OPUS")
    except (soundfile.LibsndfileError, ValueError) as error:
        raise UsageError(
            f"this computer's libsndfile writes no Opus ({error}); export a .wav"
        ) from error
    return out.getvalue()


def seconds(pcm: bytes) -> float:
    return len(pcm) / (_SAMPLE_BYTES * RATE_HZ)


def _sound(piece: Callable[[int], dict[str, Any]]) -> bytes:
    pieces = []
    for number in range(PIECES_MAX):
        told = piece(number)["frames"]
        if told is None:
            break
        pieces.append(base64.b64decode(told))
    if not pieces:
        raise PresselError("nothing is left of that recording")
    return frames.sound(pieces)
