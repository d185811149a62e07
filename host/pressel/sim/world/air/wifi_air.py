"""The air as Wi-Fi channels: stations spread over access points, each channel shared by its own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from ptt.base.prng import Prng

from ...wifi.channel import Channel
from .. import record

_TELEPHONE = -1  # a station of somebody else's
_LOSSES = {
    "queue": record.BY_QUEUE,
    "retries": record.BY_RETRIES,
    "burst": record.BY_BURST,
    "air": record.BY_NETWORK,
    "snooping": record.BY_NOBODY,
}


class WifiAir:
    """`profile["wifi"]`: "access_points", "signal_dbm_min", "signal_dbm_max", and the channel's;
    with "telephone_asleep" somebody's telephone sleeps at each access point."""

    def __init__(self, profile: Mapping[str, Any], participants: int, prng: Prng) -> None:
        facts = profile["wifi"]
        self._facts = facts
        self._prng = prng
        self._channels = [Channel(facts, prng) for _ in range(facts["access_points"])]
        self._at: dict[int, Channel] = {}
        self.why_lost = record.BY_RETRIES
        self.may_corrupt = False  # its frames have a checksum of their own, and are sent again
        self._deaf: set[int] = set()  # to multicast
        self._listeners: set[int] = set()  # of multicast
        self._unknown: set[int] = set()  # of these, those who have come and say so next
        if facts.get("telephone_asleep"):
            for channel in self._channels:
                channel.join(_TELEPHONE, facts["signal_dbm_max"])
                channel.set_sleeping(_TELEPHONE, True)
        for station in range(1, participants + 1):
            self._join(station, self._channels[station % len(self._channels)])

    def transit(self, now_us: int, station: int, size_bytes: int, is_down: bool) -> tuple[int, int]:
        channel = self._at[station]
        due_us = channel.unicast(now_us, station, size_bytes, is_down)
        if due_us < 0:
            self.why_lost = _LOSSES[channel.last_loss]
        return due_us, -1

    def listen(self, station: int) -> None:
        """It wants multicast from now on, and says so where it is and wherever it comes."""
        if self._prng.below(100) < self._facts.get("deaf_percent", 0):
            self._deaf.add(station)
        self._listeners.add(station)
        self._unknown.add(station)

    def go_deaf(self, station: int) -> None:
        """No multicast comes to it any more."""
        self._deaf.add(station)

    def multicast(
        self, now_us: int, size_bytes: int, stations: list[int]
    ) -> list[tuple[int, int, int]]:
        """(station, when it comes or -1, why it is lost) for each; sent once an access point."""
        found = []
        for channel in self._channels:
            here = [each for each in stations if self._at[each] is channel]
            for station in here:
                if station in self._unknown:
                    self._unknown.remove(station)
                    channel.report_group(now_us, station)
            for station, due_us in channel.multicast(now_us, size_bytes, here) if here else ():
                is_lost = due_us < 0 or station in self._deaf
                why = _LOSSES[channel.last_loss] if due_us < 0 else record.BY_NOBODY
                found.append((station, -1 if is_lost else due_us, why))
        return found

    def corrupts(self, station: int, is_down: bool) -> bool:
        return False

    def calm(self) -> None:
        """It stays as it is: whoever shares the channel does not know of us."""

    def struck(self) -> dict[str, int]:
        return {}

    def roam(self, station: int) -> None:
        """To another access point, if there is one."""
        if len(self._channels) > 1:
            old = self._at[station]
            old.leave(station)
            others = [channel for channel in self._channels if channel is not old]
            self._join(station, others[self._prng.below(len(others))])
            self._unknown |= {station} & self._listeners

    def airtime_percent(self, now_us: int) -> float | None:
        return self.airtime_within(((0, now_us),))

    def airtime_within(self, spans: Sequence[tuple[int, int]]) -> float | None:
        whole_us = max(1, sum(end_us - since_us for since_us, end_us in spans))
        shares = []
        for channel in self._channels:
            taken = [channel.airtime_percent(*span) * (span[1] - span[0]) for span in spans]
            shares.append(sum(taken) / whole_us)
        return max(shares)

    def _join(self, station: int, channel: Channel) -> None:
        low: int = self._facts["signal_dbm_min"]
        high: int = self._facts["signal_dbm_max"]
        channel.join(station, low + self._prng.below(high - low + 1))
        if self._prng.below(100) < self._facts["sleeping_percent"]:
            channel.set_sleeping(station, True)
        self._at[station] = channel
