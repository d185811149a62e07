"""Plays a show: each act in a world of its own, at a person's pace, and then its verdict."""

from __future__ import annotations

import time
from collections.abc import Callable

from pressel.sim.world.asserted import failed_at
from pressel.sim.world.checkers import CHECKERS
from pressel.sim.world.kpis import KPIS
from pressel.sim.world.world import World

from .show import Act, Played, Promise, Show
from .teller import Teller

_BEAT_US = 50_000  # what happens within it, nobody could tell apart


class Stage:
    """Where a show is seen: `opens` gets an act's first words, `tell` (seconds, sentence). `speed`:
    times as fast as it would be; 0: as fast as it can."""

    def __init__(
        self, opens: Callable[[str], None], tell: Callable[[float, str], None], speed: float = 0.0
    ) -> None:
        self.opens, self.tell, self.speed = opens, tell, speed


def play(show: Show, seed: int, stage: Stage) -> list[Promise]:
    """All acts, one after the other; what they promise."""
    played = []
    for act in show.acts:
        stage.opens(act.opening)
        played.append(perform(act, seed, stage))
    return show.judge(played)


def perform(act: Act, seed: int, stage: Stage) -> Played:
    """One act, with the simulator's checkers and measures beside it."""
    world = World(act.spec(seed))
    world.plan.steps[:] = sorted(act.steps, key=lambda step: step[0])
    checkers = [each(world) for each in CHECKERS if act.protocol in each.protocols]
    measures = [each(world) for each in KPIS]
    teller = Teller(world, stage.tell)
    guest = act.guest(world, teller.say) if act.guest is not None else None
    if stage.speed:
        _Pace(world, stage.speed)
    try:
        world.run()
    except AssertionError as error:  # of an engine: the run ends here
        world.violate("assertion", failed_at(error))
    finally:
        world.close()
    for checker in checkers:
        checker.finish()
    kpis = {name: value for each in measures for name, value in each.figures().items()}
    broken = tuple(f"{each['checker']}: {each['what']}" for each in world.violations)
    return Played(act, world, broken, kpis, world.record.digest(), guest)


class _Pace:
    """Holds the world back until a person's clock has come as far."""

    def __init__(self, world: World, speed: float) -> None:
        self._loop = world.loop
        self._speed = speed
        self._begun_s = time.monotonic()
        self._loop.at(_BEAT_US, self._beat)

    def _beat(self, _: object) -> None:
        due_s = self._begun_s + self._loop.now_us / 1_000_000 / self._speed
        time.sleep(max(0.0, due_s - time.monotonic()))
        self._loop.at(self._loop.now_us + _BEAT_US, self._beat)
