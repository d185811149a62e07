"""Badges that started anew while they were on duty, and why: what their reports count of it."""

from __future__ import annotations

from collections.abc import Callable

from pressel.node.badge_state import read_report
from pressel.node.report import Report
from ptt.base.numbers import DEVICES_MAX
from ptt.leader.leader import Leader

LOOK_S = 5.0  # badges report every ten seconds


class Restarts:
    """`leader` gives the engine that leads here, or None."""

    def __init__(self, leader: Callable[[], Leader | None], report: Report) -> None:
        self._leader = leader
        self._report = report
        self._starts: dict[bytes, int] = {}  # by device, the one heard of last behind the others

    async def look(self, number: int) -> None:
        """As a chore: tell of each badge that counts another start than before. Of one that this
        host has not seen before, nothing is known."""
        leader = self._leader()
        for member in leader.members.all() if leader is not None else ():
            if member.report is None:
                continue
            told = read_report(member.report, 0)
            before = self._starts.pop(member.device, told.starts)
            self._starts[member.device] = told.starts
            if before != told.starts and told.starts:  # 0: it counts no more
                fields = {"device": member.device.hex(), "name": member.name.decode("utf-8")}
                self._report("badge_restarted", {**fields, "why": told.restart})
        while len(self._starts) > DEVICES_MAX:
            del self._starts[next(iter(self._starts))]
