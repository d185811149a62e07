"""The venues of the report of phase 4: one talker and many listeners, by three designs."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import read_scenario
from pressel.sim.world.seal import STAND_IN

SCENARIO = Path(__file__).with_name("capacity.toml")
MESH, UNICAST, MULTICAST = "full mesh", "unicast", "multicast"
SIZES = (10, 25, 50, 100, 150, 250)
MESH_SIZES = (10, 25, 50, 100)  # 25 are past its end already
POINTS = (1, 2, 4, 8)
BASIC_KBPS = (1000, 6000, 24000)
DEAF = (0, 10, 30)
DTIM = (0, 1, 2, 3)
_TURNS_S = 70
_TURNS = {"pattern": "turns", "hold_ms_min": 3000, "hold_ms_max": 6000,
          "gap_ms_min": 2000, "gap_ms_max": 3000}  # fmt: skip


class Cell(NamedTuple):
    """One run. `dtim`: a telephone sleeps, and multicast waits for so many beacons; 0: none does.
    `converts`: access points send multicast as unicast to each. `turns`: people speak sentences one
    after the other, instead of one of them once."""

    design: str = MULTICAST
    participants: int = 100
    points: int = 1
    basic_kbps: int = 6000
    dtim: int = 0
    deaf: int = 10
    converts: int = 0
    turns: int = 0

    def spec(self) -> dict[str, Any]:
        """The facts that a world takes."""
        scenario = read_scenario(SCENARIO).resolved()
        if self.design != MULTICAST:
            scenario["settings"] = {"multicast_group": 0}
        if self.turns:
            scenario["speech"] = _TURNS
            scenario["duration_s"] = _TURNS_S
        profile = load_profile("many").resolved()
        wifi = {
            "access_points": self.points,
            "basic_rate_kbps": self.basic_kbps,
            "beacon_rate_kbps": self.basic_kbps,
            "dtim_period": max(1, self.dtim),
            "telephone_asleep": min(1, self.dtim),
            "deaf_percent": self.deaf,
            "multicast_to_unicast": self.converts,
        }
        return {
            "scenario": scenario,
            "profile": {**profile, "wifi": {**profile["wifi"], **wifi}},
            "participants": self.participants,
            "protocol": "v1" if self.design == MESH else "v2",
            "seed": 1,
            "seal": STAND_IN,
        }


def growth() -> Iterator[Cell]:
    """One access point, more and more participants."""
    for design in (MESH, UNICAST, MULTICAST):
        for count in MESH_SIZES if design == MESH else SIZES:
            yield Cell(design, count)


def rates() -> Iterator[Cell]:
    """The basic rate, and badges that hear no multicast."""
    for kbps in BASIC_KBPS:
        for deaf in DEAF:
            yield Cell(basic_kbps=kbps, deaf=deaf)


def beacons() -> Iterator[Cell]:
    """A telephone that sleeps."""
    for dtim in DTIM:
        for deaf in DEAF[:2]:
            yield Cell(dtim=dtim, deaf=deaf)


def spread() -> Iterator[Cell]:
    """More access points, each with a channel of its own."""
    for count in (100, 250):
        for design in (UNICAST, MULTICAST):
            for points in POINTS:
                yield Cell(design, count, points)


def odd() -> Iterator[Cell]:
    """Networks on which multicast fails, in one burst and in those that follow."""
    for turns in (0, 1):
        for cell in (Cell(), Cell(dtim=1), Cell(converts=1)):
            yield cell._replace(turns=turns)


def matrix() -> list[Cell]:
    """Every run once."""
    every = [*growth(), *rates(), *beacons(), *spread(), *odd()]
    return list(dict.fromkeys(every))
