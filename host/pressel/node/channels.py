"""What one who talks takes of each access point's channel, by what its listeners have reported."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ptt.base.numbers import FRAME_MS
from ptt.fanout import plan, way

from .leader_state import MemberState

_ONCE_PERCENT = round(way.MULTICAST_US * 100 / (FRAME_MS * 1000))


@dataclass(frozen=True)
class ChannelCost:
    """Of a burst in `group`: `once` members at `access_point` hear one transmission, `alone` get a
    copy each. `percent` may exceed 100: a channel then cannot carry it."""

    access_point: str
    group: int
    once: int
    alone: int
    percent: int

    @property
    def is_too_much(self) -> bool:
        return self.percent > plan.SHARE_PERCENT_MAX


def channel_costs(members: Sequence[MemberState]) -> list[ChannelCost]:
    """Of each access point, for the group that takes most there, by the leader's plan for the next
    burst. Whoever has not told where it is counts as if all such shared one channel."""
    dearest: dict[str, ChannelCost] = {}
    for group in sorted({member.group for member in members}):
        for cost in _of_group(group, [each for each in members if each.group == group]):
            known = dearest.get(cost.access_point)
            if known is None or cost.percent > known.percent:
                dearest[cost.access_point] = cost
    return [dearest[place] for place in sorted(dearest)]


def _of_group(group: int, members: list[MemberState]) -> list[ChannelCost]:
    places = sorted({member.access_point for member in members})
    number = {place: at for at, place in enumerate(places, 1)}
    hearing = [each for each in members if each.way is not None and each.way.is_many]
    at = [number[each.access_point] for each in hearing]
    if not way.is_worth_it(at, access_points=1, before=False):
        hearing = []
    found: list[ChannelCost] = []
    for place in places:
        once = sum(each.access_point == place for each in hearing)
        alone = sum(each.access_point == place for each in members) - once
        frames = plan.BESIDE_MULTICAST if hearing else plan.frames_in_packet(alone)
        percent = plan.share_percent(alone, frames) + (_ONCE_PERCENT if hearing else 0)
        found.append(ChannelCost(place, group, once, alone, percent))
    return found
