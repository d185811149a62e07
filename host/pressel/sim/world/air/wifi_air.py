"""The air as Wi-Fi channels: stations spread over access points, each channel shared by its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ptt.base.prng import Prng

from ...wifi.channel import Channel
from .. import record

_LOSSES = {"queue": record.BY_QUEUE, "retries": record.BY_RETRIES}


class WifiAir:
    """`profile["wifi"]`: "access_points", "signal_dbm_min", "signal_dbm_max", and the channel's."""

    def __init__(self, profile: Mapping[str, Any], participants: int, prng: Prng) -> None:
        facts = profile["wifi"]
        self._facts = facts
        self._prng = prng
        self._channels = [Channel(facts, prng) for _ in range(facts["access_points"])]
        self._at: dict[int, Channel] = {}
        self.why_lost = record.BY_RETRIES
        self.may_corrupt = False  # its frames have a checksum of their own, and are sent again
        for station in range(1, participants + 1):
            self._join(station, self._channels[station % len(self._channels)])

    def transit(self, now_us: int, station: int, size_bytes: int, is_down: bool) -> tuple[int, int]:
        channel = self._at[station]
        due_us = channel.unicast(now_us, station, size_bytes, is_down)
        if due_us < 0:
            self.why_lost = _LOSSES[channel.last_loss]
        return due_us, -1

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

    def airtime_percent(self, now_us: int) -> float | None:
        shares = [channel.airtime_percent(0, now_us) for channel in self._channels]
        return max(shares)

    def _join(self, station: int, channel: Channel) -> None:
        low: int = self._facts["signal_dbm_min"]
        high: int = self._facts["signal_dbm_max"]
        channel.join(station, low + self._prng.below(high - low + 1))
        if self._prng.below(100) < self._facts["sleeping_percent"]:
            channel.set_sleeping(station, True)
        self._at[station] = channel
