"""Control messages between tuples of values and bytes, driven by the message table.

`encode` raises ValueError for values that the table forbids: they are our own bug, and
MicroPython's struct would let them pass. `decode` raises `Refused`. Voice does not come through
here, see `voice`.
"""

from ..base.compat import TYPE_CHECKING
from . import refusal
from .envelope import get16, get32, put16, put32
from .messages import TABLE
from .refusal import Refused

if TYPE_CHECKING:
    from ..base.compat import Buffer

_TEXT = 9
_RAW = 10  # kinds above it are raw: 10 + number of bytes


def encode(data: bytearray, at: int, kind: int, values: "tuple", table: "tuple" = TABLE) -> int:
    """Write the fields of message `kind` at `at`; returns the offset behind them.

    `values` are in table order: ints, bytes for raw fields, UTF-8 bytes for texts. The last ones
    may be left out where the table has defaults, which the reader then takes.
    """
    rows, fields, starts = table
    index = starts[kind]
    missing = starts[kind + 1] - index - len(values)
    if missing < 0 or (missing > 0 and rows[fields[index + len(values)]][3] is None):
        raise ValueError("message %d takes %d values" % (kind, missing + len(values)))
    for value in values:
        field_kind, low, high, _ = rows[fields[index]]
        index += 1
        if field_kind >= _TEXT:
            at = _put_bytes(data, at, field_kind, low, high, value)
            continue
        if not low <= value <= high:
            raise ValueError("message %d: %s is not %d..%d" % (kind, value, low, high))
        if field_kind == 1:
            data[at] = value
        elif field_kind == 2:
            put16(data, at, value)
        else:
            put32(data, at, value)
        at += field_kind
    return at


def _put_bytes(data: bytearray, at: int, kind: int, low: int, high: int, value: bytes) -> int:
    size = len(value)
    if kind == _TEXT:
        if not low <= size <= high:
            raise ValueError("text of %d bytes" % size)
        data[at] = size
        at += 1
    elif size != kind - _RAW:
        raise ValueError("raw field of %d bytes" % size)
    for index in range(size):
        data[at + index] = value[index]
    return at + size


def decode(kind: int, data: "Buffer", at: int, end: int, table: "tuple" = TABLE) -> "list":
    """The fields of message `kind` at `at`..`end`, in table order.

    Bytes behind the known fields are a newer build's and are left alone; fields that an older
    build did not have get their default. Raises `Refused` (FIELD, RANGE) for anything else that
    is missing, too long or out of range.
    """
    rows, fields, starts = table
    values = []
    for index in range(starts[kind], starts[kind + 1]):
        field_kind, low, high, default = rows[fields[index]]
        if at == end and default is not None:
            values.append(default)
            continue
        if field_kind >= _TEXT:
            size = field_kind - _RAW
            if field_kind == _TEXT:
                if at >= end:
                    raise Refused(refusal.FIELD)
                size = data[at]
                at += 1
                if not low <= size <= high:
                    raise Refused(refusal.FIELD)
            if at + size > end:
                raise Refused(refusal.FIELD)
            value = bytes(data[at : at + size])
            at += size
            if field_kind == _TEXT and not is_text(value):
                raise Refused(refusal.FIELD)
            values.append(value)
            continue
        if at + field_kind > end:
            raise Refused(refusal.FIELD)
        if field_kind == 1:
            value = data[at]
        elif field_kind == 2:
            value = get16(data, at)
        else:
            value = get32(data, at)
        if not low <= value <= high:
            raise Refused(refusal.RANGE)
        values.append(value)
        at += field_kind
    return values


def is_text(value: bytes) -> bool:
    """UTF-8 without control characters: it ends up in logs and on screens.

    MicroPython's decoder lets surrogates and overlong forms pass, CPython's does not.
    """
    try:
        text = value.decode("utf-8")
    except ValueError:  # UnicodeError on both runtimes is one
        return False
    size = 0
    for character in text:
        code = ord(character)
        if code < 0x20 or 0x7F <= code < 0xA0 or 0xD800 <= code < 0xE000 or code > 0x10FFFF:
            return False
        size += 1 if code < 0x80 else 2 if code < 0x800 else 3 if code < 0x10000 else 4
    return size == len(value)
