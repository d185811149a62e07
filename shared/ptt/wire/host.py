"""What hosts say to each other: one byte for the type, then its fields as the table lays them out.

No envelope: the channel between two hosts knows who sent it, keeps replays out and encrypts.
"""

from ..compat import TYPE_CHECKING
from ..numbers import DATAGRAM_BYTES_MAX
from . import codec, refusal
from .host_messages import LAYOUTS
from .refusal import Refused

if TYPE_CHECKING:
    from .envelope import Buffer

_scratch = bytearray(DATAGRAM_BYTES_MAX)


def encode(kind: int, values: "tuple") -> bytes:
    """Message `kind` with `values` in table order; ValueError for what the table forbids."""
    _scratch[0] = kind
    return bytes(_scratch[0 : codec.encode(_scratch, 1, kind, values, LAYOUTS)])


def decode(data: "Buffer") -> "tuple[int, list]":
    """Type and fields of a message. Raises `Refused` for what is no message of the table."""
    if len(data) == 0:
        raise Refused(refusal.EMPTY)
    if data[0] not in LAYOUTS:
        raise Refused(refusal.TYPE)
    return data[0], codec.decode(data[0], data, 1, len(data), LAYOUTS)
