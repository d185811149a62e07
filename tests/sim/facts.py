"""Facts of runs that tests of the simulated world share."""

from __future__ import annotations

from typing import Any

QUIET_PATH: dict[str, int] = {
    "delay_min_us": 5_000,
    "delay_max_us": 20_000,
    "loss_ppm": 0,
    "burst_ppm": 0,
    "burst_us": 1,
    "spike_ppm": 0,
    "spike_us": 0,
    "reorder_ppm": 0,
    "duplicate_ppm": 0,
    "bytes_per_s": 0,
    "queue_us": 0,
}
ONE_TALKS: dict[str, Any] = {
    "name": "one talks",
    "duration_s": 8,
    "settle_s": 3,
    "speech": {"pattern": "one", "hold_ms_min": 3000, "hold_ms_max": 3000},
}


def profile(**path: int) -> dict[str, Any]:
    """The quiet path, except for what is given."""
    return {
        "name": "test",
        "air": "chance",
        "path": {**QUIET_PATH, **path},
        "wifi": {"access_points": 1},
    }


def spec(participants: int = 5, seed: int = 1, **changed: Any) -> dict[str, Any]:
    """A run of `ONE_TALKS`; `changed`: tables of the scenario, "profile", "protocol", "seal" or
    "smooth"."""
    facts = {
        "profile": changed.pop("profile", profile()),
        "protocol": changed.pop("protocol", "v2"),
        "participants": participants,
        "seed": seed,
    }
    for name in ("seal", "smooth"):
        if name in changed:
            facts[name] = changed.pop(name)
    return {**facts, "scenario": {**ONE_TALKS, **changed}}
