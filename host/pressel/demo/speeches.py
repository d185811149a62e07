"""What the people of the demo say: the recordings that ship, or pieces of the user's own file."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from pressel.audio.speech import RECORDINGS, SOURCE
from pressel.audio.wav import RATE_HZ, read_speech

TURNS = 4  # bursts of the script
TURN_S_MIN = 2  # all four turns say a short file, which the report looks for 1.5 s around its time
PIECE_S = 8  # longer files are said in pieces, so that a demo stays under a minute


@dataclass(frozen=True)
class Speech:
    """`pcm`: int16 at 16 kHz mono; `text`: the words, or which part of which file."""

    pcm: NDArray[np.int16]
    text: str

    @property
    def seconds(self) -> float:
        return len(self.pcm) / RATE_HZ


def load_speeches(file: Path | None) -> tuple[list[Speech], str]:
    """Four speeches and where they are from. Raises SpeechFileError for a bad `file`."""
    if file is None:
        shipped = [Speech(read_speech(each.path), each.text) for each in RECORDINGS]
        return shipped[:TURNS], SOURCE
    pcm = read_speech(file)
    pieces = _audible(pcm)
    speeches = []
    for turn in range(TURNS):
        start = pieces[turn % len(pieces)]
        piece = pcm[start : start + PIECE_S * RATE_HZ]
        end_s = (start + len(piece)) / RATE_HZ
        text = f"{file.name}, {start / RATE_HZ:g} s to {end_s:.3g} s"
        silence = np.zeros(max(0, TURN_S_MIN * RATE_HZ - len(piece)), np.int16)
        speeches.append(Speech(np.concatenate((piece, silence)), text))
    return speeches, file.name


def _audible(pcm: NDArray[np.int16]) -> list[int]:
    """Where each piece begins; those much quieter than the file are left out."""
    size = PIECE_S * RATE_HZ
    starts = list(range(0, len(pcm), size))
    pieces = [pcm[at : at + size].astype(np.float64) for at in starts]
    peaks = [float(np.abs(piece - piece.mean()).max()) for piece in pieces]  # offset is no sound
    full = [
        at
        for at, peak in zip(starts, peaks, strict=True)
        if peak * 10 >= max(peaks) and (at == 0 or len(pcm) - at >= RATE_HZ)
    ]
    return full or [starts[int(np.argmax(peaks))]]
