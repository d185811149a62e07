"""What becomes of each badge while a stage runs, as the leader's table of members tells it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

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
    def settings(self) -> Delivery: ...


AWAY_S = 120.0  # whom a change cuts off is back by then: the trial of 10 s, a restart, a search


@dataclass
class _Seen:
    node: int
    frames: int
    spoilt: int
    health: Health
    has_moved: bool = False  # it has joined anew
    gone_s: float | None = None  # since when it is not here


class Watch:
    """Begins when a stage does. `version`: of the change. `moves`: whoever has it joins anew once,
    and comes to no harm by that."""

    def __init__(self, version: int, touched: frozenset[bytes], *, moves: bool = False) -> None:
        self._moves = moves
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
        if member.device in self._touched:
            answered = member.settings.acknowledged == self._version
            health.silent = int(not answered)
            health.refused = int(answered and member.settings.refused)

    def touched(self) -> Health:
        return together(s.health for d, s in self._seen.items() if d in self._touched)

    def others(self) -> Health:
        return together(s.health for d, s in self._seen.items() if d not in self._touched)


def _is_away(seen: _Seen, now_s: float) -> bool:
    return seen.gone_s is not None and now_s - seen.gone_s >= AWAY_S


def _counts(member: Member) -> tuple[int, int]:
    """Frames that it was to hear, and how many of them it missed; who is late was missed, too."""
    return member.played + member.concealed, max(member.concealed, member.late)
