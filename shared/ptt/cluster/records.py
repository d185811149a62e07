"""The records of a leader's state: what a journal carries and a replica keeps, each under a kind
and a number.

Times are given as what is left of them, in milliseconds, since no two hosts share a clock. Integers
are big endian. Readers raise `Refused` for anything that a leader does not write.

MEMBER (its node number), FLOOR (its group), SETTINGS (0) and DEVICE (1 and up) have a file each:
`member_record`, `floor_record`, `settings_body`, `device_record`. CALL (its group): caller 2,
callee 2, quiet_ms 4. COUNTERS (0): newest lease 4, next node 2, last text 2, next call 1. KEYS (0):
epoch 2, and 32 bytes from which the groups' keys come. ROSTER (0): version of the list of devices
4, how many 2.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST
from ..wire import refusal
from ..wire.refusal import Refused
from .device_record import read_device
from .floor_record import read_floor
from .member_record import read_member
from .record_numbers import read_numbers
from .settings_body import read_own, read_settings

if TYPE_CHECKING:
    from ..base.compat import Buffer

MEMBER = const(1)
FLOOR = const(2)
CALL = const(3)
SETTINGS = const(4)
COUNTERS = const(5)
KEYS = const(6)
DEVICE = const(7)
ROSTER = const(8)
KINDS = ("", "member", "floor", "call", "settings", "counters", "keys", "device", "roster")

KEYS_BYTES = const(34)


CALL_SIZES = (2, 2, 4)  # caller, callee, quiet_ms
ROSTER_SIZES = (4, 2)  # version, devices
COUNTERS_SIZES = (4, 2, 2, 1)  # newest lease, next node, last text, next call


def check(kind: int, number: int, data: "Buffer") -> None:
    """Raises `Refused` when this is not what a leader writes."""
    if kind == MEMBER:
        read_member(number, data)
    elif kind == FLOOR:
        read_floor(number, data)
    elif kind == CALL:
        if not CALL_GROUP_FIRST <= number <= 255:
            raise Refused(refusal.FIELD)
        read_numbers(CALL_SIZES, data)
    elif kind == SETTINGS and number == 0:
        read_settings(data)
        read_own(data)
    elif kind == COUNTERS and number == 0:
        read_numbers(COUNTERS_SIZES, data)
    elif kind == DEVICE:
        read_device(number, data)
    elif kind == ROSTER and number == 0:
        read_numbers(ROSTER_SIZES, data)
    elif kind == KEYS and number == 0:
        if len(data) != KEYS_BYTES:
            raise Refused(refusal.FIELD)
    else:
        raise Refused(refusal.TYPE)
