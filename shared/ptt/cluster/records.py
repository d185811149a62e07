"""The records of a leader's state as bytes: what a journal carries and a replica keeps.

Times are given as what is left of them, in milliseconds, since no two hosts share a clock. Integers
are big endian. Readers raise `Refused` for anything that a leader does not write.

MEMBER (its node number): session 4, nonce 4, request 2, text 4, settings 4, entitlements, roster,
asked, table 1 each, device 8; name, build, address, groups and secret, each behind its length; how
old the session's keys are, in seconds, 2 (missing in what older builds wrote: new); features 4
(missing: none).
FLOOR (its group): lease 4, left_ms 4, granted_ms 4, holder 2, request + 1 4, lane 1, then 5 bytes
for each that waits: node 2, request 2, lane 1 (and 128: preempted). CALL (its group): caller 2,
callee 2, quiet_ms 4. SETTINGS (0): version 4, then the first values of `settings_record`,
then of each other that is not at its default, and of each that a talk group has of its own: group 1
(0: the venue), place 1, size 1, value; that of a badge: 255, place 1, size 1, device 8, value;
that of a board: 254, place 1, size 1, its name behind its length, value.
COUNTERS (0): newest lease 4, next node 2, last text 2, next call 1. KEYS (0): epoch 2, and 32 bytes
from which the groups' keys come. DEVICE (1 and up): device 8, key 32, emergency 1, priority 1; name
and groups, each behind its length. ROSTER (0): version of the list of devices 4, how many 2.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    CALL_GROUP_FIRST,
    DEVICES_MAX,
    GROUPS_MAX,
    INT_MAX,
    JOURNAL_SECRET_BYTES_MAX,
    MEMBER_GROUPS_MAX,
    NAME_BYTES_MAX,
    QUEUE_MAX,
)
from ..wire import refusal
from ..wire.codec import is_text
from ..wire.envelope import LEADER_NODE, get16, get32, put16, put32
from ..wire.refusal import Refused
from . import settings_record

if TYPE_CHECKING:
    from ..base.compat import Buffer

_TALK_MS_MAX = settings_record.RANGES[2][1]  # of the setting talk_ms

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

# Where the fields of a MEMBER lie.
_SESSION_AT = const(0)
_NONCE_AT = const(4)
_REQUEST_AT = const(8)
_TEXT_AT = const(10)
_SETTINGS_AT = const(14)
_ENTITLEMENTS_AT = const(18)
_ROSTER_AT = const(19)
_ASKED_AT = const(20)
_TABLE_AT = const(21)
_DEVICE_AT = const(22)
_MEMBER_BYTES = const(30)  # up to its texts
_TABLE_MAX = const(3)  # 1 above `SAME_TABLE` of `leader.members`
# Of a DEVICE.
_KEY_AT = const(8)
_EMERGENCY_AT = const(40)
_PRIORITY_AT = const(41)
_DEVICE_BYTES = const(42)  # up to its name
# Of a FLOOR.
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
_ADDRESS_BYTES_MAX = const(64)
_BUILD_BYTES_MAX = const(16)
_ENTRY_BYTES = const(3)  # of a setting with its number, up to the value
_BADGE = const(255)  # in place of a group: the value is a badge's
_BOARD = const(254)  # or that of all badges of one board
DEVICE_BYTES = const(8)
BOARD_BYTES_MAX = const(24)  # of its name; the longest here has 20
# Values that badges and boards have of their own: a few odd ones. With all groups they fit into a
# datagram.
BADGE_VALUES_MAX = const(32)
BOARD_VALUES_MAX = const(8)  # of these, of boards: two settings of four kinds


class MemberRecord:
    """One member as another host needs it."""

    __slots__ = (
        "address",
        "asked",
        "build",
        "device",
        "entitlements",
        "features",
        "groups",
        "keys_s",
        "name",
        "node",
        "nonce",
        "request",
        "roster",
        "secret",
        "session",
        "settings",
        "table_is",
        "text_number",
    )

    def __init__(self, node: int) -> None:
        self.node = node
        self.session = self.nonce = self.request = self.settings = 0
        self.entitlements = self.roster = self.asked = self.table_is = 0
        self.text_number = -1
        self.keys_s = self.features = 0
        self.device = self.name = self.build = self.address = self.secret = b""
        self.groups: tuple[int, ...] = ()


class FloorRecord:
    """One floor. `queue`: (node, request, lane, was preempted), the next to talk first."""

    __slots__ = ("granted_ms", "group", "holder", "lane", "lease", "left_ms", "queue", "request")

    def __init__(self, group: int) -> None:
        self.group = group
        self.lease = self.left_ms = self.granted_ms = 0
        self.holder = self.request = self.lane = 0
        self.queue: list[tuple[int, int, int, bool]] = []


def write_member(member: MemberRecord) -> bytes:
    data = bytearray(_MEMBER_BYTES)
    put32(data, _SESSION_AT, member.session)
    put32(data, _NONCE_AT, member.nonce)
    put16(data, _REQUEST_AT, member.request)
    put32(data, _TEXT_AT, member.text_number + 1)
    put32(data, _SETTINGS_AT, member.settings)
    data[_ENTITLEMENTS_AT] = member.entitlements
    data[_ROSTER_AT] = member.roster
    data[_ASKED_AT] = member.asked
    data[_TABLE_AT] = member.table_is + 1
    data[_DEVICE_AT:_MEMBER_BYTES] = member.device
    for part in (member.name, member.build, member.address, bytes(member.groups), member.secret):
        data.append(len(part))
        data.extend(part)
    data.extend(bytes((member.keys_s >> 8, member.keys_s & 255)))
    if member.features:
        data.extend(bytes(4))
        put32(data, len(data) - 4, member.features)
    return bytes(data)


def read_member(node: int, data: "Buffer") -> MemberRecord:
    if len(data) < _MEMBER_BYTES or node <= LEADER_NODE or data[_TABLE_AT] > _TABLE_MAX:
        raise Refused(refusal.FIELD)
    member = MemberRecord(node)
    member.session = _small(data, _SESSION_AT)
    member.nonce = _small(data, _NONCE_AT)
    member.request = get16(data, _REQUEST_AT)
    member.text_number = get32(data, _TEXT_AT) - 1
    member.settings = _small(data, _SETTINGS_AT)
    member.entitlements = data[_ENTITLEMENTS_AT]
    member.roster = data[_ROSTER_AT]
    member.asked = data[_ASKED_AT]
    member.table_is = data[_TABLE_AT] - 1
    member.device = bytes(data[_DEVICE_AT:_MEMBER_BYTES])
    at = _MEMBER_BYTES
    parts = []
    for most in (
        NAME_BYTES_MAX,
        _BUILD_BYTES_MAX,
        _ADDRESS_BYTES_MAX,
        MEMBER_GROUPS_MAX,
        JOURNAL_SECRET_BYTES_MAX,
    ):
        if at >= len(data) or data[at] > most or at + 1 + data[at] > len(data):
            raise Refused(refusal.FIELD)
        parts.append(bytes(data[at + 1 : at + 1 + data[at]]))
        at += 1 + data[at]
    member.name, member.build, member.address, groups, member.secret = parts
    member.groups = tuple(groups)
    if at + 2 <= len(data):
        member.keys_s = get16(data, at)
        at += 2
    if at + 4 == len(data):
        member.features = _small(data, at)
        at += 4
    wrong = [group for group in member.groups if not 0 < group < CALL_GROUP_FIRST]
    if at != len(data) or wrong or not is_text(member.name) or not is_text(member.build):
        raise Refused(refusal.FIELD)
    if not member.session or member.text_number > 0xFFFF:
        raise Refused(refusal.FIELD)
    return member


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
    floor.lease = _small(data, _LEASE_AT)
    floor.left_ms = _small(data, _LEFT_AT)
    floor.granted_ms = _small(data, _GRANTED_AT)
    if not floor.left_ms <= floor.granted_ms <= _TALK_MS_MAX:
        raise Refused(refusal.RANGE)
    floor.holder = get16(data, _HOLDER_AT)
    floor.request = _small(data, _HOLDERS_AT) - 1  # -1: not known
    floor.lane = data[_LANE_AT]
    for at in range(_FLOOR_BYTES, len(data), _WAITING_BYTES):
        node, request = get16(data, at), get16(data, at + _WAITING_REQUEST_AT)
        lane = data[at + _WAITING_LANE_AT]
        if lane & ~_PREEMPTED > _LANE_MAX:
            raise Refused(refusal.FIELD)
        floor.queue.append((node, request, lane & ~_PREEMPTED, lane >= _PREEMPTED))
    return floor


def write_numbers(sizes: "tuple[int, ...]", values: "tuple[int, ...]") -> bytes:
    """CALL, SETTINGS and COUNTERS: nothing but numbers of `sizes` bytes."""
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
        values.append(data[at] if size == 1 else get16(data, at) if size == 2 else _small(data, at))
        at += size
    return values


def write_settings(
    values: "tuple[int, ...]", own: "dict[int | bytes | str, dict[int, int]]"
) -> bytes:
    """`own`: what talk groups, badges and boards have of their own: by group, device or name, of
    each place its value."""
    by_place = settings_record.BY_PLACE
    data = bytearray(write_numbers(settings_record.SIZES[0:by_place], values[0:by_place]))
    for place in range(by_place, len(values)):
        if values[place] != settings_record.DEFAULTS[place]:
            _write_entry(data, 0, place, values[place])
    for whose in sorted([each for each in own if isinstance(each, int)]):
        for place in sorted(own[whose]):
            _write_entry(data, whose, place, own[whose][place])
    for whose in sorted([each for each in own if isinstance(each, bytes)]):
        for place in sorted(own[whose]):
            _write_entry(data, _BADGE, place, own[whose][place], whose)
    for whose in sorted([each for each in own if isinstance(each, str)]):
        board = whose.encode()
        for place in sorted(own[whose]):
            _write_entry(data, _BOARD, place, own[whose][place], bytes((len(board),)) + board)
    return bytes(data)


def _write_entry(data: bytearray, group: int, place: int, value: int, whose: bytes = b"") -> None:
    size = settings_record.SIZES[place]
    data.extend(bytes((group, place, len(whose) + size)))
    data.extend(whose)
    data.extend(write_numbers((size,), (value,)))


def read_settings(data: "Buffer") -> "list[int]":
    """Those of the venue: an older host leaves out the last ones, a newer one has more behind them.
    Raises `Refused` when one is out of range."""
    values: "list[int]" = list(settings_record.DEFAULTS)
    at = 0
    for index in range(settings_record.BY_PLACE):
        size = settings_record.SIZES[index]
        if at == len(data) and index:
            break
        (values[index],) = read_numbers((size,), data[at : at + size])
        at += size
    for group, place, value in _entries(data):
        if group == 0:
            values[place] = value
    if not settings_record.is_in_range(values):
        raise Refused(refusal.FIELD)
    return values


def read_own(data: "Buffer") -> "dict[int | bytes | str, dict[int, int]]":
    """What talk groups, badges and boards have of their own: by group, device or name, of each
    place its value. Raises `Refused` when one is out of range."""
    own: "dict[int | bytes | str, dict[int, int]]" = {}
    for whose, place, value in _entries(data):
        if whose and place in may_have(whose):
            own.setdefault(whose, {})[place] = value
    if not are_few(own):
        raise Refused(refusal.LIMIT)
    return own


def may_have(whose: "int | bytes | str") -> "tuple[int, ...]":
    """Places of those of which a group, a badge or a board may have a value of its own."""
    return settings_record.OF_GROUPS if isinstance(whose, int) else settings_record.OF_BADGES


def are_few(own: "dict[int | bytes | str, dict[int, int]]") -> bool:
    """Whether all that groups, badges and boards have of their own fits into a record."""
    groups = values = of_boards = 0
    for whose in own:
        if isinstance(whose, int):
            groups += 1
        else:
            values += len(own[whose])
        if isinstance(whose, str):
            of_boards += len(own[whose])
    return groups <= GROUPS_MAX and values <= BADGE_VALUES_MAX and of_boards <= BOARD_VALUES_MAX


def _entries(data: "Buffer") -> "list[tuple[int | bytes | str, int, int]]":
    """(group, device or board, place, value) of those that stand behind the values with their
    number. What only a newer host knows is passed over."""
    found: "list[tuple[int | bytes | str, int, int]]" = []
    at = sum(settings_record.SIZES[0 : settings_record.BY_PLACE])
    while at < len(data):
        end = at + _ENTRY_BYTES + (data[at + 2] if at + 2 < len(data) else len(data))
        if end > len(data):
            raise Refused(refusal.FIELD)
        group, place = data[at], data[at + 1]
        at += _ENTRY_BYTES
        is_known = group < CALL_GROUP_FIRST or group in (_BADGE, _BOARD)
        if is_known and 0 < place < len(settings_record.SIZES):
            whose: "int | bytes | str" = group
            if group == _BADGE:
                whose = bytes(data[at : at + DEVICE_BYTES])
                at += DEVICE_BYTES
            elif group == _BOARD:
                whose = _board(data[at:end])
                at += 1 + len(whose)
            size = settings_record.SIZES[place]
            (value,) = read_numbers((size,), data[at:end])
            low, high = settings_record.RANGES[place]
            if not low <= value <= high:
                raise Refused(refusal.FIELD)
            found.append((whose, place, value))
        at = end
    return found


def is_board(name: str) -> bool:
    """Whether a board can be called so: small letters, digits and hyphens, one letter at least and
    no hyphen first."""
    letters = 0
    for letter in name:
        if "a" <= letter <= "z":
            letters += 1
        elif not ("0" <= letter <= "9" or letter == "-"):
            return False
    return letters > 0 and len(name) <= BOARD_BYTES_MAX and name[0] != "-"


def _board(data: "Buffer") -> str:
    """The name at the beginning of what lies behind the head of an entry."""
    if not data or not 0 < data[0] < len(data):
        raise Refused(refusal.FIELD)
    letters = bytes(data[1 : 1 + data[0]])
    name = letters.decode() if max(letters) < 128 else ""
    if not is_board(name):
        raise Refused(refusal.FIELD)
    return name


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


def _small(data: "Buffer", at: int) -> int:
    value = get32(data, at)
    if value > INT_MAX:
        raise Refused(refusal.RANGE)
    return value
