"""The jitter buffer of Speex (Valin, 2008) as its documentation and readers describe it, to compare
ours with: the delay that costs least, where each late packet of the last thousand costs so much.

Times are milliseconds. Three sub-windows keep the 40 latest packets each; a later packet is wanted
only when what it costs in late packets is less than the delay that it saves, and a change for the
worse is made four packets dearer.
"""

from __future__ import annotations

import bisect

_WORST = 40
_WINDOWS = 3
_LATE_PERCENT_MAX = 4
_WINDOW_PACKETS = 100 * _WORST // _LATE_PERCENT_MAX
_HYSTERESIS_PACKETS = 4


class SpeexJitter:
    """Packets are known by the time at which they were sent; each tick plays 20 ms."""

    def __init__(self, tick_ms: int = 20) -> None:
        self._tick_ms = tick_ms
        self._windows: list[list[int]] = [[] for _ in range(_WINDOWS)]  # sorted: latest first
        self._counts = [0] * _WINDOWS
        self._tradeoff = 0.0
        self._waiting: set[int] = set()
        self.pointer_ms: int | None = None  # what plays next, by its time of sending

    def put(self, sent_ms: int) -> None:
        """A packet comes, while the pointer is where the playing is."""
        if self.pointer_ms is None:
            self.pointer_ms = sent_ms
        self._note(sent_ms - self.pointer_ms)
        if sent_ms >= self.pointer_ms:
            self._waiting.add(sent_ms)

    def get(self) -> int | None:
        """The packet that plays now, None when it has to be made up."""
        assert self.pointer_ms is not None
        if self.pointer_ms in self._waiting:
            self._waiting.discard(self.pointer_ms)
            found = self.pointer_ms
            self.pointer_ms += self._tick_ms
            return found
        best_ms = self._best_ms()
        if best_ms < 0:  # too early: this tick is filled and nothing is skipped
            self._shift(best_ms)
            return None
        self.pointer_ms += self._tick_ms
        return None

    def pause(self) -> None:
        """A tick in which nobody speaks; the delay may become less or more."""
        if self.pointer_ms is not None:
            best_ms = self._best_ms()
            if best_ms:
                self._shift(best_ms)
            self.pointer_ms += self._tick_ms

    def adapt(self) -> None:
        """Between ticks of speech: leave out what is too early by a whole packet."""
        best_ms = self._best_ms()
        if best_ms > 0:
            self._shift(best_ms)

    def _note(self, early_ms: int) -> None:
        if self._counts[0] >= _WINDOW_PACKETS // _WINDOWS:
            self._windows = [[], *self._windows[:-1]]
            self._counts = [0, *self._counts[:-1]]
        self._counts[0] += 1
        bisect.insort(self._windows[0], early_ms)
        del self._windows[0][_WORST:]

    def _shift(self, by_ms: int) -> None:
        """Play `by_ms` further on in what was sent; known timings move along."""
        assert self.pointer_ms is not None
        self.pointer_ms += by_ms
        self._windows = [[early_ms - by_ms for early_ms in window] for window in self._windows]

    def _best_ms(self) -> int:
        count = sum(self._counts)
        if not count:
            return 0
        price = self._tradeoff * _WINDOW_PACKETS / count
        best_ms, least = 0, float("inf")
        late, is_dearer = 0, False
        latest = sorted(early_ms for window in self._windows for early_ms in window)[:_WORST]
        for early_ms in latest:
            step_ms = early_ms // self._tick_ms * self._tick_ms
            cost = -step_ms + price * late
            if cost < least:
                least, best_ms = cost, step_ms
            late += 1
            if step_ms >= 0 and not is_dearer:
                is_dearer = True
                late += _HYSTERESIS_PACKETS
        self._tradeoff = 1 + (latest[-1] - latest[0]) / _WORST
        return 0 if count < _WORST and best_ms > 0 else best_ms
