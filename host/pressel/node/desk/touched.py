"""Which badges a change of the settings is about, before it is made."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from pressel.schema.setting_values import differences, split_key
from pressel.schema.settings import settings, short
from ptt.leader.members import Member
from ptt.leader.own_settings import for_badge, in_group
from ptt.leader.publisher import changes_networks
from ptt.leader.settings_in_force import Settings

from ..kept_settings import values_of


def is_told(member: Member, was: Settings, now: Settings) -> bool:
    """Whether it is told other values than before."""
    if was.network != now.network and changes_networks(member):
        return True
    told = [for_badge(each, member.groups, member.device)[1:] for each in (was, now)]
    return told[0] != told[1]


def touched(members: Iterable[Member], was: Settings, now: Settings) -> dict[str, list[str]]:
    """The names of the badges that each changed setting is about; by the setting's full name."""
    changed = {split_key(key)[0]: None for key in differences(values_of(was), values_of(now))}
    here = list(members)
    return {
        name: sorted(
            member.name.decode()
            for member in here
            if _holding(name, was, member) != _holding(name, now, member)
        )
        for name in changed
    }


def _holding(name: str, of: Settings, member: Member) -> Any:
    """What holds for it: one value at the badge, or one in each of its groups."""
    own = of.own.get(member.device, {})
    if settings()[name].number in own:
        return own[settings()[name].number]
    if settings()[name].badge == "apart" and not changes_networks(member):
        return None
    each = tuple(getattr(in_group(of, group), short(name)) for group in member.groups)
    if not each:
        return getattr(of, short(name))
    return each if settings()[name].badge == "none" else max(each)
