"""How a leader goes on where another was interrupted: its members, floors and settings as records
of the journal, and records as members, floors and settings again.
"""

from ..base.clock import add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import INT_MAX, LEASE_GAP
from ..cluster import records, settings_record
from ..cluster.ballot import MARK_BITS
from .floor import lanes
from .settings import Settings

if TYPE_CHECKING:
    from typing import Any

    from ..cluster.replica import State
    from .floor.arbitrator import Arbitrator
    from .members import Member


def member_record(member: "Member", address: bytes) -> bytes:
    record = records.MemberRecord(member.node)
    for name in _COMMON:
        setattr(record, name, getattr(member, name))
    record.settings = member.settings.acknowledged
    record.address = address
    return records.write_member(record)


_COMMON = (
    "session",
    "nonce",
    "request",
    "text_number",
    "entitlements",
    "roster",
    "asked",
    "table_is",
    "device",
    "name",
    "build",
    "groups",
    "secret",
)


def restore_member(member: "Member", record: records.MemberRecord, address: "Any") -> None:
    """All but node, device and session, with which it was made."""
    for name in _COMMON:
        setattr(member, name, getattr(record, name))
    member.address = address
    member.settings.acknowledged = member.settings.sent = record.settings


def floor_record(floor: "Arbitrator", now_ms: int) -> bytes:
    record = records.FloorRecord(floor.group)
    record.lease = floor.lease
    record.holder = floor.holder
    if floor.holder:
        record.request = floor.request
        record.lane = floor.lane
        record.granted_ms = floor.granted_ms
        record.left_ms = max(0, floor.granted_ms - max(0, since(now_ms, floor.begun_ms)))
    for waiting in floor.queue:
        was_preempted = waiting.order == lanes.ORDER_PREEMPTED
        record.queue.append((waiting.node, waiting.request, waiting.lane, was_preempted))
    return records.write_floor(record)


def restore_floor(
    floor: "Arbitrator", record: records.FloorRecord, nodes: "dict[int, Any]", now_ms: int
) -> None:
    """As it was, without those who are not members: `nodes` are."""
    queue = []
    for index in range(len(record.queue)):
        node, request, lane, was_preempted = record.queue[index]
        order = lanes.ORDER_PREEMPTED if was_preempted else lanes.ORDER_FIRST + index
        if node in nodes:
            queue.append((order, node, request, lane))
    holder = record.holder if record.holder in nodes else 0
    begun_ms = add(now_ms, (record.left_ms - record.granted_ms) & INT_MAX)
    burst = (holder, record.request, begun_ms, record.granted_ms, record.lane)
    floor.restore(record.lease, burst, queue, now_ms)


def floor_of(state: "State", group: int, now_ms: int) -> records.FloorRecord:
    """The record of `group`; what was left of its times is less by its age."""
    body = state.body(records.FLOOR, group)
    if body is None:
        return records.FloorRecord(group)
    record = records.read_floor(group, body)
    age_ms = state.age_ms(records.FLOOR, group, now_ms)
    record.left_ms = max(0, record.left_ms - age_ms)
    return record


def settings_of(state: "State") -> "Settings | None":
    body = state.body(records.SETTINGS, 0)
    if body is None:
        return None
    return Settings(*records.read_numbers(settings_record.SIZES, body))


def counters_of(state: "State", term: int) -> "list[int]":
    """For the leader of `term`: newest lease, passing over those that nobody told us of, of all
    terms in between; next node; last text; next call."""
    body = state.body(records.COUNTERS, 0)
    counters = [0, 2, 0, 0] if body is None else records.read_numbers(records.COUNTERS_SIZES, body)
    newest = counters[0]
    for group in state.numbers(records.FLOOR):
        newest = max(newest, floor_of(state, group, 0).lease)
    rounds = max(1, (term >> MARK_BITS) - (state.term >> MARK_BITS))
    counters[0] = min(newest + LEASE_GAP * rounds, INT_MAX)
    return counters
