"""What talk groups, boards and badges have of their own, in place of the venue's settings."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST
from ..cluster import settings_body, settings_record
from .settings_in_force import Settings

if TYPE_CHECKING:
    from collections.abc import Iterable


def in_group(settings: Settings, group: int) -> Settings:
    """As they hold in `group`; a private call has none of its own."""
    return _laid_over(settings, settings.own.get(group))


def for_badge(
    settings: Settings, groups: "Iterable[int]", device: bytes, board: str = ""
) -> "tuple":
    """What the badge `device` of `groups` is told, in the order of the message table. Of each
    setting it has its own value, or else the highest that holds in its groups. A group without a
    value counts with that of the `board` ("": nobody knows which it is), else the venue's."""
    own, at_board = settings.own.get(device), _laid_over(settings, settings.own.get(board))
    told = [
        _laid_over(_laid_over(at_board, settings.own.get(group)), own).fields()
        for group in groups
        if group in settings.own
    ]
    other = [group for group in groups if group not in settings.own]
    if other or not told:
        told.append(_laid_over(at_board, own).fields())
    return tuple([max(values) for values in zip(*told)])


def _laid_over(settings: Settings, own: "dict[int, int] | None") -> Settings:
    """`settings` with what somebody has of their `own`, by place."""
    if not own:
        return settings
    values = list(settings.values())
    for place, value in own.items():
        values[place] = value
    return Settings(*values)


def can_hold(settings: Settings) -> bool:
    """Whether all of them are within their ranges, and no more than there can be."""
    if not settings_body.are_few(settings.own):
        return False
    for whose, own in settings.own.items():
        if not _can_have(whose):
            return False
        for place in own:
            if place not in settings_body.may_have(whose):
                return False
        if not settings_record.is_in_range(_laid_over(settings, own).values()):
            return False
    return settings_record.is_in_range(settings.values())


def _can_have(whose: "int | bytes | str") -> bool:
    if isinstance(whose, int):
        return 0 < whose < CALL_GROUP_FIRST
    if isinstance(whose, str):
        return settings_body.is_board(whose)
    return len(whose) == settings_body.DEVICE_BYTES
