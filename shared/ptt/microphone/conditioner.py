"""A microphone made fit to be coded: without what lies below voices, as loud as others, not cut.

The strength follows speech while somebody talks, a few dB a second, and rests in pauses: else each
pause would lift the room. A limiter knows the frame's loudest sample before the first one leaves,
so it delays nothing. What cannot be mended, a microphone driven too hard or one in the wind, is
counted for the technician.
"""

from array import array

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_SAMPLES
from .activity import Activity
from .comfort import level_of
from .filters import (
    CLIPPED,
    LEFT_IN,
    LEFT_IN_ALL,
    LEVEL,
    LOW,
    ONE_Q12,
    PEAK,
    SHARP,
    STATE_INTS,
)
from .pauses import Pauses

if TYPE_CHECKING:
    from typing import Any

# Mean magnitudes, of 32,768. Speech of 1,200 has peaks of some -6 dB of full scale.
_WANTED = const(1200)
_NEAR_Q4 = const(21)  # within 2.4 dB of it the strength rests: people are not louder by the word
_CLEAR = const(4)  # 12 dB above the room: what is nearer may be the room itself
_ROOM_MAX = const(250)  # the room is not lifted above it, -39 dB: whispers stay whispers in noise
_STRENGTH_MIN_Q12 = const(1024)  # -12 dB
_STRENGTH_MAX_Q12 = const(32767)  # 18 dB
_RISE_SHIFT = const(7)  # 0.07 dB a frame, 3.4 dB a second of speech
_FALL_SHIFT = const(5)  # 0.27 dB a frame, 14 dB a second: too loud hurts
_SPEECH_SHIFT = const(5)  # of the mean: 32 frames of speech, 0.6 s, two words
_PEAK_MAX = const(23000)  # -3 dB: the coder's error of a steep step finds room above
_FREED_SHIFT = const(3)  # 1 dB a frame back to the strength that speech asks for
_ATTACK_SHIFT = const(5)  # 32 samples, 2 ms: shorter is heard as a click
_RELEASE_SHIFT = const(8)

_ROOM_SHIFT = const(3)  # 8 frames, 160 ms: a room does not change by the frame

_CLIPPED_SAMPLES = const(3)  # at full scale in a frame: one alone may be the speech's own
_WINDY = const(3)  # so much more below voices than in them; a deep voice has as much at most
_WINDY_MIN = const(48000)  # and loud enough to be heard: 150 a sample
_WIND_SHIFT = const(3)  # over 8 frames, 160 ms: a p blows shorter than that


class Conditioner:
    """One microphone's. Without `follows` the strength goes back to where it began, `begin_q12`,
    and stays there; what is too loud is still bent, and all is still counted. `work`: a twin of
    `filters`; None: those.

    Counts of frames while somebody talked: `talked` all, `clipped` those cut at full scale by the
    microphone, `windy` those with wind, a rubbing sleeve or a hum; `pauses` counts those in
    which nothing was said."""

    def __init__(self, work: "Any" = None, begin_q12: int = ONE_Q12) -> None:
        if work is None:
            from . import filters as work
        self._work = work
        self._state = array("i", [0] * STATE_INTS)
        self._activity = Activity()
        self.pauses = Pauses(self._activity)
        self._low = 0  # means of the last frames' sums
        self._level = 0
        self._room = 0  # mean of pauses
        self._speech = 0  # mean level of speech, a frame's sum; 0: not known yet
        self._begin_q12 = min(max(begin_q12, _STRENGTH_MIN_Q12), _STRENGTH_MAX_Q12)
        self._wanted_q12 = self._begin_q12  # that speech asks for
        self._strength_q12 = self._begin_q12  # that the last frame had at its end
        self.follows = True
        self.talked = 0
        self.clipped = 0
        self.windy = 0

    def rest_level(self) -> int:
        """How loud the room is, if the last frame is in a pause; 0: it is not."""
        if not self.pauses.is_now:
            return 0
        return level_of((self._room // FRAME_SAMPLES) * self._strength_q12 >> 12)

    def obey(self, gain: int, takes_away: int) -> None:
        """From now on: does the strength follow speech, is what lies below voices taken away? Each
        1 or 0. Either changes so slowly that nobody hears it begin."""
        self.follows = bool(gain)
        self._state[LEFT_IN] = 0 if takes_away else LEFT_IN_ALL

    @property
    def strength_q12(self) -> int:
        """What speech is multiplied with, limiter apart; 4096 is 1."""
        return self._wanted_q12

    def hear(self, pcm: "array", is_talking: bool) -> None:
        """Make a frame (320 samples, array 'h') fit; `is_talking`: it will be sent."""
        state = self._state
        self._work.high_pass(state, pcm)
        is_speech = self._activity.hear(state[LEVEL], state[SHARP])
        if is_talking:
            is_clean = self._count()
            self.pauses.hear(is_speech, state[LEVEL])
            if self.pauses.is_now:
                self._room += (
                    state[LEVEL] - self._room >> _ROOM_SHIFT if self._room else state[LEVEL]
                )
            if is_speech and is_clean and self.follows:
                self._follow(state[LEVEL])
        if not self.follows:
            self._go_back()
        self._apply(pcm, state[PEAK])

    def _count(self) -> bool:
        """What is wrong with the frame; True when nothing is."""
        state = self._state
        is_clipped = state[CLIPPED] >= _CLIPPED_SAMPLES
        self._low += state[LOW] - self._low >> _WIND_SHIFT
        self._level += state[LEVEL] - self._level >> _WIND_SHIFT
        is_windy = self._low > _WINDY_MIN and self._low > self._level * _WINDY
        self.talked += 1
        self.clipped += is_clipped
        self.windy += is_windy
        return not is_windy

    def _follow(self, level: int) -> None:
        """Speech: the strength goes to what would make it as loud as it should be."""
        if not self._speech:
            self._speech = level
        self._speech += level - self._speech >> _SPEECH_SHIFT
        mean = self._speech // FRAME_SAMPLES + 1
        floor = self._activity.level.value
        strength = self._wanted_q12
        now = mean * strength >> 12
        if now * 16 > _WANTED * _NEAR_Q4:
            strength -= (strength >> _FALL_SHIFT) + 1
        elif now * _NEAR_Q4 < _WANTED * 16 and level > floor * _CLEAR:
            if (floor // FRAME_SAMPLES) * strength >> 12 < _ROOM_MAX:
                strength += (strength >> _RISE_SHIFT) + 1
        self._wanted_q12 = min(max(strength, _STRENGTH_MIN_Q12), _STRENGTH_MAX_Q12)

    def _go_back(self) -> None:
        """The strength to where it began, as fast as it follows speech."""
        strength = self._wanted_q12
        begin = self._begin_q12
        if strength > begin:
            strength = max(begin, strength - (strength >> _FALL_SHIFT) - 1)
        elif strength < begin:
            strength = min(begin, strength + (strength >> _RISE_SHIFT) + 1)
        self._wanted_q12 = strength
        self._speech = 0  # measured anew when it follows again

    def _apply(self, pcm: "array", peak: int) -> None:
        """The strength, less where the loudest sample would not fit."""
        before = self._strength_q12
        after = min(self._wanted_q12, before + (before >> _FREED_SHIFT) + 1)
        if peak * after >> 12 > _PEAK_MAX:
            after = (_PEAK_MAX << 12) // peak
        self._strength_q12 = after
        if before != ONE_Q12 or after != ONE_Q12:
            shift = _ATTACK_SHIFT if after < before else _RELEASE_SHIFT
            self._work.amplify(pcm, before, after, shift)
