"""Which frames of a talk burst are pauses, so that nobody would miss them.

It errs towards speech. A word that ends softly is covered by a hang-over, one that begins softly by
the low ratio of `activity` and by the frames before it; and where the voice is near the room,
nothing is a pause.
"""

from ..base.compat import const
from ..base.numbers import REST_LEAD_FRAMES
from .activity import Activity

_HANG_FRAMES = const(15)  # 300 ms: the longest gap within a word, and its last consonant
_NEAR = const(4)  # speech less than 12 dB above the room hides its soft sounds in it
_LOUD_SHIFT = const(8)  # the loudest is forgotten by 0.4 % a frame: to a third within 5.6 s
_SPEECH_FRAMES = const(3)  # 60 ms in a row: a clink of a plate is shorter and counts for nothing


class Pauses:
    """Of one microphone, whose frames `activity` heard. `count`: frames in pauses so far."""

    def __init__(self, activity: Activity) -> None:
        self._activity = activity
        self._loud = 0  # the loudest of speech, as `Activity.level` counts
        self._run = 0  # frames of speech in a row
        self._left = _HANG_FRAMES
        self._lead = 0  # frames of this pause that may still lead to speech
        self.is_now = False  # the last frame is in a pause, or leads from one to speech
        self.count = 0

    def hear(self, is_speech: bool, level: int) -> None:
        """One more frame, of loudness `level`."""
        self.is_now = self._is_pause(is_speech, level)
        if not self.is_now:
            self._lead = 0
        elif self._lead < REST_LEAD_FRAMES:
            self._lead += 1
        else:
            self.count += 1

    def _is_pause(self, is_speech: bool, level: int) -> bool:
        self._loud -= self._loud >> _LOUD_SHIFT
        if is_speech:
            self._run += 1
            self._left = _HANG_FRAMES
            if self._run >= _SPEECH_FRAMES and level > self._loud:
                self._loud = level
            return False
        self._run = 0
        if self._loud < self._activity.level.value * _NEAR:
            return False
        if self._left:
            self._left -= 1
            return False
        return True
