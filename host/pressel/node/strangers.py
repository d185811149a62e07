"""Who knocks and is not let in: each is told once, and then by how often it has knocked since. A
badge that was revoked or lost goes on for days, and a log that it fills is read by nobody."""

from __future__ import annotations

from dataclasses import dataclass

AGAIN_S = 3600  # between two lines about one device
DEVICES_MAX = 32  # told of by name in that time; anybody may make up any number


@dataclass
class _Knocks:
    told_s: float
    untold: int = 0


class Strangers:
    """By device, the one that was told of longest ago first."""

    def __init__(self) -> None:
        self._knocks: dict[bytes, _Knocks] = {}

    def knock(self, device: bytes, now_s: float) -> int | None:
        """How often `device` has knocked since it was told last, this time left out (0: it is new);
        None when there is nothing to tell now."""
        known = self._knocks.get(device)
        if known is not None and now_s - known.told_s < AGAIN_S:
            known.untold += 1
            return None
        if known is None and len(self._knocks) >= DEVICES_MAX:
            oldest = next(iter(self._knocks))
            if now_s - self._knocks[oldest].told_s < AGAIN_S:
                return None
            del self._knocks[oldest]
        self._knocks.pop(device, None)
        self._knocks[device] = _Knocks(now_s)
        return known.untold if known is not None else 0
