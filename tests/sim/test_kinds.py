"""Each kind of fault that the swarm draws finds a bug that no other kind finds."""

from __future__ import annotations

from typing import Any

import pytest
from tests.sim.kind_bugs import BUGS, harmless
from tests.sim.kind_venues import VENUES, alone

from pressel.sim.swarm.kinds import KINDS
from pressel.sim.world.run import run

SEEDS = 200
SEEDS_OF_OTHERS = 4


def test_every_kind_has_its_bug() -> None:
    told = {name: kind.reveals for name, kind in KINDS.items() if kind.reveals}
    assert told == {name: bug.__doc__ for name, bug in BUGS.items()}
    assert set(told) == set(VENUES)


def test_a_kind_finds_its_bug() -> None:
    for kind in ("crashed", "cut", "wire stalled", "corrupted"):
        with BUGS[kind]():
            assert finds(kind, range(1, SEEDS + 1)), f"{SEEDS} seeds of {kind} looked well"


@pytest.mark.proof
@pytest.mark.parametrize("kind", VENUES)
def test_a_kind_finds_its_bug_and_no_other(kind: str) -> None:
    for seed in range(1, SEEDS_OF_OTHERS + 1):
        with harmless() as noted:
            found = run(alone(kind, seed))
        assert found["violations"] == [], "a sound engine is accused"
        assert noted <= {kind, *found["struck"]}
    with BUGS[kind]():
        assert finds(kind, range(1, SEEDS + 1)), f"{SEEDS} seeds looked well"


def finds(kind: str, seeds: range) -> list[Any]:
    """What the first run of `kind` alone sees that sees anything."""
    for seed in seeds:
        found = run(alone(kind, seed))
        if found["violations"] and found["struck"].get(kind):
            return found["violations"]
    return []
