"""Who wants a multicast group, as switch and access point know it from the stations' reports.

They forget a station that has not reported for a while. Stations report when they join and when
somebody asks; a network without a querier asks nobody, and members are forgotten while they listen.
"""

from __future__ import annotations


class Snooping:
    """`forget_us` after a report its station is forgotten; 0: nobody looks, and all goes to all."""

    def __init__(self, forget_us: int) -> None:
        self._forget_us = forget_us
        self._reported_us: dict[int, int] = {}

    def report(self, now_us: int, station: int) -> None:
        """A report of `station` has come."""
        self._reported_us[station] = now_us

    def leave(self, station: int) -> None:
        """It has gone from this access point. No error if it was not known."""
        self._reported_us.pop(station, None)

    def knows(self, now_us: int, station: int) -> bool:
        if not self._forget_us:
            return True
        reported_us = self._reported_us.get(station)
        return reported_us is not None and now_us - reported_us < self._forget_us

    def wants_any(self, now_us: int) -> bool:
        """Does the group go to this access point at all?"""
        return not self._forget_us or any(self.knows(now_us, each) for each in self._reported_us)
