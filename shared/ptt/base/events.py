"""What an engine tells the person and the log, as (kind, value) pairs in order of
happening. Written by `make schema` from shared/schema/events.toml.

The value is an int, or a tuple of what the comment beside the kind names. `WORDS` and
`NAMES` have the word for each kind."""

from .compat import const

JOINED = const(0)  # node: joined as node {node}
LOST = const(1)  # silent_ms: the leader is gone; looking for it
PENDING = const(2)  # request: asking to talk
GRANTED = const(3)  # lease: talk now
QUEUED = const(4)  # position: wait: you are number {position} in the queue
DENIED = const(5)  # reason (denial or own_denial): no: {reason}
REVOKED = const(6)  # reason (revocation or lost_floor): stop talking: {reason}
RELEASED = const(7)  # lease: done
SENT = const(8)  # lease, frames, lost: sent {frames} frames
TAKEN = const(9)  # talker (node), lease: {talker} talks
IDLE = const(10)  # lease: nobody talks
HEARING = const(11)  # talker (node), lease: hearing {talker}
HEARD = const(12)  # talker (node), lease, played, concealed, late, duplicate, dropped
REFUSED = const(13)  # reason (nack): refused: {reason}
MEMBER_JOINED = const(14)  # name (member): {name} joins
MEMBER_LEFT = const(15)  # name (member): {name} leaves
FLOOR_GRANTED = const(16)  # talker (node), lease: {talker} talks, lease {lease}
FLOOR_FREED = const(17)  # talker (node), lease, cause (ended or revocation)
SETTINGS = const(18)  # version: version {version} of the settings is in force
TEXT = const(19)  # origin (origin), writer, from (text), text (text): {from}{origin}: {text}
TEXT_SENT = const(20)  # arrival (arrival): {arrival}
RECEIPT = const(21)  # lease, listeners, heard, whole
OTHER_TABLE = const(22)  # protocols (protocols): {protocols}
MOVED = const(23)  # term: another leader has taken over; talking goes on
TALK_WARNING = const(24)  # left_s: {left_s} s left to talk
SCANNED = const(25)  # group: group {group}:
CALL = const(26)  # with (node): private call with {with}
CALL_OVER = const(27)  # reason (call): the private call is over: {reason}
DEPOSED = const(28)  # term: gives up all floors and no longer serves anybody
HIGHER_TERM = const(29)  # device (device), term
LEADING = const(30)  # term, lease
UPDATE = const(31)  # release: an update to release {release} is offered
STRANGER = const(32)  # device (device), name (text)
FORGED = const(33)  # listener (node), count
RELAY_LOST = const(34)  # relay (host), listeners
DOUBLE = const(35)  # device (device), name (text)

WORDS = (
    "joined lost pending granted queued denied revoked released sent taken idle hearing heard "
    "refused member_joined member_left floor_granted floor_freed settings text text_sent receipt "
    "other_table moved talk_warning scanned call call_over deposed higher_term leading update "
    "stranger forged relay_lost double"
)
NAMES = tuple(WORDS.split())
