"""The old app as a node: what it does well, and what it is known to do badly."""

from __future__ import annotations

from collections import Counter
from typing import Any

from tests.sim.facts import profile, spec

from pressel.sim.world import record
from pressel.sim.world.nodes.legacy_stream import DATA, decode
from pressel.sim.world.people import marker
from pressel.sim.world.run import run
from pressel.sim.world.world import World
from ptt.base import events

TOGETHER = {
    "pattern": "together", "hold_ms_min": 1500, "hold_ms_max": 1500, "gap_ms_min": 60_000,
    "gap_ms_max": 60_000,
}  # fmt: skip


def old(participants: int = 4, **changed: Any) -> dict[str, Any]:
    return spec(participants, protocol="v1", **changed)


def kept(world: World, kind: int) -> list[tuple[int, int, int, int, Any]]:
    """(time, node, a, b, detail) of each record of `kind`, filled by the run."""
    found: list[tuple[int, int, int, int, Any]] = []
    world.record.watch(kind, lambda *values: found.append(values))
    return found


def test_one_talks_and_all_hear_what_is_said_after_the_guard_time() -> None:
    world = World(old())
    spoken, played = kept(world, record.SPOKEN), kept(world, record.PLAYED)
    world.run()
    said = [marker.frame_id(node, a, b) for _, node, a, b, _ in spoken]
    talker = spoken[0][1]
    for node in {1, 2, 3, 4} - {talker}:
        heard = [frame for _, who, frame, _, _ in played if who == node]
        first = said.index(heard[0])
        assert first in (9, 10)  # 180 ms are said to nobody
        assert heard == said[first : first + len(heard)]
        assert len(said) - first - len(heard) <= 1  # nor is what the microphone still held


def test_two_presses_in_the_same_instant_both_talk() -> None:
    result = run(old(2, speech=TOGETHER))
    assert result["kpis"]["floor_conflicts"] == 1
    three = run(old(3, speech=TOGETHER))
    assert three["kpis"]["double_talk_ms"] > 500


def test_whoever_sees_the_floor_taken_is_refused() -> None:
    world = World(old())
    told = kept(world, record.EVENT)
    spoken = kept(world, record.SPOKEN)

    def press(_: Any) -> None:
        node: Any = world.nodes[next(n for n in world.nodes if n != spoken[0][1])]
        node.person.talk(500_000)

    world.loop.at(4_500_000, press)
    world.run()
    assert [kind for _, _, kind, _, _ in told].count(events.DENIED) == 1
    assert [kind for _, _, kind, _, _ in told].count(events.GRANTED) == 1


def test_a_loss_delays_what_follows_and_loses_nothing() -> None:
    world = World(old(2, profile=profile(loss_ppm=10_000)))
    played = kept(world, record.PLAYED)
    lost = kept(world, record.LOST)
    world.run()
    assert any(decode(data)[0] == DATA for _, _, _, _, data in lost)
    numbers = [marker.number_of(frame) for _, _, frame, _, _ in played]
    assert numbers == list(range(numbers[0], numbers[0] + len(numbers)))


def test_traffic_grows_with_the_square_of_the_venue() -> None:
    small = run(old(5))["kpis"]["datagrams"]
    large = run(old(20))["kpis"]["datagrams"]
    assert 4 < large / small < 20


def test_a_peer_that_restarts_is_connected_again() -> None:
    churn = {
        "per_minute_percent": 600, "absent_ms_min": 800, "absent_ms_max": 800,
        "disk_lost_percent": 0,
    }  # fmt: skip
    world = World(old(4, churn=churn, duration_s=14))
    world.run()
    for number in range(1, 5):
        node: Any = world.nodes[number]
        peers = {peer for peer, stream in node.streams.items() if stream.is_open}
        assert peers == {1, 2, 3, 4} - {number}


def test_a_silent_peer_is_stale_after_five_seconds() -> None:
    world = World(old(2, duration_s=20, speech=None))
    told = kept(world, record.EVENT)
    world.loop.at(6_000_000, lambda _: world.nodes[2].crash())
    world.run()
    lost = [at_us for at_us, node, kind, _, _ in told if kind == events.LOST and node == 1]
    assert len(lost) == 1
    assert 11_000_000 < lost[0] < 13_500_000


def test_the_same_seed_does_the_same() -> None:
    one, two = (run(old(5, profile=profile(loss_ppm=20_000))) for _ in range(2))
    assert one["digest"] == two["digest"]
    assert Counter(one["kpis"].keys()) == Counter(two["kpis"].keys())
