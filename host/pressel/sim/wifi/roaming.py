"""A station that walks between access points: path loss, a decision, and silence meanwhile.

Roaming is break before make, as on an ESP32: the station leaves, scans and joins, and hears and
says nothing for 0.3 to 1.5 s. Positions are in metres; there are no walls.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Protocol

    class Random(Protocol):
        def below(self, limit: int) -> int: ...


TX_DBM = 18  # an access point under the European 20 dBm limit, less 2 for the badge's antenna
LOSS_1M_DB = 40  # free space at 2.44 GHz: 20 log10(4 pi / wavelength) = 40.2
LOSS_DECADE_DB = 30  # office, 2.4 GHz, one floor (ITU-R P.1238)
RSSI_FLOOR_DBM = -100  # the noise; nothing is received there
ROAM_BELOW_DBM = -70  # a good network is not left
HYSTERESIS_DB = 8  # the other must be this much better, or a badge midway never settles
SILENCE_US_MIN = 300_000  # the profile "roam"
SILENCE_US_MAX = 1_500_000


def rssi_dbm(distance_m: float) -> int:
    """Signal at `distance_m` by the log-distance law; the same for all below 1 m."""
    loss_db = LOSS_1M_DB + LOSS_DECADE_DB * math.log10(max(1.0, distance_m))
    return max(RSSI_FLOOR_DBM, round(TX_DBM - loss_db))


def silence_us(prng: Random) -> int:
    """How long one roam lasts, for scheduled roams too."""
    return SILENCE_US_MIN + prng.below(SILENCE_US_MAX - SILENCE_US_MIN + 1)


class Roaming:
    """One station among access points at `places` (x, y); it begins at the strongest."""

    def __init__(
        self, places: list[tuple[float, float]], at: tuple[float, float], prng: Random
    ) -> None:
        self._places = places
        self._prng = prng
        self.access_point = self._strongest(at)
        self.silent_until_us = 0

    def rssi(self, at: tuple[float, float], access_point: int) -> int:
        x, y = self._places[access_point]
        return rssi_dbm(math.hypot(at[0] - x, at[1] - y))

    def move(self, now_us: int, at: tuple[float, float]) -> bool:
        """The station is at `at` now: whether it leaves for another access point.

        True: `access_point` is the new one, which it may join at `silent_until_us`, not before.
        """
        if now_us < self.silent_until_us:
            return False
        here = self.rssi(at, self.access_point)
        if here >= ROAM_BELOW_DBM:
            return False
        other = self._strongest(at)
        if self.rssi(at, other) < here + HYSTERESIS_DB:
            return False
        self.access_point = other
        self.silent_until_us = now_us + silence_us(self._prng)
        return True

    def _strongest(self, at: tuple[float, float]) -> int:
        signals = [self.rssi(at, index) for index in range(len(self._places))]
        return signals.index(max(signals))
