"""Random paths, and what the network does with datagrams, cuts and roaming stations."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest
from tests.sim.facts import QUIET_PATH, profile

from pressel.sim.world import record
from pressel.sim.world.air.network import BROADCAST, ChanceAir, Network
from pressel.sim.world.air.path import Path
from pressel.sim.world.loop import EventLoop
from pressel.sim.world.record import Record
from ptt.base.prng import Prng

DATA = bytes(100)


def arrivals(count: int = 10_000, every_us: int = 20_000, **changed: int) -> list[tuple[int, int]]:
    path = Path({**QUIET_PATH, **changed}, Prng(7))
    return [path.transit(n * every_us, 100) for n in range(count)]


def delays(found: list[tuple[int, int]], every_us: int = 20_000) -> list[int]:
    return [due_us - n * every_us for n, (due_us, _) in enumerate(found) if due_us >= 0]


def test_delays_fill_their_range_and_nothing_is_lost() -> None:
    found = delays(arrivals())
    assert len(found) == 10_000
    assert 5_000 <= min(found) < 5_100 and 19_900 < max(found) <= 20_000


def test_losses_come_as_often_as_the_profile_says() -> None:
    lost = 10_000 - len(delays(arrivals(loss_ppm=30_000)))
    assert 240 < lost < 360


def test_losses_in_bursts_come_together() -> None:
    found = arrivals(burst_ppm=2_000, burst_us=100_000)
    lost = [due_us < 0 for due_us, _ in found]
    together = sum(1 for one, other in pairwise(lost) if one and other)
    assert sum(lost) > 40 and together > sum(lost) / 2


def test_order_is_kept_unless_the_profile_reorders() -> None:
    kept = [due_us for due_us, _ in arrivals(every_us=1_000)]
    assert kept == sorted(kept)
    mixed = [due_us for due_us, _ in arrivals(every_us=1_000, reorder_ppm=100_000)]
    assert mixed != sorted(mixed)


def test_a_spike_holds_all_that_follows_until_it_is_over() -> None:
    found = delays(arrivals(spike_ppm=5_000, spike_us=200_000))
    assert 100_000 < max(found) <= 200_000


def test_duplicates_follow_their_originals() -> None:
    twice = [(one, two) for one, two in arrivals(duplicate_ppm=50_000) if two >= 0]
    assert 400 < len(twice) < 600
    assert all(one < two for one, two in twice)


def test_a_narrow_link_queues_and_then_drops() -> None:
    path = Path({**QUIET_PATH, "bytes_per_s": 10_000, "queue_us": 50_000}, Prng(1))
    found = [path.transit(0, 100)[0] for _ in range(10)]
    assert [due_us >= 0 for due_us in found] == [True] * 6 + [False] * 4  # 10 ms each, 50 queue
    assert path.why_lost == record.BY_QUEUE


class Station:
    def __init__(self, number: int, is_wired: bool = False) -> None:
        self.number = number
        self.is_wired = is_wired
        self.got: list[tuple[int, Any]] = []

    def arrive(self, data: Any, source: int) -> None:
        self.got.append((source, data))


class Stage:
    """A leader on the wire, three stations on the air, and the reasons of losses."""

    def __init__(self) -> None:
        self.loop = EventLoop()
        recorded = Record(self.loop)
        self.lost: list[int] = []
        recorded.watch(record.LOST, lambda now, node, a, b, detail: self.lost.append(b))
        air = ChanceAir(profile(), Prng(3))
        self.network = Network(self.loop, recorded, air)
        self.nodes = [Station(0, is_wired=True), Station(1), Station(2), Station(3)]
        for node in self.nodes:
            self.network.join(node)

    def send(self, source: int, destination: int) -> list[tuple[int, Any]]:
        """What the destination has after a second."""
        self.network.send(source, destination, DATA)
        self.loop.run(self.loop.now_us + 1_000_000)
        return self.nodes[max(0, destination)].got


def test_a_broadcast_reaches_the_wired_hosts_only() -> None:
    stage = Stage()
    assert stage.send(1, BROADCAST) == [(1, DATA)]
    assert stage.nodes[2].got == []


def test_station_to_station_takes_two_hops() -> None:
    stage = Stage()
    stage.network.send(1, 2, DATA)
    stage.loop.run(10_000)  # two hops of 5 ms at least
    assert stage.nodes[2].got == []
    stage.loop.run(50_000)
    assert stage.nodes[2].got == [(1, DATA)]
    assert stage.network.airtime_percent() == pytest.approx(100 * 2 * 250 / 50_000, rel=0.5)


def test_a_cut_takes_one_way_and_heals() -> None:
    stage = Stage()
    stage.network.cut(frozenset((1,)), frozenset((0,)))
    assert stage.send(1, 0) == []
    assert stage.send(0, 1) == [(0, DATA)]
    assert stage.lost == [record.BY_CUT]
    stage.network.heal()
    assert stage.send(1, 0) == [(1, DATA)]


def test_a_cut_also_stops_what_is_under_way() -> None:
    stage = Stage()
    stage.network.send(1, 0, DATA)
    stage.network.cut(frozenset((1,)), frozenset((0,)))
    stage.loop.run(1_000_000)
    assert stage.nodes[0].got == []


def test_a_roaming_station_is_deaf_and_mute() -> None:
    stage = Stage()
    stage.network.roam(1, 1_500_000)
    assert stage.send(1, 0) == []
    assert stage.send(0, 1) == []
    assert stage.lost == [record.BY_ROAMING] * 2
    assert stage.send(1, 0) == [(1, DATA)]


def test_nobody_is_at_an_unknown_address() -> None:
    stage = Stage()
    stage.network.send(1, 9, DATA)
    assert stage.lost == [record.BY_NOBODY]
