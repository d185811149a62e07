"""What hosts send to each other: one byte for the type, then its fields as the table lays them out.

There is no envelope: the channel between two hosts knows the sender, keeps replays out and
encrypts.
"""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import DATAGRAM_BYTES_MAX
from ..wire import codec, refusal
from ..wire.refusal import Refused
from .host_messages import LAYOUTS, TABLE

if TYPE_CHECKING:
    from ..base.compat import Buffer

_scratch = bytearray(DATAGRAM_BYTES_MAX)


def encode(kind: int, values: "tuple") -> bytes:
    """Message `kind` with `values` in table order; ValueError for anything that the table
    forbids."""
    _scratch[0] = kind
    return bytes(_scratch[0 : codec.encode(_scratch, 1, kind, values, TABLE)])


def decode(data: "Buffer") -> "tuple[int, list]":
    """Type and fields of a message. Raises `Refused` for anything that is not in the table."""
    if len(data) == 0:
        raise Refused(refusal.EMPTY)
    if data[0] not in LAYOUTS:
        raise Refused(refusal.TYPE)
    return data[0], codec.decode(data[0], data, 1, len(data), TABLE)
