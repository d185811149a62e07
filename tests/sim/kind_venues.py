"""A small venue for each kind of fault of the swarm, in which that kind strikes and no other."""

from __future__ import annotations

from typing import Any

from tests.sim.facts import profile

from pressel.sim.profiles import Profile, Wifi
from pressel.sim.scenarios import Machine
from pressel.sim.world.plan import CALM_MS_LEAST, TWIN_CALM_MS_LEAST

_SETTLE_S = 4
_FAULTS_S = 14
_TALKS = {"pattern": "random", "hold_ms_min": 1000, "hold_ms_max": 2000, "gap_ms_min": 200,
          "gap_ms_max": 800, "talkers_percent": 100}  # fmt: skip
_LONG_TALKS = {"pattern": "turns", "hold_ms_min": 9000, "hold_ms_max": 10_000, "gap_ms_min": 300,
               "gap_ms_max": 600}  # fmt: skip
_STEADY = {"delay_min_us": 5000, "delay_max_us": 5000}
_QUIET = dict.fromkeys(Machine().model_dump(), 0) | {
    "pause_ms_min": 0, "pause_ms_max": 0, "half_open_ms_min": 0, "half_open_ms_max": 0,
    "clock_step_ms_max": 0,
}  # fmt: skip
_LEADER = {"first_ms": 1000, "gap_ms_min": 3000, "gap_ms_max": 5000, "resign_percent": 0,
           "disk_lost_percent": 0}  # fmt: skip
_OFTEN = {"first_ms": 200, "gap_ms_min": 1000, "gap_ms_max": 2000}


def _machine(**changed: int) -> dict[str, Any]:
    return {"machine": {**_QUIET, **changed}}


def _cut(kind_percent: int) -> dict[str, Any]:
    """Half of the badges, for longer than a membership."""
    lasts = {"lasts_ms_min": 6000, "lasts_ms_max": 7000}
    share = {"share_percent": 50, "one_way_percent": kind_percent, "standby_percent": 0}
    return {"partition": {**_OFTEN, **lasts, **share}}


def _hosts(**tables: Any) -> dict[str, Any]:
    """Three hosts, whose leader is killed again and again: only elections write to a disk."""
    leader = {**_LEADER, "absent_ms_min": 6000, "absent_ms_max": 7000}
    return {"standbys": 2, "leader": leader, **tables}


def _disk(slow: int, killed: int, lasts_ms: int) -> dict[str, Any]:
    lasts = {"lasts_ms_min": lasts_ms, "lasts_ms_max": lasts_ms + 500}
    return {**_OFTEN, **lasts, "slow_percent": slow, "killed_percent": killed}


def _away(low_ms: int, high_ms: int) -> dict[str, int]:
    return {"absent_ms_min": low_ms, "absent_ms_max": high_ms}


# What differs from a venue in which nothing goes wrong: tables of the scenario, and "path".
VENUES: dict[str, dict[str, Any]] = {
    "crashed": {
        "churn": {"per_minute_percent": 150, "disk_lost_percent": 0, **_away(100, 300)}
    },
    "host crashed": {"leader": {**_LEADER, **_away(300, 800)}},
    "host paused": {"leader": {**_LEADER, **_away(800, 1200), "pause_percent": 100}},
    "paused": _machine(pauses_per_minute_percent=200, pause_ms_min=1500, pause_ms_max=3000),
    "cut": _cut(0),
    "cut, unheard": _cut(100),
    "cut, deaf": _cut(100),
    "half-open link, up": _machine(
        half_open_per_minute_percent=60, half_open_ms_min=5500, half_open_ms_max=7000
    ),
    "half-open link, down": _machine(
        half_open_per_minute_percent=60, half_open_ms_min=5500, half_open_ms_max=7000
    ),
    "roaming": {
        "roam": {"per_minute_percent": 400, "silent_ms_min": 600, "silent_ms_max": 1200}
    },
    "access point restarted": {
        "points": {**_OFTEN, "silent_ms_min": 2300, "silent_ms_max": 2800, "share_percent": 100}
    },
    "clock stepped": _machine(clock_steps_per_minute_percent=600, clock_step_ms_max=1200),
    "host clock stepped": _machine(clock_steps_per_minute_percent=600, clock_step_ms_max=1200),
    "clock slewed": {**_machine(slews_per_minute_percent=400, slew_ppm=500),
                     "speech": _LONG_TALKS, "faults_s": 25},
    "host clock slewed": {**_machine(slews_per_minute_percent=400, slew_ppm=500),
                          "speech": _LONG_TALKS, "faults_s": 25},
    "no memory": _machine(no_memory_per_minute_percent=600),
    "flooded": _machine(floods_per_minute_percent=200),
    "other address": _machine(address_changes_per_minute_percent=100),
    "addresses swapped": _machine(address_swaps_per_minute_percent=100),
    "twin came": {
        "twin": {**_OFTEN, "of": 2, "stays_ms_min": 1000, "stays_ms_max": 3000},
        "calm": {"lasts_ms": TWIN_CALM_MS_LEAST},
    },
    "heap exhausted": _machine(heap_exhaustions_per_minute_percent=400),
    "disk full": _hosts(disk=_disk(0, 0, 5000)),
    "disk slow": _hosts(disk=_disk(100, 0, 5000)),
    "killed while writing": _hosts(disk=_disk(0, 100, 5000)),
    "wire stalled": _hosts(wire={**_OFTEN, "lasts_ms_min": 2000, "lasts_ms_max": 3000}),
    "delay spike": {"path": {"spike_ppm": 3000, "spike_us": 900_000}},
    "overtaken": {"path": {"delay_max_us": 40_000, "reorder_ppm": 100_000}},
    "duplicate": {"path": {"duplicate_ppm": 50_000}},
    "corrupted": {"path": {"corrupt_ppm": 20_000}},
    "lost: network": {"path": {"loss_ppm": 40_000}},
    "lost: burst": {"path": {"burst_ppm": 6000, "burst_us": 80_000}},
    "lost: queue": {"path": {"bytes_per_s": 7000, "queue_us": 400_000}},
    "lost: retries": {"wifi": {"interference_percent": 45}},
}  # fmt: skip


def alone(kind: str, seed: int) -> dict[str, Any]:
    """The facts of a run in which only `kind` strikes, and all is well at its end."""
    facts = dict(VENUES[kind])
    path = {**_STEADY, **facts.pop("path", {})}
    faults_s = facts.pop("faults_s", _FAULTS_S)
    wifi = facts.pop("wifi", None)
    calm = facts.pop("calm", {"lasts_ms": CALM_MS_LEAST})
    scenario = {
        "name": "alone",
        "duration_s": _SETTLE_S + faults_s + -(-calm["lasts_ms"] // 1000),
        "settle_s": _SETTLE_S,
        "speech": _TALKS,
        "calm": calm,
        **facts,
    }
    return {
        "scenario": scenario,
        "profile": profile(**path) if wifi is None else _wifi(wifi),
        "participants": 4,
        "protocol": "v2",
        "seed": seed,
        "seal": "stand-in",
    }


def _wifi(facts: dict[str, Any]) -> dict[str, Any]:
    air = Wifi(access_points=1, signal_dbm=(-60, -50), sleeping_percent=0, dtim_period=1, **facts)
    return Profile(name="alone", why="one kind of fault", wifi=air).resolved()
