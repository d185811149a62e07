"""What becomes of each badge while a stage runs, as the leader's table of members tells it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from pressel.node.badge_state import starts, times

from .gate import Health, together


class Delivery(Protocol):
    acknowledged: int
    refused: bool


class Member(Protocol):
    """As `ptt.leader.members` has it; its counts begin anew when it joins anew."""

    device: bytes
    build: bytes
    node: int
    played: int
    concealed: int
    late: int

    @property
    def report(self) -> Sequence[int] | None: ...
    @property
    def settings(self) -> Delivery: ...


_STARTS = 1 << 16  # they wrap
AWAY_S = 120.0  # whom a change cuts off is back by then: the trial of 10 s, a restart, a search


@dataclass
class _Seen:
    node: int
    frames: int
    spoilt: int
    health: Health
    has_moved: bool = False  # it has joined anew
    gone_s: float | None = None  # since when it is not here
    started: int | None = None  # how often, as it told first
    report: Sequence[int] | None = None  # that was looked at last
    trips: tuple[int, int] = (0, 0)  # ms, and of how many answers


class Watch:
    """Begins when a stage does. `version`: of the change. `moves`: whoever has it joins anew once,
    and comes to no harm by that. `restarts`: so does its program."""

    def __init__(
        self,
        version: int,
        touched: frozenset[bytes],
        *,
        moves: bool = False,
        restarts: bool = False,
    ) -> None:
        self._moves = moves
        self._restarts = restarts
        self._version = version
        self._touched = touched
        self._seen: dict[bytes, _Seen] = {}

    def look(self, members: Iterable[Member], now_s: float) -> None:
        """To be called again and again with those that are here. Who comes back after AWAY_S was
        switched off meanwhile, and is watched from now on."""
        here = {member.device: member for member in members}
        for device, member in here.items():
            seen = self._seen.get(device)
            if seen is None or _is_away(seen, now_s):
                seen = _Seen(member.node, *_counts(member), Health(badges=1))
                self._seen[device] = seen
            seen.gone_s = None
            self._note(seen, member)
        for device, seen in self._seen.items():
            if device not in here:
                seen.gone_s = now_s if seen.gone_s is None else seen.gone_s
                seen.health.silent = 0  # it says nothing, whatever it has
                if _is_away(seen, now_s):
                    seen.health.lost, seen.health.anew = 1, 0

    def _note(self, seen: _Seen, member: Member) -> None:
        health = seen.health
        if member.node != seen.node:
            if seen.has_moved or not self._moves or member.device not in self._touched:
                health.lost = health.anew = 1
            seen.has_moved = True
            seen.node, seen.frames, seen.spoilt = member.node, 0, 0
        frames, spoilt = _counts(member)
        health.frames += frames - seen.frames
        health.spoilt += spoilt - seen.spoilt
        seen.frames, seen.spoilt = frames, spoilt
        if member.report is not None and member.report is not seen.report:
            self._note_report(seen, member.device, member.report)
        if member.device in self._touched:
            answered = member.settings.acknowledged == self._version
            health.silent = int(not answered)
            health.refused = int(answered and member.settings.refused)

    def _note_report(self, seen: _Seen, device: bytes, report: Sequence[int]) -> None:
        count, has_hung, was_reset = starts(report)
        if seen.started is None:
            seen.started = count
        allowed = int(self._restarts and device in self._touched)
        again = (count - seen.started) % _STARTS
        if (again and has_hung) or (again > allowed and was_reset):
            seen.health.crashed = 1
        trip_ms, _ = times(report)
        if trip_ms is not None:
            total, answers = seen.trips[0] + trip_ms, seen.trips[1] + 1
            seen.trips = total, answers
            seen.health.timed, seen.health.trip_ms = 1, total / answers
        seen.report = report

    def touched(self) -> Health:
        return together(s.health for d, s in self._seen.items() if d in self._touched)

    def others(self) -> Health:
        return together(s.health for d, s in self._seen.items() if d not in self._touched)


def _is_away(seen: _Seen, now_s: float) -> bool:
    return seen.gone_s is not None and now_s - seen.gone_s >= AWAY_S


def _counts(member: Member) -> tuple[int, int]:
    """Frames that it was to hear, and how many of them it missed; who is late was missed, too."""
    return member.played + member.concealed, max(member.concealed, member.late)
