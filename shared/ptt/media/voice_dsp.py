"""The functions of `voice_period`, and which twin of each runs, as `dsp` has it for all badges.

Apart from `dsp`, because a badge without room loads neither this nor what calls it.
"""

from ..base.compat import TYPE_CHECKING
from . import voice_period

if TYPE_CHECKING:
    from typing import Any

period = voice_period.period
repeat = voice_period.repeat
blend = voice_period.blend
move = voice_period.move

NAMES = ("period", "repeat", "blend", "move")


def use(twin: "Any") -> None:
    """From now on use the functions of `twin`, which has all of them."""
    for name in NAMES:
        globals()[name] = getattr(twin, name)
