"""One run from its facts to its result: the world, the checkers and the measures beside it."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import Any

from .asserted import failed_at
from .checkers import CHECKERS
from .fired import Fired
from .kpis import KPIS
from .struck import Struck
from .world import World


def run(spec: Mapping[str, Any]) -> dict[str, Any]:
    """The result of one run; `spec` as for `World`. All but "wall_s" follow from `spec` alone."""
    begun = time.perf_counter()
    world = World(spec)
    protocol = spec["protocol"]
    checkers = [checker(world) for checker in CHECKERS if protocol in checker.protocols]
    measures = [measure(world) for measure in KPIS]
    struck = Struck(world)
    fired = Fired() if spec.get("counts_rules") else None
    try:
        try:
            world.run()
        except AssertionError as error:  # of an engine: the run ends here
            world.violate("assertion", failed_at(error))
        cost = _firmware(world, time.perf_counter() - begun)
    finally:
        world.close()
    for checker in checkers:
        checker.finish()
    kpis: dict[str, Any] = {}
    for measure in measures:
        kpis.update(measure.figures())
    result = {
        "scenario": spec["scenario"]["name"],
        "profile": spec["profile"]["name"],
        "protocol": spec["protocol"],
        "participants": spec["participants"],
        "seed": spec["seed"],
        "seal": world.stage.seal.kind,
        "digest": world.record.digest(),
        "virtual_s": world.duration_us / 1_000_000,
        "wall_s": round(time.perf_counter() - begun, 3),
        "events": world.loop.events,
        "violations": world.violations,
        "struck": struck.counts(),
        "kpis": kpis,
    }
    if world.stage.is_smooth:
        result["smooth"] = True
    if fired is not None:
        result["fired"] = fired.counts()
    return {**result, "firmware": cost} if cost else result


def _firmware(world: World, wall_s: float) -> dict[str, Any]:
    """What those participants that are the firmware itself counted and cost; empty without any."""
    badges: list[Any] = [node for node in world.nodes.values() if hasattr(node, "steps")]
    if not badges:
        return {}
    steps = sum(badge.steps for badge in badges)
    stats = [each for each in (badge.stats() for badge in badges) if each]
    return {
        "badges": len(badges),
        "steps": steps,
        "wall_us_a_step": round(wall_s * 1_000_000 / max(1, steps)),
        "heap_peak_bytes": max((each["heap_peak_bytes"] for each in stats), default=None),
    }
