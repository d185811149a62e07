"""What the codec alone costs, and that the report finds a way that costs more."""

from __future__ import annotations

import numpy as np
import pytest

from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from pressel.report import measure
from pressel.report.codec import codec_alone

from .synthetic_run import Pcm, Scene

pytest.importorskip("pesq", reason="the PESQ package needs a C compiler")


def test_the_codec_alone_keeps_length_and_level() -> None:
    said = read_speech(RECORDINGS[1].path)
    played = codec_alone(said)
    assert len(played) == len(said) and played.dtype == np.int16
    assert abs(np.std(played) / np.std(said) - 1) < 0.02


def heard_through(way) -> list[str]:
    """The failures of one burst heard through the codec and `way`."""
    scene = Scene(("ann", "ben"), 4_000)
    scene.say("ann", read_speech(RECORDINGS[1].path), hears={"ben": (90.0, way)})
    report = measure(scene.run())
    assert report.bursts[0].pesq_codec is not None
    return [failure.text for failure in report.verdict.failures]


def test_a_way_that_adds_nothing_passes() -> None:
    assert heard_through(lambda said: said) == []  # the scene's listeners hear coded speech


def test_a_way_that_repeats_every_tenth_frame_is_found() -> None:
    def repeating(said: Pcm) -> Pcm:
        played = said.copy()
        for at in range(3200, len(played) - 320, 3200):
            played[at : at + 320] = played[at - 320 : at]
        return played

    assert any("below what the codec alone gives" in text for text in heard_through(repeating))
