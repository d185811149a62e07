"""One member of a leader as bytes, under its node number.

MEMBER: session 4, nonce 4, request 2, text 4, settings 4, entitlements, roster, asked, table 1
each, device 8; name, build, address, groups and secret, each behind its length; how old the
session's keys are, in seconds, 2 (missing in what older builds wrote: new); features 4 (missing:
none).
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    CALL_GROUP_FIRST,
    JOURNAL_SECRET_BYTES_MAX,
    MEMBER_GROUPS_MAX,
    NAME_BYTES_MAX,
)
from ..wire import refusal
from ..wire.codec import is_text
from ..wire.envelope import LEADER_NODE, get16, get32, put16, put32
from ..wire.refusal import Refused
from .record_numbers import small

if TYPE_CHECKING:
    from ..base.compat import Buffer

# Where its fields lie.
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
_ADDRESS_BYTES_MAX = const(64)
_BUILD_BYTES_MAX = const(16)


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
    member.session = small(data, _SESSION_AT)
    member.nonce = small(data, _NONCE_AT)
    member.request = get16(data, _REQUEST_AT)
    member.text_number = get32(data, _TEXT_AT) - 1
    member.settings = small(data, _SETTINGS_AT)
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
        member.features = small(data, at)
        at += 4
    wrong = [group for group in member.groups if not 0 < group < CALL_GROUP_FIRST]
    if at != len(data) or wrong or not is_text(member.name) or not is_text(member.build):
        raise Refused(refusal.FIELD)
    if not member.session or member.text_number > 0xFFFF:
        raise Refused(refusal.FIELD)
    return member
