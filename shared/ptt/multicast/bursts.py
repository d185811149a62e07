"""The newest burst of each talk group, as far as a participant has been told of it."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import CALL_GROUP_FIRST

if TYPE_CHECKING:
    from ..badge.participant import Participant


def bursts(owner: "Participant") -> "list[tuple[int, int, int]]":
    """(group, lease, talker) of each group of `owner` but for private calls; 0: nobody talks."""
    found = []
    for group in owner.scan.groups():
        if not group or group >= CALL_GROUP_FIRST:
            continue
        if group == owner.floor.group:
            found.append((group, owner.floor.seen_lease, owner.floor.talker))
        else:
            found.append((group, owner.scan.lease(group), owner.scan.talker(group)))
    return found
