"""What is heard in place of a frame that has not come: the voice goes on with its last period.

A short period goes on with several of the last ones, for a single one buzzes. It fades within 80
ms, for what goes on longer sounds like a machine. The frame that comes at last is entered within
2 ms: it is as it was said, and the ear wants it soon.
"""

from array import array

from ..base.compat import const
from ..base.numbers import FRAME_SAMPLES
from . import voice_dsp as dsp

_PAST_SAMPLES = const(640)  # two frames: the period is sought in the last, and one before it
_TEMPLATE_AT = const(512)  # the last 128 samples, see `voice_period.period`
_LAG_LEAST = const(160)  # 10 ms: so much is repeated at least, where so many periods are known
_LAG_MOST = const(256)  # see `voice_period.repeat`
_ENTRY_SAMPLES = const(32)
# The strength at the start of each missing frame, and its change a sample: to 0 after the fourth.
_GAINS_Q14 = (16384, 14144, 9024, 3264, 0)
_SLOPES_Q14 = (-7, -16, -18, -11, 0)


class Concealer:
    """Follows the frames (320 samples, array 'h') of what is heard."""

    def __init__(self) -> None:
        self._past = array("h", bytes(_PAST_SAMPLES * 2))
        self._ahead = array("h", bytes(FRAME_SAMPLES * 2))
        self._missed = 0  # frames made up in a row
        self._lag = 0
        self._phase = 0  # samples made up in a row, less whole periods

    def hear(self, pcm: "array") -> None:
        """A frame that came: the beginning is changed if the one before it was made up."""
        if self._missed:
            gain_q14 = _GAINS_Q14[min(self._missed, 4)]
            dsp.repeat(self._past, self._lag, self._phase, self._ahead, gain_q14, 0)
            dsp.blend(pcm, 0, self._ahead, 0, _ENTRY_SAMPLES)
            self._missed = 0
        past = self._past
        dsp.move(past, 0, past, FRAME_SAMPLES, FRAME_SAMPLES)
        dsp.move(past, FRAME_SAMPLES, pcm, 0, FRAME_SAMPLES)

    def conceal(self, pcm: "array") -> None:
        """Make up one frame."""
        past = self._past
        if not self._missed:
            period = lag = dsp.period(past, _TEMPLATE_AT)
            while lag < _LAG_LEAST and lag + period <= _LAG_MOST:
                lag += period
            self._lag = lag
            self._phase = 0
        at = min(self._missed, 4)
        dsp.repeat(past, self._lag, self._phase, pcm, _GAINS_Q14[at], _SLOPES_Q14[at])
        self._missed += 1
        # Never 0 again: that is where the voice broke off.
        self._phase = (self._phase + FRAME_SAMPLES - 1) % self._lag + 1

    def begin(self) -> None:
        """Another talker: nothing was heard before."""
        self._missed = 0
        dsp.move(self._past, 0, _SILENCE, 0, FRAME_SAMPLES)
        dsp.move(self._past, FRAME_SAMPLES, _SILENCE, 0, FRAME_SAMPLES)


_SILENCE = array("h", bytes(FRAME_SAMPLES * 2))
