"""Values for each message of the table: the smallest and the largest that it allows."""

from ptt.wire.messages import LAYOUTS

MINIMUM = 0
MAXIMUM = 1

_TEXT = 9


def control_values(kind, end):
    """A value for each field of message `kind`, all at the `end` of their ranges."""
    return tuple(field_value(field, end) for field in LAYOUTS[kind])


def field_value(field, end):
    field_kind, low, high, _ = field
    if field_kind == _TEXT:
        return b"x" * (low, high)[end]
    if field_kind > _TEXT:
        return bytes([(0, 255)[end]] * (field_kind - 10))
    return (low, high)[end]


def ends_whole(kind, values):
    """Where a payload of `values` may end: after the last field, and before each field that an
    older sender did not have. Offset -> how many fields come before it."""
    ends = {}
    size = 0
    for index, field in enumerate(LAYOUTS[kind]):
        if field[3] is not None:
            ends[size] = index
        size += payload_bytes_of(field, values[index])
    ends[size] = len(values)
    return ends


def payload_bytes_of(field, value):
    return field[0] if field[0] < _TEXT else len(value) + (field[0] == _TEXT)


def payload_bytes(kind, values):
    """How many bytes `values` take on the wire, counted apart from the coder."""
    return sum(payload_bytes_of(field, value) for field, value in zip(LAYOUTS[kind], values))
