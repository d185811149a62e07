"""Numbers in records: big endian, and never above 2^30 - 1 where four bytes could hold more."""

from ..base.compat import TYPE_CHECKING
from ..base.numbers import INT_MAX
from ..wire import refusal
from ..wire.envelope import get16, get32, put16, put32
from ..wire.refusal import Refused

if TYPE_CHECKING:
    from ..base.compat import Buffer


def write_numbers(sizes: "tuple[int, ...]", values: "tuple[int, ...]") -> bytes:
    """Nothing but numbers of `sizes` bytes: 1, 2 or 4."""
    data = bytearray(sum(sizes))
    at = 0
    for index in range(len(sizes)):
        if sizes[index] == 1:
            data[at] = values[index]
        elif sizes[index] == 2:
            put16(data, at, values[index])
        else:
            put32(data, at, values[index])
        at += sizes[index]
    return bytes(data)


def read_numbers(sizes: "tuple[int, ...]", data: "Buffer") -> "list[int]":
    if len(data) != sum(sizes):
        raise Refused(refusal.FIELD)
    values = []
    at = 0
    for size in sizes:
        values.append(data[at] if size == 1 else get16(data, at) if size == 2 else small(data, at))
        at += size
    return values


def small(data: "Buffer", at: int) -> int:
    """Four bytes; `Refused` when no badge could count so far."""
    value = get32(data, at)
    if value > INT_MAX:
        raise Refused(refusal.RANGE)
    return value
