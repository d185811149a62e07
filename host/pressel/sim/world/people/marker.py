"""A stand-in for the voice coder: a frame says who spoke it and when, instead of how it sounded.

Coding sound would take most of a run's time and decide nothing: engines move frames, they do not
look into them. It goes where every twin of the coder goes, `ptt.media.dsp.use`. A frame's id is
``talker << 24 | utterance << 12 | number`` (12 bits each): what a microphone hears and what a
speaker plays can be compared by it.
"""

from __future__ import annotations

from array import array
from struct import Struct
from typing import Any

from ptt.base.numbers import ADPCM_FRAME_BYTES, FRAME_SAMPLES
from ptt.media import dsp, voice_dsp

UTTERANCES = 1 << 12  # of one talker in one run
FRAMES = 1 << 12  # of one utterance: 82 s
SILENCE = 0x7FFF  # the talker's number in a frame in which nobody says anything

_HEADER_BYTES = 4  # of a frame: its predictor, high byte first, its step, and what a pause is
_MARK = b"mark"  # the first samples: hardly any real frame begins so
ID_AT = _HEADER_BYTES + FRAME_SAMPLES // 4  # a byte holds two samples, so this is a frame's middle
_id_of = Struct(">3H").unpack_from
_STEP_MAX = 88  # of a real frame, which says 0 behind it
_MARK_END = _HEADER_BYTES + len(_MARK)
_BLANK = bytes(_HEADER_BYTES) + _MARK + bytes(ADPCM_FRAME_BYTES - _MARK_END)


def frame_id(talker: int, utterance: int, number: int) -> int:
    """One spoken frame; utterances and numbers beyond their range begin anew."""
    return talker << 24 | (utterance % UTTERANCES) << 12 | number % FRAMES


def talker_of(frame: int) -> int:
    return frame >> 24


def utterance_of(frame: int) -> int:
    return frame >> 12 & UTTERANCES - 1


def number_of(frame: int) -> int:
    return frame & FRAMES - 1


class MarkerCoder:
    """The coder's twin; `heard` is the id in the last decoded frame, `before` that in the one
    decoded before it, -1 for none."""

    def __init__(self) -> None:
        self.heard = self.before = -1
        self.known: dict[bytes, int] = {}  # frames of real speech, by their bytes

    def ima_encode(self, state: Any, pcm: Any, out: bytearray, at: int) -> None:
        """The id from the first three samples, as 6 bytes in the frame's middle. The predictor
        follows from it: a coder that knows no marks decodes every frame to other samples, none of
        them near the ends of their range, where many would be alike."""
        out[at : at + ADPCM_FRAME_BYTES] = _BLANK
        level = (pcm[0] * 7919 + pcm[1] * 1009 + pcm[2] * 37) % 32768 - 16384
        out[at] = level >> 8 & 255
        out[at + 1] = level & 255
        at += ID_AT
        for n in range(3):
            out[at + 2 * n] = pcm[n] >> 8
            out[at + 2 * n + 1] = pcm[n] & 255

    def ima_decode(self, data: Any, at: int, pcm: Any) -> None:
        self.before = self.heard
        if data[at + _HEADER_BYTES : at + _MARK_END] != _MARK:
            content = bytes(data[at : at + ADPCM_FRAME_BYTES])
            is_coded = content[2] <= _STEP_MAX and not content[3]
            if content in self.known or is_coded:  # by a badge that runs the firmware
                self.heard = self.known.get(content, SILENCE << 24)
                return  # else it was opened with a wrong key, and nobody has said it
        at += ID_AT
        talker, utterance, number = _id_of(data, at)
        self.heard = talker << 24 | utterance << 12 | number

    def fade(self, pcm: Any, shift: int) -> None:
        """Concealment has nothing to fade here."""

    def period(self, pcm: Any, at: int) -> int:
        """A voice of 100 Hz."""
        return 160

    def repeat(self, past: Any, lag: int, phase: int, pcm: Any, gain: int, slope: int) -> None:
        """Nor anything to repeat, to blend or to move."""

    def blend(self, pcm: Any, at: int, source: Any, start: int, count: int) -> None: ...

    def move(self, pcm: Any, at: int, source: Any, start: int, count: int) -> None: ...

    def xor(self, target: Any, at: int, key: Any, start: int, count: int) -> None:
        """As the twins do, in one go."""
        mixed = int.from_bytes(target[at : at + count], "big") ^ int.from_bytes(
            key[start : start + count], "big"
        )
        target[at : at + count] = mixed.to_bytes(count, "big")

    def copy(self, target: Any, at: int, source: Any, start: int, count: int) -> None:
        """As the twins do, in one go."""
        target[at : at + count] = source[start : start + count]


CODER = MarkerCoder()
_pcm = array("h", bytes(FRAME_SAMPLES * 2))


def spoken(talker: int, utterance: int, number: int) -> array[int]:
    """The microphone frame of that id; valid until the next call."""
    _pcm[0] = talker
    _pcm[1] = utterance % UTTERANCES
    _pcm[2] = number % FRAMES
    return _pcm


def install() -> None:
    """From now on engines of this process use it."""
    CODER.known.clear()
    dsp.use(CODER)
    voice_dsp.use(CODER)
