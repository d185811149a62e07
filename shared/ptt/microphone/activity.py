"""Whether a frame holds speech: louder, or sharper, than the room is known to be.

The room's level is the least of the last two to three seconds (minimum statistics, Martin 2001): in
speech as in noise some frame is always near it. Two figures of each frame are followed alike: its
loudness, and that of the steps from sample to sample, in which an s or f stands out from a room
whose noise is deep.
"""

from array import array

from ..base.compat import const

_FRAMES = const(16)  # 320 ms: of so many the least is taken
_LEASTS = const(8)  # of so many such spans, 2.6 s: longer than words without a pause
_NEVER = const(0x3FFFFFFF)


class Floor:
    """The least of a figure (0 or more) over the last seconds, smoothed over two frames."""

    def __init__(self) -> None:
        self._leasts = array("i", [_NEVER] * _LEASTS)
        self._least = _NEVER
        self._before = -1
        self._count = 0
        self.value = 0  # 0: not known yet

    def follow(self, figure: int) -> None:
        """One more frame."""
        smooth = figure if self._before < 0 else figure + self._before >> 1
        self._before = figure
        if smooth < self._least:
            self._least = smooth
        if smooth < self.value or not self.value:
            self.value = smooth
        self._count += 1
        if self._count % _FRAMES:
            return
        self._leasts[self._count // _FRAMES % _LEASTS] = self._least
        self._least = _NEVER
        self.value = min(self._leasts)


class Activity:
    """Is it speech? Asked of the figures of each frame (`filters.high_pass`)."""

    def __init__(self) -> None:
        self.level = Floor()
        self.sharp = Floor()

    def hear(self, level: int, sharp: int) -> bool:
        """True when the frame is more than the room."""
        self.level.follow(level)
        self.sharp.follow(sharp)
        return _stands_out(level, self.level.value) or _stands_out(sharp, self.sharp.value)


_RATIO_Q4 = const(28)  # 5 dB above the room's least; 6 lose soft beginnings of words in a fan
_LEAST = const(320 * 6)  # below it there is silence, whatever the room


def _stands_out(figure: int, floor: int) -> bool:
    return figure > _LEAST and figure << 4 > floor * _RATIO_Q4
