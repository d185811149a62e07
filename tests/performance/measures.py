"""What is measured, in words and in figures: ratios to something that takes turns with it in the
same run, so that they mean much the same on another machine."""

from __future__ import annotations

import json
import subprocess
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from tests.budgets import badge, leader_cost
from tests.firmware import bench_badge
from tests.relay import bench as relay

from pressel.sim import bench as simulator
from pressel.sim.workers import interpreters

RELAY_LISTENERS = 100
RELAY_ROUNDS = 4
C_LOOP = "C loop with tags"

Found = dict[str, list[float]]  # by figure, a value for each time that it was measured


@dataclass(frozen=True)
class Measure:
    """`of`: rooms whose changes make it stale. `times`: how often it is taken."""

    of: tuple[str, ...]
    times: int
    take: Callable[[], Found]


def _leader() -> Found:
    return {"a delivered packet, in copies with CRC-32": [leader_cost.delivered_packet_ratio()]}


def _relay() -> Found:
    """Each contestant's turns, as times the middle turn of the loop in C."""
    with tempfile.TemporaryDirectory(prefix="pressel-performance-") as folder:
        costs = relay.costs(Path(folder), RELAY_LISTENERS, RELAY_ROUNDS)
    loop = sorted(costs[C_LOOP])[len(costs[C_LOOP]) // 2]
    return {name: [each / loop for each in turns] for name, turns in costs.items()}


def _simulator() -> Found:
    found: Found = {}
    for interpreter in interpreters():
        told = subprocess.run(
            [
                *interpreter.command,
                "-m",
                "pressel.sim.world.speed",
                "15",
            ],  # PyPy compiles meanwhile
            input=json.dumps(simulator.specs()) + "\n",
            env=dict(interpreter.environment),
            stdout=subprocess.PIPE,
            text=True,
            check=True,
        )
        measured = json.loads(told.stdout)
        for venue, row in zip(simulator.VENUES, measured["venues"], strict=True):
            name = f"{measured['python']}: {venue.words}"
            found[f"{name}, times real time"] = [row["times_real_time"]]
            found[f"{name}, steps a virtual second"] = [row["reference_steps_a_virtual_s"]]
    return found


def _badge_steps() -> Found:
    talk, listen = badge.frame_ratios()
    return {"a frame it talks, in loops": [talk], "a frame it hears, in loops": [listen]}


def _badge_bytecodes() -> Found:
    """Counted, not timed."""
    return {
        f"{what}: bytecodes of 20 ms, as a share of {bench_badge.BUDGETS[what]:,}": [
            frame.bytecodes / bench_badge.BUDGETS[what]
        ]
        for what, frame in sorted(bench_badge.count_frames().items())
    }


_ENGINES = ("shared/ptt",)
MEASURES: dict[str, Measure] = {
    "leader": Measure(_ENGINES, 5, _leader),
    "relay": Measure((*_ENGINES, "host/pressel/node", "host/pressel/transport"), 1, _relay),
    "simulator": Measure((*_ENGINES, "host/pressel/sim/world"), 2, _simulator),
    "badge, time": Measure((*_ENGINES, "firmware"), 3, _badge_steps),
    "badge, bytecodes": Measure((*_ENGINES, "firmware"), 1, _badge_bytecodes),
}


def taken(measure: Measure) -> Found:
    found: Found = {}
    for _ in range(measure.times):
        for name, values in measure.take().items():
            found.setdefault(name, []).extend(round(each, 4) for each in values)
    return found
