"""What is true of a leader and of a participant after every call, whatever came in before."""

from __future__ import annotations

from ptt.badge.floor import NO_PERMISSION
from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.numbers import (
    EVENTS_MAX,
    JITTER_FRAMES_MAX,
    KEPT_FRAMES_MAX,
    MEMBERS_MAX,
    OUTBOX_SLOTS,
    QUEUE_MAX,
)
from ptt.leader.floor import arbitrator
from ptt.leader.leader import Leader

LEADER_LONGEST = 8 * MEMBERS_MAX  # of all that a leader keeps: its outbox before it is cleared
PARTICIPANT_LONGEST = 64


def check_leader(leader: Leader) -> None:
    check_floors(leader)
    check_members(leader)
    assert len(leader.outbound) <= 4 * MEMBERS_MAX
    assert len(leader.told._events) <= EVENTS_MAX


def check_bounded(engine: Leader | Participant) -> None:
    """Nothing that the engine keeps is longer than anything of it may ever be."""
    longest = LEADER_LONGEST if isinstance(engine, Leader) else PARTICIPANT_LONGEST
    seen = {id(engine)}
    waiting: list[object] = [engine]
    while waiting:
        each = waiting.pop()
        if isinstance(each, list | dict | set | tuple):
            assert len(each) <= longest, type(each)
        for part in parts_of(each):
            if id(part) not in seen:
                seen.add(id(part))
                waiting.append(part)


def parts_of(thing: object) -> list[object]:
    """The objects that an engine's object refers to; buffers of bytes and samples never change
    their size."""
    if isinstance(thing, list | set | tuple):
        return list(thing)
    if isinstance(thing, dict):
        return list(thing.values())
    if not type(thing).__module__.startswith("ptt."):
        return []
    slots = getattr(type(thing), "__slots__", ())
    return [*getattr(thing, "__dict__", {}).values(), *(getattr(thing, name) for name in slots)]


def check_floors(leader: Leader) -> None:
    """One holder a group, who is a member and does not wait; nobody waits twice, or for nobody."""
    nodes = {member.node for member in leader.members.all()}
    for floor in leader.floors.values():
        waiting = [each.node for each in floor.queue]
        assert len(waiting) == len(set(waiting)) <= QUEUE_MAX
        assert set(waiting) <= nodes
        assert floor.holder not in waiting
        assert (floor.holder != 0) == (floor.state == arbitrator.FLOOR_TAKEN)
        assert floor.holder == 0 or floor.holder in nodes
        assert not waiting or floor.holder
        assert floor.lease <= leader.groups.lease
        assert set(floor._over) <= nodes


def check_members(leader: Leader) -> None:
    """Each has a session, a device and a number of its own."""
    members = leader.members.all()
    assert len(members) == len(leader.members) <= MEMBERS_MAX
    assert len({member.session for member in members}) == len(members)
    assert len({member.device for member in members}) == len(members)
    assert all(1 < member.node <= 0xFFFF for member in members)
    assert all(leader.members.by_session(member.session) is member for member in members)


def check_participant(engine: Participant) -> None:
    assert engine.outbox._count <= OUTBOX_SLOTS
    assert len(engine._events._events) <= EVENTS_MAX
    assert 0 <= engine.burst._ring.count <= engine.burst._ring._frames
    check_floor_of(engine)
    check_buffers(engine)


def check_floor_of(engine: Participant) -> None:
    """A badge that has not joined cannot talk; one that talks has the newest lease that it ever
    heard of."""
    floor = engine.floor
    if engine.join.state != JOINED:
        assert floor.state == NO_PERMISSION
        assert floor.lease == 0
    if floor.may_send():
        assert 0 < floor.lease == floor.seen_lease
    assert engine.burst._lease in (0, floor.lease)


def check_buffers(engine: Participant) -> None:
    """A jitter buffer counts what it keeps, and keeps no frame twice; no place is lost."""
    ring = engine.burst._ring
    places = [ring._places[(ring._head + each) % ring._frames] for each in range(ring.count)]
    for buffer in (engine.playout.current, engine.playout.following):
        kept = [number for number in buffer._number if number >= 0]
        assert len(kept) == len(set(kept)) == buffer.waiting <= JITTER_FRAMES_MAX
        places += [buffer._place[number % buffer._frames] for number in kept]
    store = ring._store
    assert sorted([*places, *store._places[: store.free]]) == list(range(KEPT_FRAMES_MAX))
