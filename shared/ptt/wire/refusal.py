"""Why a datagram was not obeyed. Every refusal is counted under one of these reasons.

`Refused` is the only exception that decoding raises; any other is a bug of ours.
"""

from ..base.compat import const
from ..base.words import nth_word

ACCEPTED = const(0)
EMPTY = const(1)  # nothing in it
SHORT = const(2)  # ends inside the envelope
LONG = const(3)  # more than a datagram of ours ever has
VERSION = const(4)  # another major version
LENGTH = const(5)  # payload length and datagram length disagree
RANGE = const(6)  # a number above 2^30 - 1, or outside its field's range
CRC = const(7)  # damaged
SEALED = const(8)  # carries a tag where none is to be
TYPE = const(9)  # a message type that this build does not know
SENDER = const(10)  # a type that this kind of node may not send
SOURCE = const(11)  # from another address than the session's
SESSION = const(12)  # of another session
FIELD = const(13)  # a field malformed, missing or too long
STALE = const(14)  # of an older term or lease
FLOOR = const(15)  # voice from somebody who does not hold the floor
LIMIT = const(16)  # more of it than a node may send
UNSEALED = const(17)  # in the clear, which only HELLO, CHALLENGE, ANSWER and NACK may be
REPLAY = const(18)  # its number has come before, or is long past
TAG = const(19)  # not sealed by the sender that it names
KEY = const(20)  # voice under a group key that is not here
IDENTITY = const(21)  # of a device that the registry does not have, or without its key
CHALLENGE = const(22)  # an answer to a challenge that is not ours, old, or answered before

WORDS = (
    "accepted empty short long version length range crc sealed type sender source session "
    "field stale floor limit unsealed replay tag key identity challenge"
)
NAMES = tuple(WORDS.split())


class Refused(ValueError):
    """A message was refused; `reason` is one of the numbers above."""

    def __init__(self, reason: int) -> None:
        super().__init__(nth_word(WORDS, reason))
        self.reason = reason
