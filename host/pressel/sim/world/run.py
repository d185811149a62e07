"""One run from its facts to its result: the world, the checkers and the measures beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .checkers import CHECKERS
from .kpis import KPIS
from .world import World


def run(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one run; `spec` as for `World`. All but "wall_s" follow from `spec` alone."""
    begun = time.perf_counter()
    world = World(spec)
    protocol = spec["protocol"]
    checkers = [checker(world) for checker in CHECKERS if protocol in checker.protocols]
    measures = [measure(world) for measure in KPIS]
    world.run()
    for checker in checkers:
        checker.finish()
    kpis: dict[str, Any] = {}
    for measure in measures:
        kpis.update(measure.figures())
    return {
        "scenario": spec["scenario"]["name"],
        "profile": spec["profile"]["name"],
        "protocol": spec["protocol"],
        "participants": spec["participants"],
        "seed": spec["seed"],
        "digest": world.record.digest(),
        "virtual_s": world.duration_us / 1_000_000,
        "wall_s": round(time.perf_counter() - begun, 3),
        "events": world.loop.events,
        "violations": world.violations,
        "kpis": kpis,
    }
