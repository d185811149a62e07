"""The checkers, or the engines' own assertions, see every planted fault within 100 seeds, and see
none where there is none."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.sim import mutants
from tests.sim.facts import spec

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.world.people.person import Person
from pressel.sim.world.run import run

QUICK = {"hold_ms_min": 300, "hold_ms_max": 900, "gap_ms_min": 100, "gap_ms_max": 900}
SEEDS = 100
CLEAN_SEEDS = 12  # of sound engines; sweeps in CI do many more


def venue(seed: int) -> dict[str, Any]:
    """A short evening on a bad network, with all that can happen."""
    scenario = {**load_scenario("mixed").resolved(), "duration_s": 30}
    scenario["speech"] = {**scenario["speech"], "talkers_percent": 100}
    return {
        "scenario": scenario,
        "profile": load_profile("hostile").resolved(),
        "participants": 6,
        "protocol": "v2",
        "seed": seed,
    }


@pytest.mark.parametrize("mutant", mutants.CAUGHT_BY, ids=lambda mutant: mutant.__name__)
def test_a_planted_fault_is_caught(mutant: Callable[[], Any]) -> None:
    wanted = mutants.CAUGHT_BY[mutant]
    with mutant():
        for seed in range(1, SEEDS + 1):
            seen = {each["checker"] for each in run(venue(seed))["violations"]}
            if seen & (wanted | {"assertion"}):
                return
    pytest.fail(f"{SEEDS} seeds of {mutant.__name__} looked well")


def test_a_floor_without_lanes_is_caught() -> None:
    """People who are entitled to another lane make a venue of its own."""
    speech = {"pattern": "together", "priority_percent": 40, **QUICK}
    facts = spec(seal="stand-in", participants=6, duration_s=15, speech=speech)
    assert run(facts)["violations"] == []
    with mutants.lanes_do_not_count():
        assert {each["checker"] for each in run(facts)["violations"]} == {"in turn"}


def test_a_talker_that_an_emergency_puts_last_is_noticed() -> None:
    """The world's people let go when they are cut off; these hold their button down."""
    habits = {**QUICK, "hold_ms_max": 2000, "talkers_percent": 100, "emergency_percent": 20}
    speech = {"pattern": "random", **habits}
    facts = spec(seal="stand-in", participants=6, duration_s=15, speech=speech)
    with mutants.replaced(Person, "on_refused", lambda self: None):
        assert run(facts)["violations"] == []
        with mutants.who_was_preempted_waits_last():
            assert {each["checker"] for each in run(facts)["violations"]} == {"in turn"}


def test_sound_engines_are_not_accused() -> None:
    for seed in range(1, CLEAN_SEEDS + 1):
        assert run(venue(seed))["violations"] == []
