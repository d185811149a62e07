"""A failing run made smaller: what it does not need goes, as long as it fails in the same way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from .draw import Drawn

Failing = Callable[[Drawn], str | None]  # the checker that a run fails, None: it passes
_TABLES = (
    "settings",
    "churn",
    "roam",
    "leader",
    "partition",
    "machine",
    "points",
    "disk",
    "wire",
    "relays",
    "twin",
    "calm",
)
_SETTINGS = ("multicast_group", "own_listeners", "talk_ms", "queue_places", "preemption")
_PARTICIPANTS_LEAST = 2
_RATES = (
    "pauses_per_minute_percent",
    "clock_steps_per_minute_percent",
    "no_memory_per_minute_percent",
    "slews_per_minute_percent",
    "floods_per_minute_percent",
    "address_changes_per_minute_percent",
    "half_open_per_minute_percent",
    "address_swaps_per_minute_percent",
    "heap_exhaustions_per_minute_percent",
)
_HOP = ("loss_percent", "reorder_percent", "duplicate_percent", "corrupt_percent")


def shrink(drawn: Drawn, failing: Failing, tell: Callable[[str], None]) -> Drawn:
    """The smallest run found that fails as `drawn` does. ValueError when `drawn` does not fail."""
    checker = failing(drawn)
    if checker is None:
        raise ValueError("the run breaks no promise")
    is_smaller = True
    while is_smaller:
        is_smaller = False
        for what, candidate in _smaller(drawn):
            if failing(candidate) == checker:
                tell(what)
                drawn, is_smaller = candidate, True
                break
    return drawn


def _smaller(drawn: Drawn) -> Iterator[tuple[str, Drawn]]:
    """Simpler runs, the greatest steps first."""
    scenario = drawn.scenario
    for table in _TABLES:
        if getattr(scenario, table) is not None:
            yield f"without {table}", drawn.without(table)
    if scenario.settings is not None:
        for name in _SETTINGS:
            if getattr(scenario.settings, name) is not None:
                settings = scenario.settings.model_copy(update={name: None})
                yield f"without {name}", _with(drawn, settings=settings)
    if scenario.machine is not None:
        for rate in _RATES:
            if getattr(scenario.machine, rate):
                machine = scenario.machine.model_copy(update={rate: 0})
                yield f"without {rate}", _with(drawn, machine=machine)
    if drawn.profile.hop is not None:
        yield from _calmer(drawn)
    if scenario.standbys:
        fewer = scenario.standbys - 1
        yield f"{fewer} standbys", _with(drawn, standbys=fewer)
    if scenario.drift_ppm:
        yield "without drift", _with(drawn, drift_ppm=0)
    for fewer in (drawn.participants // 2, drawn.participants - 1):
        if _PARTICIPANTS_LEAST <= fewer < drawn.participants:
            yield f"{fewer} participants", replace(drawn, participants=fewer)
    calm_s = -(-scenario.calm.lasts_ms // 1000) if scenario.calm else 0
    for shorter in (scenario.duration_s * 3 // 4, scenario.duration_s - 2):
        if scenario.settle_s + calm_s + 1 < shorter < scenario.duration_s:
            yield f"{shorter} s", _with(drawn, duration_s=shorter)


def _calmer(drawn: Drawn) -> Iterator[tuple[str, Drawn]]:
    """The same on a network with one trouble less."""
    hop = drawn.profile.hop
    assert hop is not None
    for name in (*_HOP, "burst_loss", "spike"):
        if getattr(hop, name):
            quiet = hop.model_copy(update={name: 0.0 if name in _HOP else None})
            profile = drawn.profile.model_copy(update={"hop": quiet})
            yield f"without {name}", replace(drawn, profile=profile)


def _with(drawn: Drawn, **changed: Any) -> Drawn:
    return replace(drawn, scenario=drawn.scenario.model_copy(update=changed))
