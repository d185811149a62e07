"""Speech in a little less time: a period of the voice is left out where the playout is late.

What is left over of a frame waits for the next. A listener who is late after kept speech, or after
an outage, hears the talker 15 % faster for a second, at the same pitch.
"""

from array import array

from ..base.compat import const
from ..base.numbers import FRAME_SAMPLES, RATE_HZ
from . import voice_dsp as dsp

_LINE_SAMPLES = const(960)  # three frames
_SOUGHT_SAMPLES = const(512)  # in them a period is sought, see `voice_period.period`
_TEMPLATE_AT = const(256)
_REST_FRAMES = const(2)  # between two periods left out


class TimeScale:
    """A line of samples: frames (320 samples, array 'h') go in and come out."""

    def __init__(self) -> None:
        self._line = array("h", bytes(_LINE_SAMPLES * 2))
        self._out = array("h", bytes(FRAME_SAMPLES * 2))
        self.count = 0  # samples in the line
        self._rest = 0  # frames until a period may be left out again

    def lag_ms(self) -> int:
        """How much later sound comes out than it went in."""
        return self.count * 1000 // RATE_HZ

    def wants(self) -> bool:
        """True when the line holds no whole frame."""
        return self.count < FRAME_SAMPLES

    def wants_more(self) -> bool:
        """True when it holds too little of the voice for a period to be found."""
        return self.count < _SOUGHT_SAMPLES

    def may_shorten(self) -> bool:
        """True when enough was heard since the last period that was left out."""
        return not self._rest

    def put(self, pcm: "array") -> None:
        """Take a frame; the line must hold two at most."""
        dsp.move(self._line, self.count, pcm, 0, FRAME_SAMPLES)
        self.count += FRAME_SAMPLES

    def shorten(self) -> None:
        """Leave out one period, if enough of the voice is known."""
        if self.wants_more():
            return
        line = self._line
        lag = dsp.period(line, _TEMPLATE_AT)
        dsp.blend(line, lag, line, 0, lag)
        self.count -= lag
        dsp.move(line, 0, line, lag, self.count)
        self._rest = _REST_FRAMES

    def take(self) -> "array":
        """The next frame, filled up with silence where the line is shorter; valid until the next
        call."""
        line = self._line
        count = min(self.count, FRAME_SAMPLES)
        dsp.move(self._out, 0, line, 0, count)
        while count < FRAME_SAMPLES:
            self._out[count] = 0
            count += 1
            self.count += 1
        self.count -= FRAME_SAMPLES
        dsp.move(line, 0, line, FRAME_SAMPLES, self.count)
        if self._rest:
            self._rest -= 1
        return self._out

    def rest(self) -> None:
        """Leave out nothing for the next frames: what is in the line belongs to somebody else."""
        self._rest = _REST_FRAMES
