"""The firmware itself among the participants of a seeded run."""

from __future__ import annotations

from typing import Any

import pytest

from pressel.sim import firmware
from pressel.sim.firmware import run_with_firmware
from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.world.local_clock import PERIOD_MS, LocalClock
from pressel.sim.world.nodes import firmware as firmware_node
from pressel.sim.world.run import run
from pressel.sim.world.stage import Stage
from pressel.virtual.stepped import SteppedBadge


def spec(scenario: str, profile: str, seed: int, **changed: Any) -> dict[str, Any]:
    return {
        "scenario": {**load_scenario(scenario).resolved(), **changed},
        "profile": load_profile(profile).resolved(),
        "participants": 4,
        "protocol": "v2",
        "seed": seed,
    }


def test_it_talks_and_is_heard_by_engines_and_by_its_like() -> None:
    speech = load_scenario("all-press").resolved()["speech"]
    result = run_with_firmware(spec("all-press", "clean", 1, duration_s=20, speech=speech), 2)
    assert result["violations"] == []
    assert result["kpis"]["queue_depth"] == 3
    assert result["kpis"]["frame_loss"] < 0.02  # a frame at either end is not found by its sound
    assert result["firmware"]["badges"] == 2
    assert result["firmware"]["heap_peak_bytes"] < 111_000


@pytest.mark.proof
def test_its_clock_turns_while_it_talks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The number of every node: 4 seconds after the run begins, long before anybody has said
    everything."""

    def run_here(specs: list[dict[str, Any]], *_: Any) -> list[tuple[int, dict[str, Any]]]:
        return [(0, run(each)) for each in specs]

    shown: list[int] = []

    def boot(*args: Any, ticks_ms: int, **options: Any) -> SteppedBadge:
        shown.append(ticks_ms)
        return SteppedBadge(*args, ticks_ms=ticks_ms, **options)

    monkeypatch.setattr(Stage, "new_clock", lambda *_: LocalClock(PERIOD_MS - 4000))
    monkeypatch.setattr(firmware_node, "SteppedBadge", boot)
    monkeypatch.setattr(firmware, "run_specs", run_here)
    speech = load_scenario("all-press").resolved()["speech"]
    result = run_with_firmware(spec("all-press", "clean", 1, duration_s=12, speech=speech), 2)
    assert len(shown) == 2 and all(PERIOD_MS - 4000 <= each < PERIOD_MS for each in shown)
    assert result["violations"] == []
    assert result["kpis"]["frame_loss"] < 0.02


@pytest.mark.proof
def test_the_same_seed_does_the_same_with_all_faults(monkeypatch: pytest.MonkeyPatch) -> None:
    digests = []
    for hash_seed in ("1", "2"):
        monkeypatch.setenv("PYTHONHASHSEED", hash_seed)
        result = run_with_firmware(spec("mixed", "stress", 3, duration_s=25), 2)
        digests.append(result["digest"])
    assert digests[0] == digests[1]
