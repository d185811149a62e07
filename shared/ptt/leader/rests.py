"""Whether a talker may leave out its pauses, which everybody who hears it has to know."""

from ..base import features
from ..base.compat import TYPE_CHECKING, const
from ..fanout import plan
from .own_settings import in_group

if TYPE_CHECKING:
    from .members import Members
    from .settings_in_force import Settings

OFF = const(0)
ON = const(1)
AUTOMATIC = const(2)


def may_rest(settings: "Settings | None", members: "Members", group: int, talker: int) -> bool:
    """May `talker` in `group`? Not where somebody keeps whole bursts: who records, and who repeats
    what others missed by multicast or behind a relay."""
    if settings is None or settings.leave_out_pauses == OFF:
        return False
    if settings.multicast_group or settings.own_listeners or in_group(settings, group).kept_min:
        return False
    places = []
    for member in members.all():
        if member.hears(group):
            if not member.features & features.PAUSES:
                return False
            if member.node != talker:
                places.append(member.access_point)
    if settings.leave_out_pauses == AUTOMATIC:
        return plan.frames_in_packet(plan.on_fullest(places, settings.access_points)) > 1
    return True
