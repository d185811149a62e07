"""Tones over the loudspeaker, alone or mixed with speech, one 20 ms frame at a time.

Integers only. What the tones are is in `badge.indications`, how a wave is made in `media.dsp`.
Speech is never changed: the sum is a frame of its own, made once and in pieces of 2 ms, whose first
and last of a note are softer, because a note that begins or ends at once clicks.
"""

from array import array

from micropython import const

from ptt.badge import indications
from ptt.base.numbers import FRAME_SAMPLES, RATE_HZ
from ptt.media import dsp

_SILENCE = const(16)  # halved so often, nothing is left
_PIECE_SAMPLES = const(32)
_PIECES_A_SECOND = const(500)
_TENS = const(10)  # in which notes are kept


class Tones:
    """Plays one tone at a time; a new one replaces the one that plays."""

    def __init__(self, is_silent: bool) -> None:
        self._is_silent = is_silent
        self._pcm = array("h", bytes(FRAME_SAMPLES * 2))
        view = memoryview(self._pcm)
        pieces = []
        for at in range(0, FRAME_SAMPLES, _PIECE_SAMPLES):
            pieces.append(view[at : at + _PIECE_SAMPLES])
        self._pieces = tuple(pieces)  # without the places that a list keeps for more
        self._wave = array("i", (0,))  # the phase
        self._next = 0  # where the next note begins
        self._notes = 0  # where the tone's notes end
        self._left = 0  # pieces of the present note
        self._is_soft = False  # its next piece is the first
        self._step = 0  # phase a sample; 0 is a pause
        self._level_q15 = 0
        self.is_playing = False

    def play(self, tone: int) -> None:
        """Begin the tone of this number, unless the badge was told to be silent."""
        if self._is_silent:
            return
        ends = indications.TONES[0]
        self._next = ends[tone - 1] if tone else 0
        self._notes = ends[tone]
        self._left = 0
        self.is_playing = True

    def mix(self, speech: "array | None") -> "array":
        """The next frame: `speech` (320 samples, or None) with the tone; valid until the next."""
        pcm = self._pcm
        if speech is None:
            dsp.fade(pcm, _SILENCE)
        else:
            pcm[0:FRAME_SAMPLES] = speech
        if not self.is_playing:  # most of speech
            return pcm
        n = 0
        while n < len(self._pieces) and (self._left or self._begin_note()):
            if self._step:
                self._add(self._pieces[n])
            self._left -= 1
            n += 1
        if not self._left and self._next >= self._notes:
            self.is_playing = False
        return pcm

    def _begin_note(self) -> bool:
        notes = indications.TONES[1]
        at = self._next
        if at >= self._notes:
            return False
        self._next = at + indications.NOTE_NUMBERS
        self._step = (notes[at] * _TENS << 16) // RATE_HZ
        self._left = notes[at + 1] * _TENS * _PIECES_A_SECOND // 1000
        self._level_q15 = (notes[at + 2] * _TENS << 15) // 1000
        self._is_soft = True
        self._wave[0] = 0
        return True

    def _add(self, piece: "memoryview") -> None:
        is_edge = self._is_soft or self._left == 1
        self._is_soft = False
        level_q15 = self._level_q15 >> 1 if is_edge else self._level_q15
        dsp.mix_tone(self._wave, piece, self._step, level_q15)  # pyright: ignore[reportArgumentType]
