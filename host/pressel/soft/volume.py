"""How loud a soft badge plays what it hears."""

from __future__ import annotations

from array import array

AS_IT_IS = 100  # percent
PERCENT_MAX = 200  # twice as strong: what is louder than a device can be is limited
_MAX = 32_767


class Volume:
    def __init__(self, percent: int = AS_IT_IS) -> None:
        self._percent = percent

    def set(self, percent: int) -> str:
        """From now on; a sentence about it."""
        if percent > PERCENT_MAX:
            return f"the volume is 0 to {PERCENT_MAX} %; it stays at {self._percent} %"
        self._percent = percent
        return f"plays at {percent} %" if percent else "plays nothing until you raise the volume"

    def play(self, frame: array | None) -> array | None:
        """A frame for the speaker; None is silence."""
        if frame is None or self._percent == AS_IT_IS:
            return frame
        louder = (each * self._percent // AS_IT_IS for each in frame)
        return array("h", [max(-_MAX - 1, min(_MAX, each)) for each in louder])
