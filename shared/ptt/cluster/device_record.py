"""One device that may join as bytes, numbered from 1 on.

DEVICE: device 8, key 32, emergency 1, priority 1; name and groups, each behind its length.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import CALL_GROUP_FIRST, DEVICES_MAX, MEMBER_GROUPS_MAX, NAME_BYTES_MAX
from ..wire import refusal
from ..wire.codec import is_text
from ..wire.refusal import Refused

if TYPE_CHECKING:
    from ..base.compat import Buffer

# Where its fields lie.
_KEY_AT = const(8)
_EMERGENCY_AT = const(40)
_PRIORITY_AT = const(41)
_DEVICE_BYTES = const(42)  # up to its name


class DeviceRecord:
    """A device that may become a member."""

    __slots__ = ("device", "emergency", "groups", "key", "name", "priority")

    def __init__(
        self,
        device: bytes,
        key: bytes,
        name: bytes,
        groups: "tuple[int, ...]",
        emergency: bool,
        priority: int,
    ) -> None:
        self.device = device
        self.key = key
        self.name = name
        self.groups = groups
        self.emergency = emergency
        self.priority = priority


def write_device(record: DeviceRecord) -> bytes:
    rights = bytes((1 if record.emergency else 0, record.priority))
    data = bytearray(record.device + record.key + rights)
    for part in (record.name, bytes(record.groups)):
        data.append(len(part))
        data.extend(part)
    return bytes(data)


def read_device(number: int, data: "Buffer") -> DeviceRecord:
    """Of record `number`."""
    if not 0 < number <= DEVICES_MAX or len(data) < _DEVICE_BYTES + 2:
        raise Refused(refusal.FIELD)
    at = _DEVICE_BYTES
    name_bytes = data[at]
    groups_at = at + 1 + name_bytes
    if not 0 < name_bytes <= NAME_BYTES_MAX or groups_at >= len(data):
        raise Refused(refusal.FIELD)
    name = bytes(data[at + 1 : groups_at])
    groups = tuple(bytes(data[groups_at + 1 :]))
    wrong = [group for group in groups if not 0 < group < CALL_GROUP_FIRST]
    if len(groups) != data[groups_at] or len(groups) > MEMBER_GROUPS_MAX or wrong:
        raise Refused(refusal.FIELD)
    if not is_text(name):
        raise Refused(refusal.FIELD)
    device, key = bytes(data[0:_KEY_AT]), bytes(data[_KEY_AT:_EMERGENCY_AT])
    return DeviceRecord(device, key, name, groups, data[_EMERGENCY_AT] != 0, data[_PRIORITY_AT])
