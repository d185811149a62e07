"""A number of something per device within a long period, which a budget per second cannot express.

It is for what only devices of the registry can do, so that there are never many entries.
"""

from ..base.clock import age
from ..base.numbers import DEVICES_MAX


class Quota:
    """At most `most` within `while_ms` per device."""

    def __init__(self, most: int, while_ms: int) -> None:
        self._most = most
        self._while_ms = while_ms
        self._taken_ms: dict[bytes, list[int]] = {}  # device -> when

    def take(self, device: bytes, now_ms: int) -> bool:
        """Use one up; False when `device` has none left."""
        if len(self._taken_ms) > DEVICES_MAX:  # devices go, others come
            self._taken_ms = {
                each: recent for each in self._taken_ms if (recent := self._recent(each, now_ms))
            }
        recent = self._taken_ms[device] = self._recent(device, now_ms)
        if len(recent) >= self._most:
            return False
        recent.append(now_ms)
        return True

    def _recent(self, device: bytes, now_ms: int) -> list[int]:
        taken_ms = self._taken_ms.get(device, ())
        return [each for each in taken_ms if age(now_ms, each) < self._while_ms]
