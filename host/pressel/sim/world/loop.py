"""The event loop in virtual time: what is due next happens next, first come, first served.

It knows times and callbacks, nothing else. Times are microseconds since the run began. Much is due
in the same instant, so the heap holds instants, each with a list: one more thing to do then costs
an entry in that list.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Any, Callable


class EventLoop:
    """Calls (callback, argument) when they are due; in one instant, in the order of asking."""

    def __init__(self) -> None:
        self.now_us = 0
        self.events = 0  # that have happened
        self._instants: list[int] = []  # a heap
        self._due: dict[int, list[tuple[Callable[[Any], None], Any]]] = {}  # by instant

    def at(self, due_us: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        """Call `callback(argument)` at `due_us`, or in the present instant when that is over."""
        if due_us < self.now_us:
            due_us = self.now_us
        due = self._due.get(due_us)
        if due is None:
            self._due[due_us] = [(callback, argument)]
            heappush(self._instants, due_us)
        else:
            due.append((callback, argument))

    def run(self, until_us: int) -> None:
        """Let everything happen that is due before `until_us`, which becomes the time."""
        instants = self._instants
        while instants and instants[0] < until_us:
            now_us = self.now_us = heappop(instants)
            due = self._due[now_us]
            for callback, argument in due:  # which may grow meanwhile
                callback(argument)
            self.events += len(due)
            del self._due[now_us]
        self.now_us = until_us
