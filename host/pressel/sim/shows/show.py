"""What a show is: acts, each a venue and a script, and the promises that it ends with."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from pressel.sim.profiles import load_profile
from pressel.sim.scenarios import Scenario
from pressel.sim.world.seal import STAND_IN
from pressel.sim.world.world import World
from ptt.wire.messages import LANE_ROUTINE

Step = tuple[int, str, int, Any]  # as of `sim.world.plan`


class Tell(Protocol):
    """Takes a sentence about what has just happened; of `node`, or of nobody."""

    def __call__(self, words: str, node: int = -1) -> None: ...


@dataclass(frozen=True)
class Promise:
    """`text` says what was to be and what came of it."""

    holds: bool
    text: str


@dataclass(frozen=True)
class Act:
    """One run. `settings`: what differs from the defaults; `steps`: what people and chance do;
    `path` and `wifi`: what differs in the profile's, `stations` as of `ChanceAir`. `guest`: made
    with the world and the teller before the run, and in `Played` after it."""

    opening: str
    participants: int
    seconds: int
    steps: tuple[Step, ...]
    settle_s: int = 4
    profile: str = "clean"
    standbys: int = 0
    protocol: str = "v2"
    seal: str = STAND_IN
    smooth: bool = False
    settings: Mapping[str, int] | None = None
    path: Mapping[str, int] = field(default_factory=dict)
    wifi: Mapping[str, int] = field(default_factory=dict)
    stations: tuple[tuple[int, int, Mapping[str, int]], ...] = ()
    guest: Callable[[World, Tell], Any] | None = None

    def spec(self, seed: int) -> dict[str, Any]:
        """As a world takes it. Everybody may press with priority and in an emergency."""
        speech = {"pattern": "one", "hold_ms": (1000, 1000), "emergency_percent": 1}
        scenario = Scenario.model_validate(
            {
                "name": "demo", "why": self.opening, "duration_s": self.seconds,
                "settle_s": self.settle_s, "drift_ppm": 40, "standbys": self.standbys,
                "settings": self.settings, "speech": speech,
            }
        )  # fmt: skip
        profile = load_profile(self.profile).resolved()
        if self.path:
            profile["path"] = {**profile["path"], **self.path}
        if self.wifi:
            profile["wifi"] = {**profile["wifi"], **self.wifi}
        if self.stations:
            profile["stations"] = self.stations
        return {
            "scenario": scenario.resolved(), "profile": profile, "seed": seed,
            "participants": self.participants, "protocol": self.protocol, "seal": self.seal,
            "smooth": self.smooth,
        }  # fmt: skip


@dataclass(frozen=True)
class Played:
    """An act that is over. `broken`: what the checkers saw; `kpis` as of a run of the simulator."""

    act: Act
    world: World
    broken: tuple[str, ...]
    kpis: Mapping[str, Any]
    digest: str
    guest: Any = None

    def figure(self, name: str, of: str = "max") -> float | None:
        value = self.kpis.get(name)
        return value.get(of) if isinstance(value, Mapping) else value


@dataclass(frozen=True)
class Show:
    """`phases`: of the roadmap; `look`: what a person should watch for."""

    name: str
    phases: str
    title: str
    look: str
    acts: tuple[Act, ...]
    judge: Callable[[Sequence[Played]], list[Promise]]


# --- steps, in seconds ---


def talk(at_s: float, badge: int, lasts_s: float, lane: int = LANE_ROUTINE) -> Step:
    hold_us = _us(lasts_s)
    return _us(at_s), "talk", badge, (hold_us, lane) if lane else hold_us


def kill(at_s: float, node: int, back_s: float) -> tuple[Step, Step]:
    """Its power fails, and comes back at `back_s`; its disk stays. Node 0: the host that leads."""
    return (_us(at_s), "crash", node, 1), (_us(back_s), "start", node, 0)


def flood(at_s: float, node: int, datagrams: int) -> Step:
    """A stranger's junk, all at once."""
    return _us(at_s), "flood", node, datagrams


def _us(seconds: float) -> int:
    return round(seconds * 1_000_000)


# --- promises that several shows make ---


def at_most(what: str, value: float | None, most: float, unit: str, why: str = "") -> Promise:
    """A figure that nobody could give is no promise kept."""
    if value is None:
        return Promise(False, f"{what}: nothing was measured")
    because = f", {why}" if why else ""
    limit = f"at most {most:g} {unit}".rstrip()
    return Promise(value <= most, f"{what}: {value:g} {unit}".rstrip() + f" ({limit}{because})")


def unbroken(played: Sequence[Played]) -> Promise:
    """What must be true of every run."""
    broken = [each for act in played for each in act.broken]
    if broken:
        return Promise(False, f"the checkers saw: {broken[0]}")
    return Promise(True, "the simulator's checkers saw nothing that must never happen")
