"""What a host that led has left in the state of its standbys: whatever it was, the next one leads,
and who was a member talks again."""

from __future__ import annotations

import random
import socket
from typing import Any

import pytest
from tests.shared.failover_venue import Failover

from pressel.node.packed_address import unpacked
from pressel.node.snapshot import take_snapshot
from ptt.badge.floor import HAS_PERMISSION
from ptt.base import events
from ptt.base.numbers import HELLO_RETRY_MS_MAX, LEADER_LOST_MS
from ptt.cluster import member_record, records, settings_record
from ptt.wire.refusal import Refused

HOST, FIRST_PORT = "10.0.0.9", 1000
KINDS = (records.MEMBER, records.FLOOR, records.COUNTERS, records.SETTINGS, records.KEYS)
SETS = [(seed, kind) for seed in range(40) for kind in KINDS]


class Hosts(Failover):
    """Badges have addresses as hosts have them: the test's, in four bytes and a port."""

    def lead(self, leader: Any) -> None:
        super().lead(leader)
        leader.bytes_of, leader.address_of = packed, self.address_of

    def address_of(self, data: bytes) -> Any:
        found = unpacked(data)
        if found is None or found[0] != HOST:
            return found
        index = found[1] - FIRST_PORT
        return ("badge" if 0 <= index < len(self.badges) else "nobody", index)

    def received(self, kind: int, number: int, body: bytes) -> bool:
        """The leader writes this to its standby: is it kept?"""
        try:
            records.check(kind, number, body)
        except Refused:
            return False
        state = self.replicas["standby", 1].state
        assert state is not None
        state.records[kind << 16 | number] = (body, self.now_ms)
        return True

    def all_can_talk(self) -> bool:
        """After the next host has taken over, and whoever is lost has joined anew."""
        self.kill()
        self.run(300)
        self.take_over()
        take_snapshot(self.leader, "10.0.0.1:47800", 1.0, self.now_ms)
        self.run(LEADER_LOST_MS + 2 * HELLO_RETRY_MS_MAX)
        take_snapshot(self.leader, "10.0.0.1:47800", 1.0, self.now_ms)
        for badge in self.badges:
            self.press(badge.name[0])
            self.run(300)
            if badge.engine.floor.state != HAS_PERMISSION:
                return False
            self.release(badge.name[0])
            self.run(1200)
        return True


def packed(address: Any) -> bytes:
    return socket.inet_aton(HOST) + (FIRST_PORT + address[1]).to_bytes(2, "big")


def led() -> Hosts:
    venue = Hosts(2).run(1500)
    venue.press("A")
    venue.run(400)
    venue.release("A")
    venue.run(1500)
    return venue


def member_of(venue: Hosts) -> member_record.MemberRecord:
    state = venue.replicas["standby", 1].state
    assert state is not None
    node = min(state.numbers(records.MEMBER))
    return member_record.read_member(node, state.body(records.MEMBER, node) or b"")


@pytest.mark.parametrize(
    "fields",
    [
        {"address": b""},
        {"address": b"\x0a\x00\x00"},
        {"address": b"\x0a\x00\x00\x09\x00\x00"},
        {"address": b"\x00\x00\x00\x00\x03\xe8"},
        {"address": b"\xe0\x00\x00\xfb\x03\xe8"},
        {"address": b"\xff\xff\xff\xff\x03\xe8"},
        {"name": b""},
        {"name": b"\xff\xfe"},
        {"name": b"A\x07"},
        {"build": b"\xff"},
        {"groups": (1, 1, 1)},
        {"groups": (9,)},
        {"secret": b"short"},
        {"entitlements": 255},
        {"asked": 200},
        {"session": 0x3FFFFFFF},
    ],
    ids=str,
)
def test_a_member_that_cannot_be(fields: dict[str, Any]) -> None:
    """Empty addresses among them: nobody can lead who fails over one."""
    venue = led()
    member = member_of(venue)
    for name, value in fields.items():
        setattr(member, name, value)
    venue.received(records.MEMBER, member.node, member_record.write_member(member))
    assert venue.all_can_talk()


@pytest.mark.parametrize("ahead", [40, 0x7FFF, 0x8000, 0xFFFF])
def test_numbers_of_presses_and_texts_that_were_never_reached(ahead: int) -> None:
    venue = led()
    badge = venue.badge("A")
    assert badge.engine.keyboard.send(b"one", venue.now_ms)
    venue.collect(badge)
    venue.run(1000)
    member = member_of(venue)
    member.request = member.request + ahead & 0xFFFF
    member.text_number = member.text_number + ahead & 0xFFFF
    assert venue.received(records.MEMBER, member.node, member_record.write_member(member))
    assert venue.all_can_talk()
    assert not badge.all(events.LOST)  # it did not have to join anew
    assert badge.engine.keyboard.send(b"two", venue.now_ms)
    venue.collect(badge)
    venue.run(1000)
    assert [each[3] for each in venue.badge("B").all(events.TEXT)] == [b"one", b"two"]


@pytest.mark.parametrize("place", range(len(settings_record.SIZES)))
def test_settings_out_of_range(place: int) -> None:
    sizes, ranges = settings_record.SIZES, settings_record.RANGES
    low, high = ranges[place]
    for value in (low - 1, high + 1, 256 ** sizes[place] - 1):
        if not 0 <= value < 256 ** sizes[place] or low <= value <= high:
            continue
        values: list[int] = list(settings_record.DEFAULTS)
        values[place] = value
        known = settings_record.BY_PLACE
        body = b"".join(
            v.to_bytes(size, "big") for v, size in zip(values[:known], sizes[:known], strict=True)
        )
        if place >= known:
            body += bytes((0, place, sizes[place])) + value.to_bytes(sizes[place], "big")
        with pytest.raises(Refused):
            records.check(records.SETTINGS, 0, body)


@pytest.mark.sweep(10)
@pytest.mark.parametrize(("seed", "kind"), SETS)
def test_any_changed_record(kind: int, seed: int) -> None:
    chance = random.Random(1000 * kind + seed)
    venue = led()
    state = venue.replicas["standby", 1].state
    assert state is not None
    number = min(state.numbers(kind))
    body = bytearray(state.body(kind, number) or b"")
    for _ in range(chance.choice((1, 1, 3))):
        body[chance.randrange(len(body))] = chance.randrange(256)
    venue.received(kind, number, bytes(body))
    assert venue.all_can_talk(), bytes(body).hex()
