"""Devices that go to and fro between two addresses: two badges have one identity, and each throws
the other out by joining.

Only devices that have proved their key get here. Bounded by `HELD_OFF_MAX`.
"""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import HELD_OFF_MAX, HELD_OFF_TELL_MS

if TYPE_CHECKING:
    from typing import Any

_BACK_MS = const(30000)  # a badge that was thrown out is back within seconds
_SWAPS = const(3)  # once is a network that was left and found again


class _Swap:
    """Where a device was before, and how often it has come back to where it was."""

    __slots__ = ("at_ms", "count", "left", "told_ms")

    def __init__(self, now_ms: int) -> None:
        self.left: Any = None
        self.at_ms = now_ms
        self.count = 0
        self.told_ms: int | None = None


class Swaps:
    """By device, the one that moved longest ago first."""

    def __init__(self) -> None:
        self._of: dict[bytes, _Swap] = {}

    def moved(self, device: bytes, before: "Any", after: "Any", now_ms: int) -> bool:
        """`device` joins from address `after`, and was at `before`: True when somebody should be
        told that there are two of it."""
        swap = self._of.pop(device, None) or _Swap(now_ms)
        self._of[device] = swap
        if len(self._of) > HELD_OFF_MAX:
            del self._of[next(iter(self._of))]
        is_back = swap.left == after and age(now_ms, swap.at_ms) < _BACK_MS
        swap.count = swap.count + 1 if is_back else 0
        swap.left = before
        swap.at_ms = now_ms
        told_ms = swap.told_ms
        if swap.count < _SWAPS:
            return False
        if told_ms is not None and age(now_ms, told_ms) < HELD_OFF_TELL_MS:
            return False
        swap.told_ms = now_ms
        return True
