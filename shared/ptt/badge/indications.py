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

# Where the notes of each tone end, and all of them in a row: Hz (0: a pause), ms, permille of full
# scale, each in tens: bytes take a quarter of the memory of tuples. Rising is good news, falling
# is bad; a waiting press knocks twice, a denied one hums low. docs/floor-control-v2.md has
# them in plain numbers.
TONES = (
    b"\x06\x0f\x12\x18\x1b\x24\x33\x3c\x4b\x54\x5a\x60\x69",
    b"\x58\x05\x14\x84\x06\x14"  # grant: talk now
    b"\x42\x07\x0f\x00\x06\x00\x42\x07\x0f"  # queue: keep the button down, your turn will come
    b"\x16\x23\x19"  # deny: let go, nobody will hear this press
    b"\x42\x0a\x14\x21\x19\x14"  # stop: the floor was taken away while you talked
    b"\xb0\x03\x0a"  # receive: shorter than the playout delay, so it ends before the first word
    b"\x58\x0c\x14\x42\x0c\x14\x2c\x14\x14"  # lost leader: out of reach
    b"\xb0\x06\x0f\x00\x0a\x00\xb0\x06\x0f\x00\x0a\x00\x84\x0c\x0f"  # low battery: charge
    b"\x21\x08\x14\x00\x05\x00\x21\x08\x14"  # not available: this badge or venue cannot do that
    b"\x63\x04\x0f\x00\x04\x00\x63\x04\x0f\x00\x04\x00\x63\x04\x0f"  # warning: time is almost up
    b"\x84\x08\x14\xb0\x08\x14\x84\x08\x14"  # call: somebody wants you alone
    b"\x84\x08\x14\x58\x08\x14"  # call over: the button is the group's again
    b"\x63\x06\x0f\x6e\x06\x0f"  # group: the button belongs to the next one
    b"\x63\x06\x0f\x6e\x06\x0f\x84\x06\x0f",  # home group: and this is the first again
)
NOTE_NUMBERS = const(3)  # bytes: Hz, ms, permille

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
