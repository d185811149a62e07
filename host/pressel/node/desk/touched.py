"""Which badges a change of the settings is about, before it is made."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from pressel.schema.setting_values import differences, split_key
from pressel.schema.settings import settings, short
from ptt.leader.members import Member
from ptt.leader.own_settings import for_badge, in_group
from ptt.leader.publisher import changes_networks
from ptt.leader.settings_in_force import Settings

from ..kept_settings import values_of

Boards = Mapping[bytes, str]  # by device, as far as anybody has told it


def is_told(member: Member, was: Settings, now: Settings, boards: Boards) -> bool:
    """Whether it is told other values than before."""
    if was.network != now.network and changes_networks(member):
        return True
    board = boards.get(member.device, "")
    told = [for_badge(each, member.groups, member.device, board)[1:] for each in (was, now)]
    return told[0] != told[1]


def touched(
    members: Iterable[Member], was: Settings, now: Settings, boards: Boards
) -> dict[str, list[str]]:
    """The names of the badges that each changed setting is about; by the setting's full name."""
    changed = {split_key(key)[0]: None for key in differences(values_of(was), values_of(now))}
    here = list(members)
    return {
        name: sorted(
            member.name.decode()
            for member in here
            if _holding(name, was, member, boards) != _holding(name, now, member, boards)
        )
        for name in changed
    }


def _holding(name: str, of: Settings, member: Member, boards: Boards) -> Any:
    """What holds for it: one value at the badge, or one in each of its groups."""
    place = settings()[name].number
    own = of.own.get(member.device, {})
    if place in own:
        return own[place]
    if settings()[name].badge == "apart" and not changes_networks(member):
        return None
    at_board = of.own.get(boards.get(member.device, ""), {})
    each = tuple(
        at_board[place]
        if place in at_board and place not in of.own.get(group, {})
        else getattr(in_group(of, group), short(name))
        for group in member.groups
    )
    if not each:
        return at_board.get(place, getattr(of, short(name)))
    return each if settings()[name].badge == "none" else max(each)
