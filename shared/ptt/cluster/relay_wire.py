"""What a leader gives a relay to send on: one datagram, and for whom.

In the hosts' channel, as the journal: first a byte that tells it from all else, then term (4
bytes), number of the secret (4), count of listeners (1), their node numbers (2 each), and the
datagram without session, sequence number, checksum and tag, which the relay writes.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import DATAGRAM_BYTES_MAX
from ..wire.envelope import HEADER_BYTES, get16, get32, put16, put32

if TYPE_CHECKING:
    from typing import Any

COPIES = const(84)  # behind the journal's
TERM_AT = const(1)
NUMBER_AT = const(5)
_COUNT_AT = const(9)
_NODES_AT = const(10)
NODES_MAX = const(200)  # with the longest voice packet it fits one datagram


def is_copies(data: "Any") -> bool:
    """Is it well formed, and from a leader to a relay?"""
    if len(data) <= _NODES_AT or data[0] != COPIES:
        return False
    size = len(data) - _NODES_AT - 2 * data[_COUNT_AT]
    return HEADER_BYTES <= size <= DATAGRAM_BYTES_MAX


def write(term: int, number: int, nodes: "list[int]", data: "Any") -> bytes:
    """`nodes`: at most `NODES_MAX`; `data`: header, payload and room for the tag."""
    at = _NODES_AT + 2 * len(nodes)
    out = bytearray(at + len(data))
    out[0] = COPIES
    put32(out, TERM_AT, term)
    put32(out, NUMBER_AT, number)
    out[_COUNT_AT] = len(nodes)
    for index in range(len(nodes)):
        put16(out, _NODES_AT + 2 * index, nodes[index])
    out[at:] = data
    return bytes(out)


def term_of(data: "Any") -> int:
    return get32(data, TERM_AT)


def number_of(data: "Any") -> int:
    return get32(data, NUMBER_AT)


def nodes_of(data: "Any") -> "list[int]":
    return [get16(data, _NODES_AT + 2 * index) for index in range(data[_COUNT_AT])]


def datagram_of(data: "Any") -> bytearray:
    return bytearray(data[_NODES_AT + 2 * data[_COUNT_AT] :])
