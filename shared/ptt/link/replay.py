"""The sequence numbers of one session that have come: each is obeyed once, and never when it is
old.

A window of 64 numbers below the highest (as RFC 6479 keeps it): voice may overtake control, and
nothing on a venue's network is more than a second late and still wanted.
"""

from ..base.compat import const

_WINDOW = const(64)


class ReplayWindow:
    """Numbers from 1; `highest` is the highest that was accepted."""

    __slots__ = ("_bits", "highest")

    def __init__(self) -> None:
        self.highest = 0
        self._bits = bytearray(_WINDOW // 8)

    def is_new(self, seq: int) -> bool:
        """May `seq` be obeyed? Changes nothing: the tag has not been looked at yet."""
        if seq > self.highest:
            return True
        if seq + _WINDOW <= self.highest or seq <= 0:
            return False
        return not self._bits[seq >> 3 & 7] & 1 << (seq & 7)

    def accept(self, seq: int) -> None:
        """`seq` came with a good tag."""
        bits = self._bits
        if seq > self.highest:
            between = max(self.highest, seq - _WINDOW) + 1
            while between < seq:
                bits[between >> 3 & 7] &= ~(1 << (between & 7))
                between += 1
            self.highest = seq
        bits[seq >> 3 & 7] |= 1 << (seq & 7)
