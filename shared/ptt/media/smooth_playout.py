"""A playout for machines with room: losses are made up with the voice's own period, and lateness is
made good while somebody speaks.

It stands between a `Playout` and the speaker, and hears from it alone what came and what did not.
"""

from ..base.compat import TYPE_CHECKING
from .concealer import Concealer
from .playout import PLAYING
from .time_scale import TimeScale

if TYPE_CHECKING:
    from array import array

    from .playout import Playout


class SmoothPlayout:
    """What `playout` plays, smoother; read in its place."""

    def __init__(self, playout: "Playout") -> None:
        self._playout = playout
        playout.is_smooth = True
        self._concealer = Concealer()
        self.line = TimeScale()
        self._lease = 0  # of the burst that was read last

    def read(self, now_ms: int) -> "array | None":
        """The next 320 samples, or None when there is silence; valid until the next call."""
        line = self.line
        if line.wants():
            pcm = self._next(now_ms)
            if pcm is None:
                return line.take() if line.count else None
            if not line.count and not self._is_late(now_ms):
                return pcm
            line.put(pcm)
        if line.may_shorten() and self._is_late(now_ms):
            if line.wants_more() and self._playout.current.peek(0) >= 0:
                pcm = self._next(now_ms)
                if pcm is not None:
                    line.put(pcm)
            line.shorten()
        return line.take()

    def _is_late(self, now_ms: int) -> bool:
        playout = self._playout
        current = playout.current
        lag_ms = current.lag_ms(current.upcoming, now_ms) + self.line.lag_ms()
        wanted_ms = playout.path.near_ms
        if playout.comfort is not None and playout.comfort.is_of(current.lease):
            wanted_ms = playout.path.delay_ms  # words begin with what was held back
        return playout.state == PLAYING and lag_ms > wanted_ms

    def _next(self, now_ms: int) -> "array | None":
        """One frame of the playout, mended."""
        pcm = self._playout.read(now_ms)
        if pcm is None:
            return None
        current = self._playout.current
        if current.lease != self._lease:
            self._lease = current.lease
            self._concealer.begin()
            self.line.rest()
        if current.missed:
            self._concealer.conceal(pcm)
        else:
            self._concealer.hear(pcm)
        return pcm
