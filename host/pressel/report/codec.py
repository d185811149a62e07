"""What the voice codec alone does to speech: the best that any path can deliver."""

from __future__ import annotations

from array import array

import numpy as np

from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import adpcm

from .timeline import Pcm


def codec_alone(spoken: Pcm) -> Pcm:
    """Speech coded and decoded frame by frame, as a talker and a listener do; what does not fill a
    last frame stays as it is."""
    played = spoken.copy()
    encoder = adpcm.Encoder()
    coded = bytearray(ADPCM_FRAME_BYTES)
    frame = array("h", bytes(FRAME_SAMPLES * 2))
    for at in range(0, len(spoken) - FRAME_SAMPLES + 1, FRAME_SAMPLES):
        encoder.encode(array("h", spoken[at : at + FRAME_SAMPLES].tobytes()), coded, 0)
        adpcm.decode(coded, 0, frame)
        played[at : at + FRAME_SAMPLES] = np.frombuffer(frame.tobytes(), np.int16)
    return played
