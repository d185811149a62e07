"""Values for each message of the table: the smallest and the largest that it allows."""

from ptt.wire.messages import LAYOUTS

MINIMUM = 0
MAXIMUM = 1

_TEXT = 9


def control_values(kind, end):
    """A value for each field of message `kind`, all at the `end` of their ranges."""
    return tuple(field_value(field, end) for field in LAYOUTS[kind])


def field_value(field, end):
    field_kind, low, high = field
    if field_kind == _TEXT:
        return b"x" * (low, high)[end]
    if field_kind > _TEXT:
        return bytes([(0, 255)[end]] * (field_kind - 10))
    return (low, high)[end]


def payload_bytes(kind, values):
    """How many bytes `values` take on the wire, counted apart from the coder."""
    size = 0
    for field, value in zip(LAYOUTS[kind], values):
        size += field[0] if field[0] < _TEXT else len(value) + (field[0] == _TEXT)
    return size
