"""The account of a channel: how long it was occupied, by what, and when."""

from __future__ import annotations

_SLICE_US = 20_000  # one voice frame; a window is cut out of slices in proportion

KINDS = ("unicast", "retries", "multicast", "beacons")


class Airtime:
    """Microseconds by kind since the start, and by slice of time for shares of a window."""

    def __init__(self) -> None:
        self.total_us: dict[str, int] = {kind: 0 for kind in KINDS}
        self._slices: dict[int, int] = {}

    def add(self, kind: str, start_us: int, duration_us: int) -> None:
        self.total_us[kind] += duration_us
        slices = self._slices
        at = start_us // _SLICE_US
        room_us = (at + 1) * _SLICE_US - start_us
        while duration_us > room_us:
            slices[at] = slices.get(at, 0) + room_us
            duration_us -= room_us
            at += 1
            room_us = _SLICE_US
        slices[at] = slices.get(at, 0) + duration_us

    def percent(self, since_us: int, now_us: int) -> float:
        """Share of `since_us`..`now_us`; 0.0 for an empty window."""
        if now_us <= since_us:
            return 0.0
        first, last = since_us // _SLICE_US, (now_us - 1) // _SLICE_US
        busy = 0.0
        for at in range(first, last + 1):
            begin = max(since_us, at * _SLICE_US)
            end = min(now_us, (at + 1) * _SLICE_US)
            busy += self._slices.get(at, 0) * (end - begin) / _SLICE_US
        return 100 * busy / (now_us - since_us)
