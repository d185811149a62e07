"""A badge's lights, tones and vibration as data, the same for firmware and soft badge.

`SITUATIONS` are lasting states: each has a light and a word for a display. `MOMENTS` are events:
each event of `base.events` that a person should notice has a tone and a vibration. `TONES` are
notes. This module does not know how a light, a loudspeaker or a motor is driven.
"""

from ..base import events
from ..base.compat import TYPE_CHECKING, const
from .floor import FINISHING, HAS_PERMISSION, LET_GO, PENDING_REQUEST
from .floor import QUEUED as IN_QUEUE
from .join import JOINED

if TYPE_CHECKING:
    from .participant import Participant

# --- What lasts ---
SEARCHING = const(0)
READY = const(1)
LISTENING = const(2)
ASKING = const(3)
WAITING = const(4)
TALKING = const(5)
LOW_BATTERY = const(6)

# ms for which the light is on, ms after which it repeats, colour of an RGB light (red, green, blue
# of 0 to 255 as one number, dim, since it is seen from near), word on a display.
SITUATIONS = (
    (100, 2000, 0x300000, "no leader"),  # a short flash now and then: nobody would hear me
    (0, 1000, 0x000000, "ready"),  # dark: all is well
    (500, 1000, 0x002000, "somebody talks"),  # slow: listen
    (50, 100, 0x202000, "asking"),  # flicker: wait a moment
    (200, 400, 0x200020, "in the queue"),  # fast: you will talk soon
    (1000, 1000, 0x000030, "talk now"),  # steady: talk
    (50, 4000, 0x301000, "battery low"),  # ready, and to be charged soon
)

# --- Tones ---
TONE_GRANT = const(0)
TONE_QUEUE = const(1)
TONE_DENY = const(2)
TONE_STOP = const(3)
TONE_RECEIVE = const(4)
TONE_LOST = const(5)
TONE_LOW_BATTERY = const(6)
TONE_NOT_AVAILABLE = const(7)
TONE_WARNING = const(8)
TONE_CALL = const(9)
TONE_CALL_OVER = const(10)
TONE_GROUP = const(11)
TONE_HOME_GROUP = const(12)

# Notes one after the other: Hz (0: a pause), ms, permille of full scale. Rising is good news,
# falling is bad; a waiting press knocks twice, a denied one hums low.
TONES = (
    (880, 50, 200, 1320, 60, 200),  # grant: talk now
    (660, 70, 150, 0, 60, 0, 660, 70, 150),  # queue: keep the button down, your turn will come
    (220, 350, 250),  # deny: let go, nobody will hear this press
    (660, 100, 200, 330, 250, 200),  # stop: the floor was taken away while you talked
    (1760, 30, 100),  # receive: shorter than the playout delay, so it ends before the first word
    (880, 120, 200, 660, 120, 200, 440, 200, 200),  # lost leader: out of reach
    (1760, 60, 150, 0, 100, 0, 1760, 60, 150, 0, 100, 0, 1320, 120, 150),  # low battery: charge
    (330, 80, 200, 0, 50, 0, 330, 80, 200),  # not available: this badge or venue cannot do that
    (990, 40, 150, 0, 40, 0, 990, 40, 150, 0, 40, 0, 990, 40, 150),  # warning: time is almost up
    (1320, 80, 200, 1760, 80, 200, 1320, 80, 200),  # call: somebody wants you alone
    (1320, 80, 200, 880, 80, 200),  # call over: the button is the group's again
    (990, 60, 150, 1100, 60, 150),  # group: the button belongs to the next one
    (990, 60, 150, 1100, 60, 150, 1320, 60, 150),  # home group: and this is the first again
)
NOTE_NUMBERS = const(3)  # Hz, ms, permille

# --- What happens ---
# Event, tone, ms of vibration (0: none).
MOMENTS = (
    (events.GRANTED, TONE_GRANT, 60),  # felt in a loud room, where the tone is not heard
    (events.QUEUED, TONE_QUEUE, 0),  # told again when the place changes
    (events.DENIED, TONE_DENY, 200),  # let go; the log and the display say why
    (events.REVOKED, TONE_STOP, 400),  # a talker looks at nothing and hears himself
    (events.TAKEN, TONE_RECEIVE, 0),  # when the first packet comes: the playout delay is for it
    (events.LOST, TONE_LOST, 400),  # nobody would hear a press
    (events.TALK_WARNING, TONE_WARNING, 100),  # felt by the talker, who hears nothing else
    (events.CALL, TONE_CALL, 200),  # to both, before the first word
    (events.CALL_OVER, TONE_CALL_OVER, 0),  # hung up, quiet for long, or one has gone
)


def situation(participant: "Participant", is_low: bool) -> int:
    """The index in SITUATIONS; `is_low` means the battery."""
    if participant.join.state != JOINED:
        return SEARCHING
    state = participant.floor.state
    if state == HAS_PERMISSION or state == FINISHING:
        return TALKING
    if state == PENDING_REQUEST or state == LET_GO:
        return ASKING
    if state == IN_QUEUE:
        return WAITING
    if participant.floor.talker:
        return LISTENING
    return LOW_BATTERY if is_low else READY


def moment(kind: int) -> "tuple[int, int, int] | None":
    """The row of MOMENTS for an event, None when it passes unnoticed."""
    for row in MOMENTS:
        if row[0] == kind:
            return row
    return None
