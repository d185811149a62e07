"""How a leader continues where another was interrupted: it turns members, floors and settings into
records of the journal, and records back into members, floors and settings.
"""

from ..base import events
from ..base.clock import add, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import (
    INT_MAX,
    LEASE_GAP,
    LEASE_TAKEN_OVER_MAX,
    SESSION_MS_MAX,
)
from ..cluster import floor_record, member_record, record_numbers, records, settings_body
from ..cluster.ballot import MARK_BITS
from ..cluster.versions import is_within_reach
from .floor import lanes
from .settings_in_force import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any, Protocol

    from ..cluster.replica import State
    from .announcer import Announcer
    from .calls import Calls
    from .devices import Devices
    from .floor.arbitrator import Arbitrator
    from .joining import Joining, Owner
    from .members import Member
    from .publisher import Publisher
    from .texts import Texts

    class Restored(Owner, Protocol):
        """A leader as the journal and a takeover see it."""

        calls: Calls
        texts: Texts
        devices: Devices
        settings: Publisher
        announcer: Announcer
        joining: Joining
        address_of: Callable[[bytes], Any]
        bytes_of: Callable[[Any], bytes]

        @property
        def floors(self) -> dict[int, Arbitrator]: ...

        def adopt(self, settings: Settings) -> None: ...


def write_record(leader: "Restored", kind: int, number: int, now_ms: int) -> bytes:
    """For the journal: the state of `leader` as it is now."""
    if kind == records.MEMBER:
        member = leader.members.by_node(number)
        if member is None:
            return b""
        keys_ms = leader.sessions.keys_ms(member, now_ms)
        return record_of_member(member, leader.bytes_of(member.address), keys_ms)
    if kind == records.FLOOR:
        return record_of_floor(leader.floors[number], now_ms)
    if kind == records.CALL:
        call = leader.calls.get(number)
        if call is None:
            return b""
        quiet_ms = min(max(0, since(now_ms, call.quiet_ms)), INT_MAX)
        values = (call.caller.node, call.callee.node, quiet_ms)
        return record_numbers.write_numbers(records.CALL_SIZES, values)
    if kind == records.SETTINGS:
        settings = leader.settings.settings
        return settings_body.write_settings(settings.values(), settings.own)
    if kind == records.KEYS:
        return leader.keys.record()
    if kind == records.DEVICE:
        return leader.devices.record(number)
    if kind == records.ROSTER:
        return leader.devices.roster_record()
    counters = (leader.groups.lease, leader.members.next_node, leader.texts.number)
    values = counters + (leader.calls.next_group,)
    return record_numbers.write_numbers(records.COUNTERS_SIZES, values)


def take_over(leader: "Restored", state: "State", now_ms: int) -> None:
    """Restore members, floors, calls and settings; every member is told. Members, floors and calls
    stay away when too few leases are left for them: badges then join anew."""
    keys = state.body(records.KEYS, 0)
    if keys is not None:
        leader.keys.go_on_from(keys, leader.term)
    newest, next_node, leader.texts.number, next_call = counters_of(state, leader.term)
    leader.groups.go_on_from(newest, now_ms)
    leader.told.push(events.LEADING, (leader.term, newest))
    settings, known = settings_of(state), leader.settings.settings.version
    if (
        settings is not None
        and known <= settings.version
        and is_within_reach(settings.version, known)
    ):
        leader.adopt(settings)  # else this host knew newer ones, of which that leader had not heard
    leader.members.go_on_from(next_node)
    leader.calls.go_on_from(next_call)
    if newest:
        _restore_members(leader, state, now_ms)
        _restore_calls(leader, state, now_ms)
        _restore_floors(leader, state, now_ms)
    for member in leader.members.all():
        leader.announcer.start(member.node, now_ms)
        if member.asked in leader.floors:
            floor = leader.floors[member.asked]
            if not floor.knows(member.node, member.request):
                floor.end_request(member.node, member.request)
    _restore_sessions(leader, state, now_ms)
    _check(leader)
    leader.journal.flush(now_ms)


def _check(leader: "Restored") -> None:
    """What must hold of all that was taken over."""
    for floor in leader.floors.values():
        assert floor.lease <= leader.groups.lease, "a lease that will be given once more"
        holder = leader.members.by_node(floor.holder)
        assert floor.holder == 0 or holder is not None, "a talker who is no member"
    for member in leader.members.all():
        assert leader.sessions.of(member) is not None, "a member without keys"


def _restore_members(leader: "Restored", state: "State", now_ms: int) -> None:
    for node in state.numbers(records.MEMBER):
        record = member_record.read_member(node, state.body(records.MEMBER, node) or b"")
        address = leader.address_of(record.address)
        if address is None:  # of nobody: whoever that is joins anew
            continue
        member = leader.members.take_over(node, record.device, record.session)
        if member is None:
            continue
        restore_member(member, record, address)
        leader.members.heard(member, now_ms)
        for group in member.groups:
            leader.groups.open(group)
        member.groups = tuple([group for group in member.groups if group in leader.floors])
        leader.journal.changed(records.MEMBER, node)


def _restore_calls(leader: "Restored", state: "State", now_ms: int) -> None:
    for group in state.numbers(records.CALL):
        body = state.body(records.CALL, group) or b""
        first, second, quiet_ms = record_numbers.read_numbers(records.CALL_SIZES, body)
        caller, callee = leader.members.by_node(first), leader.members.by_node(second)
        if caller is None or callee is None or leader.calls.is_full():
            continue
        if caller is callee or caller.call or callee.call:
            continue  # no leader writes that down: nobody is in two calls
        quiet_ms = min(quiet_ms, leader.calls.hang_ms)  # what is over is over, however long
        leader.calls.take_over(group, caller, callee, add(now_ms, -quiet_ms))
        leader.groups.open_floor(group)
        leader.journal.changed(records.CALL, group)


def _restore_floors(leader: "Restored", state: "State", now_ms: int) -> None:
    nodes = {member.node: member for member in leader.members.all()}
    for group in sorted(leader.floors):
        holder = floor_of(state, group, now_ms).holder
        if holder in nodes:  # the talker must not wait until all the others are told
            leader.announcer.start(holder, now_ms)
    for group in sorted(leader.floors):
        floor = leader.floors[group]
        record = floor_of(state, group, now_ms)
        restore_floor(floor, record, nodes, now_ms)
        if floor.holder and floor.lease == record.lease:
            leader.groups.note_burst(group, floor.lease, floor.holder, now_ms)
        leader.journal.changed(records.FLOOR, group)


def _restore_sessions(leader: "Restored", state: "State", now_ms: int) -> None:
    for member in leader.members.all():
        key = leader.joining.directory.key(member.device)
        if key is None or not member.secret:
            leader.drop(member, now_ms)
        else:
            leader.sessions.go_on(member, key, state.term, now_ms)
            leader.sessions.age(member, _keys_ms(state, member.node, now_ms), now_ms)


def _keys_ms(state: "State", node: int, now_ms: int) -> int:
    """How old the keys of that member's session are: an hour of life is one, whoever leads."""
    record = member_record.read_member(node, state.body(records.MEMBER, node) or b"")
    return record.keys_s * 1000 + min(state.age_ms(records.MEMBER, node, now_ms), SESSION_MS_MAX)


def record_of_member(member: "Member", address: bytes, keys_ms: int) -> bytes:
    record = member_record.MemberRecord(member.node)
    for name in _COMMON:
        setattr(record, name, getattr(member, name))
    record.device = member.device
    record.session = member.session
    record.settings = member.settings.acknowledged
    record.address = address
    record.keys_s = keys_ms // 1000
    return member_record.write_member(record)


_COMMON = (
    "nonce",
    "request",
    "text_number",
    "entitlements",
    "roster",
    "asked",
    "table_is",
    "features",
    "name",
    "build",
    "groups",
    "secret",
)


def restore_member(member: "Member", record: member_record.MemberRecord, address: "Any") -> None:
    """All but node, device and session, with which the member was made, and the settings: the
    former leader may have given it others and died before it told us, so it is told ours."""
    for name in _COMMON:
        setattr(member, name, getattr(record, name))
    member.address = address
    member.is_asking_first = member.is_writing_first = True


def record_of_floor(floor: "Arbitrator", now_ms: int) -> bytes:
    record = floor_record.FloorRecord(floor.group)
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
    return floor_record.write_floor(record)


def restore_floor(
    floor: "Arbitrator", record: floor_record.FloorRecord, nodes: "dict[int, Any]", now_ms: int
) -> None:
    """As it was, but only with members: those in `nodes`."""
    queue = []
    for index in range(len(record.queue)):
        node, request, lane, was_preempted = record.queue[index]
        order = lanes.ORDER_PREEMPTED if was_preempted else lanes.ORDER_FIRST + index
        if node in nodes:
            queue.append((order, node, request, lane))
    holder = record.holder if record.holder in nodes else 0
    begun_ms = add(now_ms, (record.left_ms - record.granted_ms) & INT_MAX)
    burst = (holder, record.request, begun_ms, record.granted_ms, record.lane)
    floor.take_over(record.lease, burst, queue, now_ms)


def floor_of(state: "State", group: int, now_ms: int) -> floor_record.FloorRecord:
    """The record of `group`; its remaining times are reduced by its age."""
    body = state.body(records.FLOOR, group)
    if body is None:
        return floor_record.FloorRecord(group)
    record = floor_record.read_floor(group, body)
    age_ms = state.age_ms(records.FLOOR, group, now_ms)
    record.left_ms = max(0, record.left_ms - age_ms)
    return record


def settings_of(state: "State") -> "Settings | None":
    body = state.body(records.SETTINGS, 0)
    if body is None:
        return None
    return Settings(*settings_body.read_settings(body), own=settings_body.read_own(body))


def counters_of(state: "State", term: int) -> "list[int]":
    """Newest lease, next node, last text and next call, for the leader of `term`. The lease passes
    over those of all terms in between, of which nobody told us; it is 0, to begin anew, where too
    few would be left. Leases run out in no venue, but a record that names a high one, or terms that
    lie far apart, would use them up."""
    body = state.body(records.COUNTERS, 0)
    counters = [0, 2, 0, 0]
    if body is not None:
        counters = record_numbers.read_numbers(records.COUNTERS_SIZES, body)
    newest = counters[0]
    for group in state.numbers(records.FLOOR):
        newest = max(newest, floor_of(state, group, 0).lease)
    rounds = max(1, (term >> MARK_BITS) - (state.term >> MARK_BITS))
    newest += LEASE_GAP * rounds
    counters[0] = newest if newest <= LEASE_TAKEN_OVER_MAX else 0
    return counters
