"""What is said in a demo: the shipped recordings, or the user's file cut into four turns."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from pressel.audio.wav import RATE_HZ, SpeechFileError, write_wav
from pressel.demo.speeches import PIECE_S, TURN_S_MIN, TURNS, load_speeches
from pressel.report.align import LAG_TO_MS


def noise(seconds: float, level: int = 9_000) -> NDArray[np.int16]:
    shape = round(seconds * RATE_HZ)
    return np.random.default_rng(1).integers(-level, level, shape).astype(np.int16)


def loaded(tmp_path: Path, *parts: NDArray[np.int16]) -> list[tuple[float, float]]:
    """Start and length in seconds of each turn's piece of a file made of `parts`."""
    pcm = np.concatenate(parts)
    write_wav(tmp_path / "mine.wav", pcm)
    speeches, source = load_speeches(tmp_path / "mine.wav")
    assert source == "mine.wav" and len(speeches) == TURNS
    starts = []
    for speech in speeches:
        at = float(speech.text.split(", ")[1].split(" s")[0])
        first = round(at * RATE_HZ)
        assert (pcm[first : first + len(speech.pcm)] == speech.pcm).all()
        starts.append((at, speech.seconds))
    return starts


def test_the_shipped_ones_are_four_and_all_different() -> None:
    speeches, source = load_speeches(None)
    assert len(speeches) == TURNS and "LibriVox" in source
    assert len({speech.text for speech in speeches}) == TURNS
    assert len({speech.pcm.tobytes() for speech in speeches}) == TURNS


def test_a_short_file_is_said_by_everybody(tmp_path: Path) -> None:
    assert loaded(tmp_path, noise(3.0)) == [(0.0, 3.0)] * TURNS


def test_a_very_short_file_is_followed_by_silence(tmp_path: Path) -> None:
    """The next to talk says the same: the report must not take it for an echo."""
    write_wav(tmp_path / "mine.wav", noise(0.7))
    speeches, _ = load_speeches(tmp_path / "mine.wav")
    for speech in speeches:
        assert speech.seconds == TURN_S_MIN > LAG_TO_MS / 1000
        assert not speech.pcm[round(0.7 * RATE_HZ) :].any()
        assert speech.text == "mine.wav, 0 s to 0.7 s"


def test_a_long_file_is_said_in_pieces(tmp_path: Path) -> None:
    starts = loaded(tmp_path, noise(59.0))
    assert starts == [(turn * PIECE_S, PIECE_S) for turn in range(TURNS)]


def test_a_rest_too_short_to_hear_is_left_out(tmp_path: Path) -> None:
    assert loaded(tmp_path, noise(PIECE_S + 0.5)) == [(0.0, PIECE_S)] * TURNS


def test_silent_pieces_are_left_out(tmp_path: Path) -> None:
    parts = (noise(PIECE_S, level=300), noise(PIECE_S), noise(PIECE_S, level=300), noise(4.0))
    starts = [start for start, _ in loaded(tmp_path, *parts)]
    assert starts == [PIECE_S, 3 * PIECE_S] * 2


def test_an_offset_alone_is_not_loud(tmp_path: Path) -> None:
    hum = np.full(PIECE_S * RATE_HZ, 8_000, np.int16)
    starts = [start for start, _ in loaded(tmp_path, hum, noise(PIECE_S))]
    assert starts == [PIECE_S] * TURNS


def test_a_bad_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(SpeechFileError):
        load_speeches(tmp_path / "none.wav")
