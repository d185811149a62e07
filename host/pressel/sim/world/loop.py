"""The event loop in virtual time: what is due next happens next, first come, first served.

Knows times and callbacks, nothing else. Times are microseconds since the run began.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Callable


class EventLoop:
    """A queue of (time, callback, argument); equal times keep the order in which they were made."""

    def __init__(self) -> None:
        self.now_us = 0
        self.events = 0  # that have happened
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._serial = 0

    def at(self, due_us: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call `callback(argument)` at `due_us`, or next when that is over."""
        self._serial += 1
        heappush(self._heap, (due_us, self._serial, callback, argument))

    def run(self, until_us: int) -> None:
        """Let everything happen that is due before `until_us`, which becomes the time."""
        heap = self._heap
        while heap and heap[0][0] < until_us:
            due_us, _, callback, argument = heappop(heap)
            if due_us > self.now_us:
                self.now_us = due_us
            self.events += 1
            callback(argument)
        self.now_us = until_us
