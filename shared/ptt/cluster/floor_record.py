"""One floor as bytes, under its group.

FLOOR: lease 4, left_ms 4, granted_ms 4, holder 2, request + 1 4, lane 1, then 5 bytes for each that
waits: node 2, request 2, lane 1 (and 128: preempted).
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import QUEUE_MAX
from ..wire import refusal
from ..wire.envelope import get16, put16, put32
from ..wire.refusal import Refused
from . import settings_record
from .record_numbers import small

if TYPE_CHECKING:
    from ..base.compat import Buffer

_TALK_MS_MAX = settings_record.RANGES[2][1]  # of the setting talk_ms
# Where its fields lie.
_LEASE_AT = const(0)
_LEFT_AT = const(4)
_GRANTED_AT = const(8)
_HOLDER_AT = const(12)
_HOLDERS_AT = const(14)  # the holder's request
_LANE_AT = const(18)
_FLOOR_BYTES = const(19)  # up to those that wait
# Of each that waits.
_WAITING_REQUEST_AT = const(2)
_WAITING_LANE_AT = const(4)
_WAITING_BYTES = const(5)
_PREEMPTED = const(128)
_LANE_MAX = const(2)


class FloorRecord:
    """One floor. `queue`: (node, request, lane, was preempted), the next to talk first."""

    __slots__ = ("granted_ms", "group", "holder", "lane", "lease", "left_ms", "queue", "request")

    def __init__(self, group: int) -> None:
        self.group = group
        self.lease = self.left_ms = self.granted_ms = 0
        self.holder = self.request = self.lane = 0
        self.queue: list[tuple[int, int, int, bool]] = []


def write_floor(floor: FloorRecord) -> bytes:
    data = bytearray(_FLOOR_BYTES + _WAITING_BYTES * len(floor.queue))
    put32(data, _LEASE_AT, floor.lease)
    put32(data, _LEFT_AT, floor.left_ms)
    put32(data, _GRANTED_AT, floor.granted_ms)
    put16(data, _HOLDER_AT, floor.holder)
    put32(data, _HOLDERS_AT, floor.request + 1)
    data[_LANE_AT] = floor.lane
    at = _FLOOR_BYTES
    for node, request, lane, was_preempted in floor.queue:
        put16(data, at, node)
        put16(data, at + _WAITING_REQUEST_AT, request)
        data[at + _WAITING_LANE_AT] = lane | _PREEMPTED if was_preempted else lane
        at += _WAITING_BYTES
    return bytes(data)


def read_floor(group: int, data: "Buffer") -> FloorRecord:
    size = len(data) - _FLOOR_BYTES
    if not 0 < group <= 255 or size < 0 or size % _WAITING_BYTES:
        raise Refused(refusal.FIELD)
    if size > _WAITING_BYTES * QUEUE_MAX or data[_LANE_AT] > _LANE_MAX:
        raise Refused(refusal.FIELD)
    floor = FloorRecord(group)
    floor.lease = small(data, _LEASE_AT)
    floor.left_ms = small(data, _LEFT_AT)
    floor.granted_ms = small(data, _GRANTED_AT)
    if not floor.left_ms <= floor.granted_ms <= _TALK_MS_MAX:
        raise Refused(refusal.RANGE)
    floor.holder = get16(data, _HOLDER_AT)
    floor.request = small(data, _HOLDERS_AT) - 1  # -1: not known
    floor.lane = data[_LANE_AT]
    for at in range(_FLOOR_BYTES, len(data), _WAITING_BYTES):
        node, request = get16(data, at), get16(data, at + _WAITING_REQUEST_AT)
        lane = data[at + _WAITING_LANE_AT]
        if lane & ~_PREEMPTED > _LANE_MAX:
            raise Refused(refusal.FIELD)
        floor.queue.append((node, request, lane & ~_PREEMPTED, lane >= _PREEMPTED))
    return floor
