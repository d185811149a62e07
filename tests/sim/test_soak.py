"""A venue whose counters are near their ends: each comes again from its beginning, or the session
that it counts for ends in time, and nobody hears anything of it."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.facts import profile, spec
from tests.sim.mutants import replaced

from pressel.sim.profiles import load_profile
from pressel.sim.workers import interpreters, outcomes
from pressel.sim.world import late as world_late
from pressel.sim.world import record
from pressel.sim.world.checkers import CHECKERS
from pressel.sim.world.local_clock import PERIOD_MS
from pressel.sim.world.plan import CALM_MS_LEAST
from pressel.sim.world.run import run
from pressel.sim.world.world import World
from ptt.base import events
from ptt.base.numbers import INT_MAX, LEASE_TAKEN_OVER_MAX
from ptt.leader import sessions

MINUTES = 3
SHIFT_HOURS = 8
CALM = {"lasts_ms": CALM_MS_LEAST}
TALK = {"pattern": "turns", "hold_ms_min": 1000, "hold_ms_max": 3000, "gap_ms_min": 300,
        "gap_ms_max": 900}  # fmt: skip
LEADERS = {"first_ms": 20_000, "gap_ms_min": 20_000, "gap_ms_max": 30_000, "absent_ms_min": 2000,
           "absent_ms_max": 5000, "resign_percent": 30, "disk_lost_percent": 0}  # fmt: skip
CHURN = {"per_minute_percent": 100, "absent_ms_min": 500, "absent_ms_max": 3000,
         "disk_lost_percent": 0}  # fmt: skip


def late(participants: int, **changed: Any) -> dict[str, Any]:
    facts = spec(participants, calm=CALM, seal="stand-in", **changed)
    return {**facts, "late": True}


def minutes() -> dict[str, Any]:
    return late(5, duration_s=MINUTES * 60, speech=TALK, leader=LEADERS, churn=CHURN, standbys=2)


def test_every_counter_comes_to_its_end_and_nothing_is_heard_of_it() -> None:
    world = World(minutes())
    checkers = [each(world) for each in CHECKERS]
    seen: dict[str, list[int]] = {"nodes": [], "leases": [], "requests": [], "epochs": []}

    def look(_: Any) -> None:
        world.loop.at(world.loop.now_us + 100_000, look)
        for node in world.nodes.values():
            leader = node.leader() if node.is_wired and node.is_up else None
            if leader is not None:
                seen["nodes"].append(leader.members.next_node)
                seen["leases"].append(leader.groups.lease)
                seen["epochs"].append(leader.keys.current(1)[0])
            elif node.is_up and not node.is_wired:
                seen["requests"].append(node.engine.floor.request)

    world.loop.at(1, look)
    world.run()
    for checker in checkers:
        checker.finish()
    assert world.violations == []
    for name, ends_at in (
        ("nodes", 0xFFFF),
        ("leases", LEASE_TAKEN_OVER_MAX),
        ("requests", 0xFFFF),
        ("epochs", 0xFFFF),
    ):
        values = seen[name]
        assert values[0] > ends_at * 15 // 16 and min(values) < ends_at // 4, name
    shown = [node.now_ms() for node in world.nodes.values()]
    assert sum(each < PERIOD_MS // 2 for each in shown) >= 2  # their clocks have begun again


def test_a_session_ends_before_its_numbers_do() -> None:
    """Without that the leader itself breaks down, and with it the venue."""
    facts = late(3, duration_s=120, speech=TALK)
    world = World(facts)
    checkers = [each(world) for each in CHECKERS]
    joined: list[int] = []

    def note(now_us: int, node: int, kind: int, b: int, value: Any) -> None:
        if kind == events.JOINED:
            joined.append(node)

    world.record.watch(record.EVENT, note)
    world.run()
    for checker in checkers:
        checker.finish()
    assert world.violations == []
    assert len(joined) > 3, "nobody has come to the end of a session"
    with (
        replaced(sessions, "_SEQ_MAX", INT_MAX),
        replaced(world_late, "_SEQ_LEFT", 1500),
        pytest.raises(ValueError, match="out of range"),
    ):
        run(facts)


@pytest.mark.proof
@pytest.mark.parametrize("settings", [{"own_listeners": 2}, {"packet_frames": 3, "talk_ms": 1000}])
def test_counters_end_while_voice_takes_other_ways(settings: dict[str, int]) -> None:
    facts = late(
        6,
        duration_s=90,
        speech=TALK,
        leader=LEADERS,
        churn=CHURN,
        standbys=2,
        settings={**settings, "multicast_group": 258},
        profile=load_profile("many").resolved(),
    )
    assert run(facts)["violations"] == []


@pytest.mark.proof
def test_a_shift_of_eight_hours_with_a_hundred_badges() -> None:
    """Everything that can be counted to its end is; once a quarter of an hour the leader dies."""
    fastest = interpreters()[0]
    count = 100 if fastest.name == "pypy" else 20
    speech = {**TALK, "hold_ms_max": 8000, "gap_ms_min": 20_000, "gap_ms_max": 90_000}
    quarter = {"gap_ms_min": 800_000, "gap_ms_max": 1_000_000}
    facts = late(
        count,
        duration_s=SHIFT_HOURS * 3600,
        speech=speech,
        leader={**LEADERS, **quarter},
        churn={**CHURN, "per_minute_percent": 1},
        standbys=2,
        profile=profile(loss_ppm=10_000),
    )
    ((_, outcome),) = outcomes([facts], fastest, 1)
    assert not isinstance(outcome, Exception), outcome
    assert outcome["violations"] == []
    assert outcome["kpis"]["failover_ms"] is None or outcome["kpis"]["elections"] > 20
