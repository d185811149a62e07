"""What a venue of 100 puts on the network, from the simulator: the same on every machine."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import load_scenario
from pressel.sim.world.run import run
from pressel.sim.world.seal import REAL, STAND_IN

PARTICIPANTS = 100
SEED = 1
SHORT_S, _LONG_S = 40, 70  # idle: what comes before the first is not counted
_TALK_S = 30  # of the scenario one-talker


@dataclass(frozen=True)
class Load:
    """A second of a venue, both ways together."""

    datagrams_per_s: float
    bytes_per_s: float


def loads(participants: int = PARTICIPANTS) -> tuple[Load, Load]:
    """The traffic of a venue in which nobody talks, and of one in which one member talks."""
    quiet, longer = (_sent(seconds, False, participants) for seconds in (SHORT_S, _LONG_S))
    spoken = _sent(SHORT_S, True, participants)
    idle = [(b - a) / (_LONG_S - SHORT_S) for a, b in zip(quiet, longer, strict=True)]
    talk = [(b - a) / _TALK_S for a, b in zip(quiet, spoken, strict=True)]
    return Load(*idle), Load(*(i + t for i, t in zip(idle, talk, strict=True)))


def _sent(seconds: int, is_talking: bool, participants: int) -> tuple[int, int]:
    facts = spec(seconds, is_talking, participants) | {"seal": STAND_IN}  # as many bytes, sooner
    kpis = run(facts)["kpis"]
    return kpis["datagrams"], kpis["bytes"]


def spec(seconds: int, is_talking: bool, participants: int = PARTICIPANTS) -> dict[str, Any]:
    """The facts of a run in which one member talks for 30 s, or nobody does."""
    scenario = load_scenario("one-talker")
    changed = {"duration_s": seconds, "speech": scenario.speech if is_talking else None}
    return {
        "scenario": scenario.model_copy(update=changed).resolved(),
        "profile": load_profile("clean").resolved(),
        "participants": participants,
        "protocol": "v2",
        "seed": SEED,
        "seal": REAL,
    }
