"""The explorer goes through floors as it goes through elections, and finds planted faults."""

from __future__ import annotations

import json

import pytest
from tests.sim.floor_mutants import FLOOR_MUTANTS, FloorMutant, second_grant_while_one_runs
from tests.sim.test_explore import COUNTED

from pressel.cli import main
from pressel.sim.explore.floor import TALKS, Bounds, FloorModel
from pressel.sim.explore.search import explore, timeline
from pressel.sim.explore.spoken_badge import FLOOR
from ptt.badge.floor import HAS_PERMISSION, QUEUED


@pytest.mark.parametrize("mutant", FLOOR_MUTANTS, ids=lambda each: each.fault.__name__)
def test_a_mutant_is_caught(mutant: FloorMutant) -> None:
    with mutant.fault():
        model = FloorModel(mutant.bounds)
        found = explore(model, mutant.depth)
        assert found.broken is not None, f"not in {found.states} states"
        told = (mutant.breaks + ":", "an engine's own assertion")
        assert found.broken.startswith(told), found.broken
        assert len(timeline(model, found.way)) == len(found.way) == found.depth


@pytest.mark.parametrize("mutant", FLOOR_MUTANTS, ids=lambda each: each.fault.__name__)
def test_what_it_is_a_mutant_of_is_not(mutant: FloorMutant) -> None:
    assert explore(FloorModel(mutant.bounds), min(mutant.depth, 4)).broken is None


def test_a_search_begins_where_it_says() -> None:
    state = FloorModel(Bounds(start=TALKS, takeovers=1)).initial()
    assert [badge[FLOOR][0] for badge in state[1]] == [HAS_PERMISSION, QUEUED]
    assert state[2] == ()
    assert state[3] != state[4]  # the standby has not heard that B waits


def test_values_make_the_engines_that_they_came_from() -> None:
    model = FloorModel(Bounds(start=TALKS, is_listening=True))
    state = model.initial()
    for action in (("talk", 0), ("deliver", 0), ("deliver", 0), ("hear", 1)):
        state = model.step(state, action)
        assert model._leaders[0].load(state[0][0]).dump() == state[0][0]
        for badge, values in zip(model._badges, state[1], strict=True):
            assert badge.load(values).dump() == values


def test_a_counterexample_is_a_timeline_to_read() -> None:
    with second_grant_while_one_runs():
        model = FloorModel(Bounds())
        lines = timeline(model, explore(model, 4).way)
    assert [line.split("  ", 2)[-1].strip() for line in lines] == [
        "badge A  its button goes down                                 "
        "no permission -> pending request",
        "leader 1 hears floor request of badge A                       floor idle -> A has 1",
        "badge B  its button goes down                                 "
        "no permission -> pending request",
        "leader 1 hears floor request of badge B                       A has 1 -> B has 2",
    ]


def test_the_command_takes_the_searches_with_badges(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "explore", "--badges", "2", "--depth", "2", "--json"]) == 0
    rows = json.loads(capsys.readouterr().out)
    floors = {name: counts for name, counts in COUNTED.items() if name.startswith("floor-")}
    assert {row["search"]: row["levels"] for row in rows} == {
        name: counts[:3] for name, counts in floors.items()
    }
