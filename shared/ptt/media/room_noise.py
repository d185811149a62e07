"""How noisy a talker's room is, from the largest magnitude of each frame.

The quietest frames of speech are the room's; how far they lie below the loudest says whether a
coder's noise is heard next to it.
"""

from ..base.compat import TYPE_CHECKING, const

if TYPE_CHECKING:
    from array import array

STATE_INTS = const(2)  # of the quiet frames, of the loud ones

_RISE_SHIFT = const(
    6
)  # quiet grows by 1.6 % a frame: what a minute of speech hides comes up in 2 s
_FALL_SHIFT = const(7)  # loud falls by 0.8 % a frame: to a third within 3 s without speech
_RATIO = const(40)  # 32 dB: recordings in booths have more, all rooms with people in them less


def follow(state: "array", at: int, peak: int) -> bool:
    """Take one more frame, of magnitude `peak`, into the two ints of `state` (array 'i', zeros to
    begin) from `at`; True when the room is noisy, or nothing else is known yet."""
    quiet = state[at]
    quiet += (quiet >> _RISE_SHIFT) + 1
    loud = state[at + 1]
    loud -= loud >> _FALL_SHIFT
    if peak < quiet or loud == 0:
        quiet = peak
    if peak > loud:
        loud = peak
    state[at] = quiet
    state[at + 1] = loud
    return quiet * _RATIO > loud
