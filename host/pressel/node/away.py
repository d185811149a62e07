"""Who was here and is heard no more: out of reach, switched off, or empty. A member that is silent
for a few seconds is none any longer; whoever looks for it needs longer than that to notice."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from pressel.transport.udp import engine_now_ms
from ptt.base import clock
from ptt.leader.leader import Leader
from ptt.leader.members import Member

from .badge_state import read_report
from .leader_state import AwayState
from .report import Report

LOOK_S = 1.0  # members are silent for MEMBER_TTL_MS before they go: each is seen several times
AWAY_MS = 15 * 60_000  # as long as the console judges by; a badge in the dock is no trouble then
EMPTY_PERCENT = 5  # a badge that is put into its dock with less is as rare as one that fails
AWAY_MAX = 64  # a shift that ends; who went first is forgotten first


class _Known(NamedTuple):
    """A member as it was seen last: `battery_percent` None where it has not told."""

    name: str
    group: int
    heard_ms: int
    battery_percent: int | None


class Away:
    """`leader` gives the engine that leads here, or None."""

    def __init__(
        self,
        leader: Callable[[], Leader | None],
        now_ms: Callable[[], int] = engine_now_ms,
        report: Report = lambda event, fields: None,
    ) -> None:
        self._report = report
        self._leader = leader
        self._now_ms = now_ms
        self._here: dict[bytes, Member] = {}
        self._away: dict[bytes, _Known] = {}  # who went last stands last
        self._asked_ms: dict[bytes, int] = {}  # of these, who asks to come in again
        self._strange: set[bytes] = set()  # of these, who proves another key

    async def look(self, number: int) -> None:
        """As a chore, each LOOK_S."""
        self.note()

    def note(self) -> None:
        """Who is here, and who no more."""
        leader, now_ms = self._leader(), self._now_ms()
        if leader is None:
            self._here, self._away, self._asked_ms, self._strange = {}, {}, {}, set()
            return
        here = {member.device: member for member in leader.members.all()}
        for device, member in self._here.items():
            if device not in here:
                self._away[device] = known = _known(member)
                self._tell_empty(device, known)
        self._here = here
        leader.joining.on_knock = self._knock
        directory = leader.joining.directory
        for device, known in list(self._away.items()):
            is_over = clock.age(now_ms, known.heard_ms) > AWAY_MS
            if device in here or is_over or directory.name(device) is None:  # back, old or revoked
                self._forget(device)
        while len(self._away) > AWAY_MAX:
            self._forget(next(iter(self._away)))

    def _forget(self, device: bytes) -> None:
        del self._away[device]
        self._asked_ms.pop(device, None)
        self._strange.discard(device)

    def _knock(self, device: bytes, is_strange: bool, now_ms: int) -> None:
        """It says that it is `device`, which nobody need believe."""
        if device in self._away:
            self._asked_ms[device] = now_ms
            if is_strange:
                self._strange.add(device)

    def _tell_empty(self, device: bytes, known: _Known) -> None:
        percent = known.battery_percent
        if percent is not None and percent <= EMPTY_PERCENT:
            fields = {"device": device.hex(), "name": known.name, "battery_percent": percent}
            self._report("badge_empty", fields)

    def states(self) -> list[AwayState]:
        """Who is away now, the last to go first."""
        now_ms = self._now_ms()
        asked = {each: clock.age(now_ms, at_ms) for each, at_ms in self._asked_ms.items()}
        return [
            AwayState(
                name=known.name, device=device.hex(), group=known.group,
                silent_ms=clock.age(now_ms, known.heard_ms),
                battery_percent=known.battery_percent,
                asked_ms=asked.get(device), has_other_key=device in self._strange,
            )
            for device, known in reversed(self._away.items())
        ]  # fmt: skip


def _known(member: Member) -> _Known:
    told = member.report
    battery = None if told is None else read_report(told, 0).battery_percent
    return _Known(member.name.decode(), member.group, member.heard_ms, battery)
