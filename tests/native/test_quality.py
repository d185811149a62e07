"""What the coders do to recorded speech, by PESQ wide band: the shaped one is worth its work."""

from __future__ import annotations

from array import array

import numpy as np
import pytest
from tests.bench import concealment

from pressel.audio.codecs import host_codecs
from pressel.audio.speech import RECORDINGS
from pressel.audio.wav import read_speech
from ptt import twins
from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import dsp

pesq = pytest.importorskip("pesq", reason="the PESQ package needs a C compiler")


def score(coder: str, pcm: np.ndarray) -> float:
    encode = getattr(dsp, coder)
    state = array("i", [0] * dsp.IMA_STATE_INTS)
    coded = bytearray(ADPCM_FRAME_BYTES)
    frame = array("h", bytes(2 * FRAME_SAMPLES))
    heard = np.zeros_like(pcm)
    for at in range(0, len(pcm) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        encode(state, array("h", pcm[at : at + FRAME_SAMPLES].tobytes()), coded, 0)
        dsp.ima_decode(coded, 0, frame)
        heard[at : at + FRAME_SAMPLES] = np.frombuffer(frame, np.int16)
    return pesq.pesq(16_000, pcm, heard, "wb")


@pytest.mark.proof
def test_the_shaped_coder_sounds_better() -> None:
    dsp.use(twins)
    speech = [read_speech(recording.path) for recording in RECORDINGS]
    shaped = [score("ima_encode_shaped", pcm) for pcm in speech]
    plain = [score("ima_encode", pcm) for pcm in speech]
    assert np.mean(shaped) > 3.6, shaped
    assert all(one > other + 0.8 for one, other in zip(shaped, plain, strict=True)), plain


@pytest.mark.proof
def test_the_voice_s_period_conceals_better_than_the_last_frame() -> None:
    """By what a sketch had gained: 0.17 at 5 %."""
    fading, period = (concealment.scores(kind, 5, 1, 2) for kind in ("fading", "period"))
    assert np.mean(period) > np.mean(fading) + 0.17, (fading, period)


@pytest.mark.proof
def test_with_g722_one_frame_in_twenty_is_hardly_missed() -> None:
    """With periods sought in twice as much of the voice it was 2.66."""
    codecs = {codec.name: codec for codec in host_codecs()}
    if "G.722" not in codecs:
        pytest.skip("the extra codecs are not installed")
    sounds, *_ = concealment.codec_scores(codecs["G.722"], 5, 1)
    assert np.mean(sounds) > 2.72, np.mean(sounds)
