"""Which runs somebody asks for, in their words, and the facts that a run is made of."""

from __future__ import annotations

import itertools
import shlex
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from pressel.errors import UsageError

from .profiles import load_profile
from .scenarios import load_scenario
from .swarm.draw import NAME as SWARM
from .swarm.draw import draw
from .world.seal import REAL, STAND_IN

PARTICIPANTS_LEAST = 2  # one that talks and one that listens
PARTICIPANTS_MOST = 250  # the largest venue planned
SEED_MOST = (1 << 31) - 1  # more would not fit the generator of every platform
PROTOCOLS = ("v1", "v2")
SEALS = (REAL, STAND_IN)
_RUNS_MOST = 1_000_000  # a week of a large machine


@dataclass(frozen=True)
class Choice:
    """One run. `scenario` and `profile`: names, or paths of .toml files."""

    scenario: str
    profile: str = "clean"
    participants: int = 25
    protocol: str = "v2"
    seed: int = 1
    standbys: int | None = None  # hosts beside the leader; None: as many as the scenario has
    seal: str | None = None  # one of SEALS; None: by the seed
    smooth: bool = False  # badges with room for the smooth playout

    def spec(self) -> dict[str, Any]:
        """The facts that a world takes; UsageError for an unknown scenario or profile."""
        if self.scenario == SWARM:
            return self._with_options(draw(self.seed).spec())
        facts: dict[str, Any] = {
            "scenario": load_scenario(self.scenario).resolved(),
            "profile": load_profile(self.profile).resolved(),
            "participants": self.participants,
            "protocol": self.protocol,
            "seed": self.seed,
        }
        return self._with_options(facts)

    def _with_options(self, facts: dict[str, Any]) -> dict[str, Any]:
        if self.standbys is not None:
            facts["standbys"] = self.standbys
        if self.seal is not None:
            facts["seal"] = self.seal
        if self.smooth:
            facts["smooth"] = True
        return facts

    def replay_command(self) -> str:
        """The command that shows this run, event by event."""
        words = ["pressel", "sim", "replay", self.scenario]
        if self.scenario == SWARM:
            return shlex.join([*words, "--seed", str(self.seed)])
        words += ["--participants", str(self.participants), "--profile", self.profile]
        words += ["--protocol", self.protocol, "--seed", str(self.seed)]
        words += ["--standbys", str(self.standbys)] if self.standbys is not None else []
        words += ["--seal", self.seal] if self.seal is not None else []
        words += ["--smooth"] if self.smooth else []
        return shlex.join(words)


def one_run(**which: Any) -> Choice:
    """The run that somebody names; of the swarm only the seed counts."""
    choice = Choice(**which)
    return swarm_run(choice.seed) if choice.scenario == SWARM else choice


def swarm_run(seed: int) -> Choice:
    """The run that the seed draws."""
    return Choice(SWARM, SWARM, draw(seed).participants, seed=seed)


def seeds_of(text: str) -> range:
    """ "3" or "1..100", both ends included; UsageError for anything else."""
    first, dots, last = text.partition("..")
    if not (
        first.isascii() and first.isdigit() and (not dots or (last.isascii() and last.isdigit()))
    ):
        raise UsageError(f"'{text}' is no range of seeds; give one number, or two such as 1..100")
    low = int(first)
    high = int(last) if dots else low
    if low > high:
        raise UsageError(f"'{text}' is no range of seeds: {low} is above {high}")
    if high > SEED_MOST:
        raise UsageError(f"seeds go up to {SEED_MOST}; {high} is above")
    return range(low, high + 1)


def combinations(
    scenarios: Sequence[str],
    profiles: Sequence[str],
    participants: Sequence[int],
    protocols: Sequence[str],
    seeds: range,
    standbys: int | None = None,
    seal: str | None = None,
) -> list[Choice]:
    """Every combination; all scenarios and profiles of a seed come before the next seed, so that a
    sweep that ends early has seen something of everything."""
    kinds = [*itertools.product(scenarios, profiles, participants, protocols)]
    if len(kinds) * len(seeds) > _RUNS_MOST:
        raise UsageError(
            f"that would be {len(kinds) * len(seeds):,} runs; at most {_RUNS_MOST:,} go at once"
        )
    return [
        Choice(*kind, seed=seed, standbys=standbys, seal=seal) for seed in seeds for kind in kinds
    ]


def dealt(choices: Sequence[Choice]) -> list[Choice]:
    """For each seed, every scenario once and all profiles as evenly as possible: the seed says
    which goes with which, so that as many seeds in a row as there are profiles see all pairs."""
    scenarios = list(dict.fromkeys(choice.scenario for choice in choices))
    profiles = list(dict.fromkeys(choice.profile for choice in choices))

    def is_dealt(choice: Choice) -> bool:
        place = scenarios.index(choice.scenario) + choice.seed
        return choice.profile == profiles[place % len(profiles)]

    return [choice for choice in choices if is_dealt(choice)]


def specs_of(choices: Sequence[Choice]) -> list[dict[str, Any]]:
    """The facts of each. What runs have in common is read once, and kept once."""
    known: dict[Choice, dict[str, Any]] = {}
    specs = []
    for choice in choices:
        if choice.scenario == SWARM:  # no two have anything in common
            specs.append(choice.spec())
            continue
        kind = replace(choice, seed=0)
        if kind not in known:
            known[kind] = kind.spec()
        specs.append({**known[kind], "seed": choice.seed})
    return specs
