"""The explorer sees every state that it says it sees, finds planted faults, and shows the way to
them."""

from __future__ import annotations

import json

import pytest
from tests.sim.election_mutants import MUTANTS, TWO, Mutant, Oversleeps

from pressel.cli import main
from pressel.sim.explore.hosts import RIVALS, SETTLED, Bounds, HostsModel
from pressel.sim.explore.search import explore, timeline
from pressel.sim.explore.searches import SEARCHES, Search

# New states at each depth. Whoever changes the engine counts anew; nobody else has to.
COUNTED = {
    "two-boot": [1, 5, 16, 42, 110, 267, 584, 1242],
    "two-settled": [1, 7, 27, 76, 181, 364, 669, 1222],
    "two-wide": [1, 7, 28, 86, 245, 646, 1579],
    "three-boot": [1, 7, 31, 128, 523, 2042],
    "three-settled": [1, 10, 55, 237, 977, 3637],
    "three-split": [1, 3, 12, 49, 162, 501, 1413, 3657],
    "three-rivals": [1, 10, 60, 283, 1145, 4122],
    "floor-idle": [1, 2, 7, 24, 86, 274, 818, 2378],
    "floor-beats": [1, 7, 37, 163, 676, 2620],
    "floor-voice": [1, 6, 27, 112, 433, 1563],
    "floor-again": [1, 7, 34, 128, 434, 1461],
    "floor-first": [1, 3, 12, 42, 161, 621, 2407],
    "floor-next": [1, 7, 37, 187, 901],
    "floor-rivals": [1, 7, 38, 209, 1174],
    "floor-restart": [1, 7, 40, 234, 1342],
    "trial": [
        1, 6, 29, 113, 316, 645, 1011, 1509, 2007, 1979, 1867, 1732, 1009, 327, 64, 6, 0,
    ],
    "trial-long": [1, 6, 31, 128, 448, 1254, 2907],
    "relays": [1, 7, 32, 102, 265, 560, 961, 1345, 1467, 1206, 693, 276, 97, 30, 3, 0],
    "relays-three": [1, 10, 60, 268, 1145, 4415],
    "log-split": [1, 4, 16, 55, 161],
    "log-removal": [1, 11, 72, 341],
    "log-disk": [1, 5, 23, 81, 234],
}  # fmt: skip


@pytest.mark.parametrize("search", SEARCHES, ids=lambda each: each.name)
def test_every_promise_is_kept_in_every_state(search: Search) -> None:
    found = explore(search.model(), search.small)
    assert found.broken is None, "\n".join(timeline(search.model(), found.way))
    assert found.levels == COUNTED[search.name]
    assert found.states == sum(found.levels)


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_a_mutant_is_caught(mutant: type[Mutant]) -> None:
    model = HostsModel(mutant.bounds, mutant)
    found = explore(model, mutant.depth)
    assert found.broken is not None, f"not in {found.states} states"
    assert found.broken.startswith((mutant.breaks, "an engine's own assertion")), found.broken
    assert len(timeline(model, found.way)) == len(found.way) == found.depth


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda each: each.__name__)
def test_what_it_is_a_mutant_of_is_not(mutant: type[Mutant]) -> None:
    depth = min(mutant.depth, 5)
    assert explore(HostsModel(mutant.bounds), depth).broken is None


def test_a_counterexample_is_a_timeline_to_read() -> None:
    model = HostsModel(Bounds(2, start=SETTLED), Oversleeps)
    found = explore(model, 3)
    assert timeline(model, found.way) == [
        "  1  host 1 stands still for 5 s                                 leader 257"
    ]


def test_a_search_that_is_whole_says_so() -> None:
    """Two hosts of which one never runs again, without faults: a small world."""

    class Counter:
        """Counts to three, forwards and backwards."""

        def initial(self):
            return (0,)

        def actions(self, state):
            return [(name,) for name in ("up", "down") if 0 <= state[0] + _BY[name] <= 3]

        def step(self, state, action):
            return (state[0] + _BY[action[0]],)

        def broken(self, state):
            return "three" if state[0] == self.limit else None

        def words(self, state, action):
            return f"{action[0]} from {state[0]}"

        limit = 9

    counter = Counter()
    found = explore(counter, 10)
    assert (found.states, found.levels, found.is_whole) == (4, [1, 1, 1, 1, 0], True)
    assert not explore(counter, 2).is_whole
    counter.limit = 2
    found = explore(counter, 10)
    assert (found.broken, found.way) == ("three", [("up",), ("up",)])
    assert timeline(counter, found.way) == ["  1  up from 0", "  2  up from 1"]


_BY = {"up": 1, "down": -1}


def test_a_search_stops_before_it_has_too_many_states() -> None:
    bounds = Bounds(3, start=RIVALS)
    found = explore(HostsModel(bounds), 20, states_max=50)
    assert 50 <= found.states < 1000 and not found.is_whole


def test_the_command_counts_the_same_states(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "explore", "two-boot", "--depth", "4", "--json"]) == 0
    (row,) = json.loads(capsys.readouterr().out)
    assert row["levels"] == COUNTED["two-boot"][:5]
    assert (row["states"], row["broken"]) == (sum(row["levels"]), None)


def test_the_command_shows_what_is_broken(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Search, "model", lambda self: HostsModel(TWO, Oversleeps))
    assert main(["sim", "explore", "--nodes", "2", "two-settled"]) == 4
    shown = capsys.readouterr().out
    assert "overslept" in shown and "stands still for 5 s" in shown


def test_an_unknown_search_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["sim", "explore", "four"]) == 2
    assert "there is no search 'four'; there are: two-boot" in capsys.readouterr().err
