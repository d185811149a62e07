"""What talk groups have of their own, in place of the venue's settings."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST, GROUPS_MAX
from ..cluster import settings_record
from .settings_in_force import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable


def in_group(settings: Settings, group: int) -> Settings:
    """As they hold in `group`; a private call has none of its own."""
    own = settings.own.get(group)
    if not own:
        return settings
    values = list(settings.values())
    for place, value in own.items():
        values[place] = value
    return Settings(*values)


def for_badge(settings: Settings, groups: "Iterable[int]") -> "tuple":
    """What a badge of `groups` is told, in the order of the message table. It has one value of
    each: the highest that holds in one of its groups."""
    told = [in_group(settings, group).fields() for group in groups if group in settings.own]
    if not told:
        return settings.fields()
    told += [settings.fields() for group in groups if group not in settings.own]
    return tuple([max(values) for values in zip(*told)])


def can_hold(settings: Settings) -> bool:
    """Whether all of them are within their ranges, and of no more groups than there can be."""
    if len(settings.own) > GROUPS_MAX:
        return False
    for group, own in settings.own.items():
        if not 0 < group < CALL_GROUP_FIRST:
            return False
        for place in own:
            if place not in settings_record.OF_GROUPS:
                return False
        if not settings_record.is_in_range(in_group(settings, group).values()):
            return False
    return settings_record.is_in_range(settings.values())
