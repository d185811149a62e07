"""What a listener hears where a talker leaves out a pause: noise as loud as the talker's room.

Without it each pause would sound like a line that is dead. A frame of a pause says in its fourth
byte how loud the room is; what does not come behind it belongs to the pause, until a frame of
speech comes or too many are missing.
"""

from array import array

from ..base.compat import TYPE_CHECKING
from ..base.numbers import REST_FRAMES_MAX, REST_LEVEL_MAX
from .filters import hiss

if TYPE_CHECKING:
    from collections.abc import Callable


def mean_of(level: int) -> int:
    """The mean magnitude of samples that a `level` (1 to `REST_LEVEL_MAX`) stands for: four steps
    to the double, 1 to 28,672."""
    return (4 + (level - 1 & 3) << (level - 1 >> 2)) >> 2


def level_of(mean: int) -> int:
    """The level that comes nearest to a mean magnitude from below."""
    level = 1
    while level < REST_LEVEL_MAX and mean_of(level + 1) <= mean:
        level += 1
    return level


class Comfort:
    """One listener's; `hiss` as `filters` has it."""

    def __init__(self, hiss: "Callable[[array, array, int], None]" = hiss) -> None:
        self._hiss = hiss
        self._mean = 0  # of the pause that is heard
        self._left = 0  # frames that may be missing in it
        self._number = -1  # of its last frame that came
        self._lease = 0
        self._state = array("i", (1, 0))
        self.frames = 0  # of noise, so far

    @property
    def is_on(self) -> bool:
        """Is a pause heard?"""
        return self._left > 0

    def is_of(self, lease: int) -> bool:
        """Was the last pause in the burst `lease`?"""
        return lease == self._lease

    def left_out(self, lease: int, number: int) -> int:
        """Frame `number` of the burst `lease` came: how many before it belong to a pause, at most
        as many as a pause may leave out."""
        count = number - self._number - 1 if self._left and lease == self._lease else 0
        self._left = 0
        return min(max(count, 0), REST_FRAMES_MAX)

    def begin(self, lease: int, number: int, level: int, pcm: "array") -> None:
        """Frame `number` is of a pause: `pcm` gets 320 samples as loud as `level` says."""
        self._lease = lease
        self._number = number
        self._left = REST_FRAMES_MAX
        self._mean = mean_of(min(level, REST_LEVEL_MAX))
        self._fill(pcm)

    def go_on(self, pcm: "array") -> bool:
        """No frame has come: is that the pause? Then `pcm` gets more of it."""
        if not self._left:
            return False
        self._left -= 1
        self._fill(pcm)
        return True

    def _fill(self, pcm: "array") -> None:
        self._hiss(self._state, pcm, self._mean)
        self.frames += 1
