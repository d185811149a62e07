"""What a run of the swarm is made of, drawn from its seed alone.

Each kind of fault is in about one run of three: with all of them at once, each would hide what the
others show. How often it strikes is drawn, too. Every run ends in calm: all have to
recover.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ptt.base.numbers import FRAMES_PER_PACKET_MAX, STANDBYS_MAX
from ptt.base.prng import Prng

from ..profiles import BurstLoss, Hop, Profile, Spike, Wifi
from ..scenarios import (
    Calm,
    Churn,
    Disk,
    LeaderFaults,
    Machine,
    Partition,
    Points,
    RelayFaults,
    Roam,
    Scenario,
    Speech,
    Twin,
    VenueSettings,
    Wire,
)
from ..world.plan import CALM_MS_LEAST, TWIN_CALM_MS_LEAST

NAME = "swarm"  # of scenario and profile
_MORE_CALM_MS = 1000
_SETTLE_S = 5  # all have joined
_FAULTS_S = (10, 40)  # in which things go wrong
_SMALL, _LARGE = (2, 8), (9, 30)  # participants; small venues find most, and cost least
_ONE_IN = 3  # runs have a kind of fault
_OF_WAYS = 29  # what the generators of ways and of habits begin with
_GROUP = 258  # of multicast: 239.255.1.2; any would do
_OF_HABITS = 31
_QUICK_MS = (5, 120)  # between two presses: the first burst's last words are not out yet
_SCALE = 1_000_003  # neighbouring seeds must not draw alike


@dataclass(frozen=True)
class Drawn:
    """One run: its facts as people write them, and its size."""

    seed: int
    scenario: Scenario
    profile: Profile
    participants: int

    def spec(self) -> dict[str, Any]:
        """The facts that a world takes."""
        return {
            "scenario": self.scenario.resolved(),
            "profile": self.profile.resolved(),
            "participants": self.participants,
            "protocol": "v2",
            "seed": self.seed,
            "counts_rules": True,
        }

    def without(self, table: str) -> Drawn:
        """The same run without that table of its scenario."""
        return replace(self, scenario=self.scenario.model_copy(update={table: None}))


class _Draw:
    def __init__(self, seed: int, first: int = 11) -> None:
        self._prng = Prng(seed * _SCALE + first)
        for _ in range(8):
            self._prng.below(2)

    def between(self, low: int, high: int) -> int:
        return low + self._prng.below(high - low + 1)

    def range(self, low: int, high: int) -> tuple[int, int]:
        """A range within low..high."""
        first = self.between(low, high)
        return first, self.between(first, high)

    def happens(self, one_in: int = _ONE_IN) -> bool:
        return self._prng.below(one_in) == 0

    def maybe(self, low: int, high: int, one_in: int = _ONE_IN) -> int:
        """0, or in one of `one_in` runs something between."""
        return self.between(low, high) if self.happens(one_in) else 0


def draw(seed: int) -> Drawn:
    """The run of `seed`."""
    chance = _Draw(seed)
    low, high = _LARGE if chance.happens(8) else _SMALL
    participants = chance.between(low, high)
    standbys = chance.between(1, STANDBYS_MAX) if chance.happens(2) else 0
    faults_s = chance.between(*_FAULTS_S)
    has_twin = chance.happens(6)
    calm_ms = _MORE_CALM_MS + (TWIN_CALM_MS_LEAST if has_twin else CALM_MS_LEAST)
    scenario = Scenario(
        name=NAME,
        why="drawn from the seed",
        duration_s=_SETTLE_S + faults_s + -(-calm_ms // 1000),
        settle_s=_SETTLE_S,
        drift_ppm=chance.maybe(1, 500, 2),
        standbys=standbys,
        settings=_settings(chance) if chance.happens() else None,
        speech=_speech(chance),
        churn=_churn(chance) if chance.happens() else None,
        roam=_roam(chance) if chance.happens() else None,
        leader=_leader(chance) if chance.happens() else None,
        partition=_partition(chance, standbys) if chance.happens() else None,
        machine=_machine(chance),
        points=_points(chance) if chance.happens(4) else None,
        disk=_disk(chance) if standbys and chance.happens() else None,
        wire=_wire(chance) if standbys and chance.happens(4) else None,
        twin=_twin(chance, participants) if has_twin else None,
        calm=Calm(lasts_ms=calm_ms),
    )
    scenario = _with_ways(_Draw(seed, _OF_WAYS), scenario)
    scenario = _with_habits(_Draw(seed, _OF_HABITS), scenario)
    return Drawn(seed, scenario, _profile(chance), participants)


def _with_ways(chance: _Draw, scenario: Scenario) -> Scenario:
    """Voice takes another way than from the leader to each: by multicast, or from standbys. Drawn
    apart, so that all else of a seed is as without."""
    is_many, is_relayed = chance.happens(4), chance.happens(2) and scenario.standbys > 0
    if not is_many and not is_relayed:
        return scenario
    settings = (scenario.settings or VenueSettings()).model_copy(
        update={
            "multicast_group": _GROUP if is_many else None,
            "own_listeners": chance.between(2, 4) if is_relayed else None,
        }
    )
    relays = _relays(chance) if is_relayed and chance.happens(2) else None
    return scenario.model_copy(update={"settings": settings, "relays": relays})


def _with_habits(chance: _Draw, scenario: Scenario) -> Scenario:
    """People press again at once, or packets hold more frames than one. Drawn apart, too."""
    speech, settings = scenario.speech, scenario.settings or VenueSettings()
    if speech and chance.happens(6):
        speech = speech.model_copy(update={"gap_ms": chance.range(*_QUICK_MS)})
    if chance.happens(4):
        frames = chance.between(1, FRAMES_PER_PACKET_MAX)
        settings = settings.model_copy(update={"packet_frames": frames})
    elif scenario.settings is None:
        return scenario.model_copy(update={"speech": speech})
    return scenario.model_copy(update={"speech": speech, "settings": settings})


def _speech(chance: _Draw) -> Speech:
    pattern = ("turns", "random", "together")[chance.between(0, 2)]
    return Speech(
        pattern=pattern,
        hold_ms=chance.range(60, 3000),
        gap_ms=chance.range(100, 5000),
        talkers_percent=chance.between(10, 100) if pattern == "random" else None,
        priority_percent=chance.maybe(1, 50),
        emergency_percent=chance.maybe(1, 30),
    )


def _settings(chance: _Draw) -> VenueSettings:
    return VenueSettings(
        talk_ms=chance.between(1000, 4000),
        queue_places=chance.between(1, 8),
        preemption=1 if chance.happens(2) else 0,
    )


def _churn(chance: _Draw) -> Churn:
    return Churn(
        per_minute_percent=chance.between(20, 400),
        absent_ms=chance.range(100, 8000),
        disk_lost_percent=0,  # a badge's engine keeps nothing on one
    )


def _roam(chance: _Draw) -> Roam:
    return Roam(per_minute_percent=chance.between(20, 400), silent_ms=chance.range(50, 3000))


def _leader(chance: _Draw) -> LeaderFaults:
    return LeaderFaults(
        first_ms=chance.between(0, 5000),
        first_spread_ms=chance.between(0, 5000),
        gap_ms=chance.range(1000, 15_000),
        absent_ms=chance.range(100, 8000),
        resign_percent=chance.maybe(1, 100),
        pause_percent=chance.maybe(1, 100),
        disk_lost_percent=0,  # a vote that is forgotten can be given twice: no promise holds
    )


def _partition(chance: _Draw, standbys: int) -> Partition:
    return Partition(
        first_ms=chance.between(0, 8000),
        lasts_ms=chance.range(200, 8000),
        gap_ms=chance.range(500, 10_000),
        share_percent=chance.between(1, 90),
        one_way_percent=chance.maybe(1, 100, 2),
        standby_percent=chance.maybe(1, 100, 2) if standbys else 0,
    )


def _machine(chance: _Draw) -> Machine:
    return Machine(
        pauses_per_minute_percent=chance.maybe(20, 300),
        pause_ms=chance.range(20, 6000),
        clock_steps_per_minute_percent=chance.maybe(10, 200, 4),
        clock_step_ms=chance.between(1, 2000),
        no_memory_per_minute_percent=chance.maybe(50, 600),
        slews_per_minute_percent=chance.maybe(10, 200, 4),
        slew_ppm=chance.between(1, 500),
        floods_per_minute_percent=chance.maybe(50, 400, 4),
        address_changes_per_minute_percent=chance.maybe(10, 200, 4),
        half_open_per_minute_percent=chance.maybe(20, 200),
        half_open_ms=chance.range(100, 8000),
        address_swaps_per_minute_percent=chance.maybe(10, 200, 4),
        heap_exhaustions_per_minute_percent=chance.maybe(10, 200, 4),
    )


def _points(chance: _Draw) -> Points:
    return Points(
        first_ms=chance.between(0, 8000),
        silent_ms=chance.range(500, 10_000),
        gap_ms=chance.range(3000, 20_000),
        share_percent=chance.between(20, 100),
    )


def _disk(chance: _Draw) -> Disk:
    return Disk(
        first_ms=chance.between(0, 8000),
        lasts_ms=chance.range(200, 8000),
        gap_ms=chance.range(1000, 10_000),
        slow_percent=chance.maybe(1, 100, 2),
        killed_percent=chance.maybe(1, 100, 2),
    )


def _wire(chance: _Draw) -> Wire:
    return Wire(
        first_ms=chance.between(0, 8000),
        lasts_ms=chance.range(100, 6000),
        gap_ms=chance.range(500, 10_000),
    )


def _relays(chance: _Draw) -> RelayFaults:
    return RelayFaults(
        first_ms=chance.between(0, 8000),
        lasts_ms=chance.range(200, 6000),
        gap_ms=chance.range(1000, 10_000),
        slow_percent=chance.maybe(1, 50, 2),
        lies_percent=chance.maybe(1, 50, 2),
    )


def _twin(chance: _Draw, participants: int) -> Twin:
    return Twin(
        of=chance.between(1, participants),
        first_ms=chance.between(0, 8000),
        stays_ms=chance.range(500, 10_000),
        gap_ms=chance.range(1000, 10_000),
    )


def _profile(chance: _Draw) -> Profile:
    if chance.happens(8):
        return Profile(name=NAME, why="drawn from the seed", wifi=_wifi(chance))
    hop = Hop(
        delay_ms=chance.range(1, 40),
        loss_percent=chance.maybe(1, 80) / 10,
        burst_loss=BurstLoss(
            share_percent=chance.between(1, 30) / 10, mean_ms=chance.between(20, 400)
        )
        if chance.happens()
        else None,
        spike=Spike(per_1000=chance.between(1, 20) / 10, up_to_ms=chance.between(50, 1500))
        if chance.happens()
        else None,
        reorder_percent=chance.maybe(1, 100) / 10,
        duplicate_percent=chance.maybe(1, 100) / 10,
        corrupt_percent=chance.maybe(1, 50, 4) / 10,
    )
    return Profile(name=NAME, why="drawn from the seed", hop=hop)


def _wifi(chance: _Draw) -> Wifi:
    low = chance.between(-75, -60)
    return Wifi(
        access_points=chance.between(1, 4),
        signal_dbm=(low, chance.between(low, -45)),
        sleeping_percent=chance.maybe(1, 50),
        interference_percent=chance.maybe(1, 200) / 10,
        dtim_period=chance.between(1, 3),
    )
