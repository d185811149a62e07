"""What the light says in each situation: (on, period) in milliseconds, the first that fits."""

from ptt.cluster.join import SEARCHING
from ptt.compat import TYPE_CHECKING
from ptt.floor.participant import (
    FINISHING,
    HAS_PERMISSION,
    LET_GO,
    NO_PERMISSION,
    PENDING_RELEASE,
    PENDING_REQUEST,
    QUEUED,
)

if TYPE_CHECKING:
    from ptt.participant import Participant

_NO_LEADER = (100, 2000)  # a short flash now and then: nobody would hear me
_READY = (0, 1000)  # dark: all is well
_LISTENING = (500, 1000)  # slow: somebody talks

_BY_FLOOR = {
    PENDING_REQUEST: (50, 100),  # flicker: wait a moment
    LET_GO: (50, 100),
    QUEUED: (200, 400),  # fast: you are in the queue
    HAS_PERMISSION: (1000, 1000),  # steady: talk
    FINISHING: (1000, 1000),
}


def pattern(participant: "Participant") -> "tuple[int, int]":
    """The pattern for a participant's state."""
    if participant.join.state == SEARCHING:
        return _NO_LEADER
    state = participant.floor.state
    if state == NO_PERMISSION or state == PENDING_RELEASE:
        return _LISTENING if participant.floor.talker else _READY
    return _BY_FLOOR[state]
