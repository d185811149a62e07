"""What an engine tells the person and the log: (kind, value) pairs in order of happening.

Kinds are small numbers; `WORDS` and `NAMES` have the word for each. The value is an int, a tuple of
ints or None, as the comment beside the kind says.
"""

from .compat import const

JOINED = const(0)  # node number
LOST = const(1)  # leader silent for this many ms, or 0 when it said that it forgot us
PENDING = const(2)  # request id: the button was pressed, the leader is being asked
GRANTED = const(3)  # lease: talk now
QUEUED = const(4)  # position, 1 is next
DENIED = const(5)  # reason, see DENIALS
REVOKED = const(6)  # reason, see REVOCATIONS
RELEASED = const(7)  # lease: the leader knows that we are done
SENT = const(8)  # (lease, frames sent, frames lost before sending)
TAKEN = const(9)  # (talker, lease): somebody else talks
IDLE = const(10)  # last lease: nobody talks
HEARING = const(11)  # (talker, lease): the speaker starts
HEARD = const(12)  # (talker, lease, played, concealed, late, duplicate, dropped)
REFUSED = const(13)  # NACK reason: the leader would not have us
MEMBER_JOINED = const(14)  # node number (leader)
MEMBER_LEFT = const(15)  # node number (leader)
FLOOR_GRANTED = const(16)  # (talker, lease) (leader)
FLOOR_FREED = const(17)  # (talker, lease, cause) (leader)
SETTINGS = const(18)  # version now in force
TEXT = const(19)  # (kind, writer, name, text), the last two as UTF-8 bytes
TEXT_SENT = const(20)  # 1 when the leader has it, 0 when it never answered
RECEIPT = const(21)  # (lease, listeners, heard, whole): how our burst was heard
OTHER_TABLE = const(22)  # the other side's protocol table differs: -1 it is older, 1 newer, 0 else
MOVED = const(23)  # term: another leader goes on where ours was interrupted
TALK_WARNING = const(24)  # seconds left until the talk limit
SCANNED = const(25)  # group that is heard from now on, another than the one before
CALL = const(26)  # node: a private call with it is open
CALL_OVER = const(27)  # reason, see CALLS: the private call has ended
DEPOSED = const(28)  # term: another leads in it, so we do no longer (leader)
HIGHER_TERM = const(29)  # (device, term): it has seen one above the leader's, it says (leader)
LEADING = const(30)  # (term, lease): goes on from a standby's copy; leases it gives are above that
UPDATE = const(31)  # release that is offered; leader: (device, release, state, reason)
STRANGER = const(32)  # (device, name): it wants to join and is not known here (leader)

WORDS = (
    "joined lost pending granted queued denied revoked released sent taken idle hearing "
    "heard refused member_joined member_left floor_granted floor_freed settings text "
    "text_sent receipt other_table moved talk_warning scanned call call_over deposed "
    "higher_term leading update stranger"
)
NAMES = tuple(WORDS.split())


class EventQueue:
    """First in, first out, at most `limit`; the oldest is dropped and counted."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._events = []
        self.dropped = 0

    def push(self, kind: int, value: object = None) -> None:
        if len(self._events) == self._limit:
            self._events.pop(0)
            self.dropped += 1
        self._events.append((kind, value))

    def poll(self) -> "tuple[int, object] | None":
        if not self._events:
            return None
        return self._events.pop(0)
