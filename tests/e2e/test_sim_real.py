"""The load harness: scenarios in real time, with real processes, sockets and virtual badges."""

from __future__ import annotations

import os
from typing import Any

import pytest

from pressel.errors import PresselError
from pressel.sim.profiles import load_profile
from pressel.sim.real.run import run_real
from pressel.sim.scenarios import load_scenario

pytestmark = pytest.mark.e2e


def spec(participants: int, **changed: Any) -> dict[str, Any]:
    """A short conversation at random on the clean profile."""
    scenario = {**load_scenario("burst").resolved(), "duration_s": 12, "settle_s": 4, **changed}
    return {
        "scenario": scenario,
        "profile": load_profile("clean").resolved(),
        "participants": participants,
        "protocol": "v2",
        "seed": 3,
    }


@pytest.mark.proof
def test_a_hundred_participants_talk_in_real_time() -> None:
    result = run_real(spec(100))
    kpis = result["kpis"]
    assert result["violations"] == []
    assert kpis["access_ms"]["n"] > 0
    assert kpis["mouth_to_ear_ms"]["n"] > 1000
    assert result["digest"] is None
    assert result["machine"]["cores"] == os.cpu_count()
    if not result["machine"]["was_late"]:
        assert kpis["double_talk_ms"] == 0
        assert kpis["mouth_to_ear_ms"]["p50"] < 1000  # the system's own: a tenth of that


@pytest.mark.proof
def test_virtual_badges_take_part() -> None:
    speech = {**load_scenario("burst").resolved()["speech"], "talkers_percent": 100}
    result = run_real(spec(4, speech=speech), virtual_badges=2)
    assert result["violations"] == []
    assert result["machine"]["virtual_badges"] == 2
    assert result["kpis"]["access_ms"]["n"] > 0


@pytest.mark.proof
def test_a_leader_that_is_killed_comes_back_and_all_join_again() -> None:
    kill = {
        "first_ms": 2000, "resign_percent": 0, "disk_lost_percent": 0, "absent_ms_min": 500,
        "absent_ms_max": 500, "gap_ms_min": 60_000, "gap_ms_max": 60_000,
    }  # fmt: skip
    result = run_real(spec(10, leader=kill, duration_s=15))
    assert result["kpis"]["reconnect_ms"]["n"] == 10


def test_the_old_app_has_no_real_time() -> None:
    with pytest.raises(PresselError, match="only v2"):
        run_real({**spec(3), "protocol": "v1"})
