"""The event loop in real time: the simulator's, except that it waits, and listens to sockets.

It knows how late it was: a machine that is busy elsewhere must not be mistaken for a slow system.
"""

from __future__ import annotations

import selectors
import socket
import time
from collections.abc import Callable
from heapq import heappop, heappush
from typing import Any

from pressel.sim.world.loop import EventLoop

LATE_LIMIT_US = 10_000_000  # lateness beyond 10 s is counted as 10 s
_READ_BYTES = 2048  # more than any datagram of ours
_READS_MAX = 64  # from one socket before timers get their turn


class RealLoop(EventLoop):
    """`begin_us`: the monotonic time that is 0 of the run, the same in all its processes."""

    def __init__(self, begin_us: int) -> None:
        super().__init__()
        self._begin_us = begin_us
        self._heap: list[tuple[int, int, Callable[[Any], None], Any]] = []
        self._serial = 0  # equal times keep the order in which they were made
        self._selector = selectors.DefaultSelector()
        self.late_us: list[int] = []  # of each event, in batches: how late it began

    def listen(self, opened: socket.socket, take: Callable[[bytes, Any], None]) -> None:
        """Call `take(data, address)` for each datagram that comes to `opened`."""
        opened.setblocking(False)
        self._selector.register(opened, selectors.EVENT_READ, take)

    def at(self, due_us: int, callback: Callable[[Any], None], argument: Any = None) -> None:
        self._serial += 1
        heappush(self._heap, (due_us, self._serial, callback, argument))

    def run(self, until_us: int) -> None:
        """Until that time has come on the clock."""
        heap = self._heap
        while True:
            now_us = self._now_us()
            if now_us >= until_us:
                break
            if heap and heap[0][0] <= now_us:
                due_us, _, callback, argument = heappop(heap)
                self._happen(due_us, callback, argument)
                continue
            next_us = min(heap[0][0], until_us) if heap else until_us
            for key, _ in self._selector.select(max(0, next_us - now_us) / 1e6):
                self._read(key.fileobj, key.data)
        self.now_us = until_us

    def _happen(self, due_us: int, callback: Callable[[Any], None], argument: Any) -> None:
        self.now_us = max(self.now_us, self._now_us())
        self.late_us.append(min(LATE_LIMIT_US, self.now_us - due_us) if due_us else 0)
        self.events += 1
        callback(argument)

    def _read(self, opened: Any, take: Callable[[bytes, Any], None]) -> None:
        for _ in range(_READS_MAX):
            try:
                data, address = opened.recvfrom(_READ_BYTES)
            except BlockingIOError:
                return
            except ConnectionError:  # the leader's process is gone: its port answers with this
                continue
            self.now_us = max(self.now_us, self._now_us())
            self.events += 1
            take(data, address)

    def _now_us(self) -> int:
        return time.monotonic_ns() // 1000 - self._begin_us
