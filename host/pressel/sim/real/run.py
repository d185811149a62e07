"""One scenario in real time, from its facts to its result.

The leader is a process, participants are soft nodes in a few processes, some may be virtual badges;
all talk over UDP on loopback, through the same imitated air as in virtual time.
"""

from __future__ import annotations

import asyncio
import json
import os
import pickle
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.pack import FirmwareBuild
from pressel.sim.world.checkers import CHECKERS
from pressel.sim.world.kpis import KPIS
from pressel.sim.world.seal import REAL
from pressel.sim.world.venue import LEADER
from pressel.sim.world.world import World
from pressel.virtual.stock import stock_firmware

from .leader_process import LeaderProcess
from .merged import Kept, MergedWorld, Traffic
from .virtual_actor import VirtualActor

CROWDS = 2  # processes of soft nodes: one a core of the smallest leader box
LATE_MS = 20.0  # later than one frame of voice: figures are then partly the machine's

_LEAD_S = 3.0  # until all processes are up
_BADGE_LEAD_US = 500_000  # a virtual badge boots in 150 ms
_END_LIMIT_S = 60.0  # after the script's end: records are written

Tell = Callable[[str], None]
# What else looks at the leader meanwhile: from its process's id, and the folder in which its socket
# `leader.sock` and its state `leader` lie.
Beside = Callable[[int, Path], AbstractAsyncContextManager[None]]


@asynccontextmanager
async def _nothing(pid: int, work: Path) -> AsyncIterator[None]:
    yield


def run_real(
    spec: Mapping[str, Any],
    virtual_badges: int = 0,
    tell: Tell = lambda words: None,
    beside: Beside = _nothing,
    lead_s: float = _LEAD_S,
) -> dict[str, Any]:
    """The result of one run, like that of a simulated one, with "machine" added and without a
    digest; `beside` is entered when all processes are up, for which they have `lead_s`.

    Raises PresselError when a process does not start or dies."""
    if spec["protocol"] != "v2":
        raise PresselError("in real time only v2 runs: old apps exist as a model in virtual time")
    with tempfile.TemporaryDirectory(prefix="pressel-real-") as work:
        return asyncio.run(_RealRun(spec, virtual_badges, Path(work), tell, beside).run(lead_s))


class _RealRun:
    """The processes of one run and what they recorded."""

    def __init__(
        self, spec: Mapping[str, Any], badges: int, work: Path, tell: Tell, beside: Beside
    ) -> None:
        self._spec = spec
        self._beside = beside
        self._work = work
        self._tell = tell
        everybody = list(range(1, spec["participants"] + 1))
        self._soft = everybody[: len(everybody) - badges]
        self._virtual = everybody[len(everybody) - badges :]
        self._begin_us = 0
        self._kept: list[Kept] = []
        self._leader = LeaderProcess(work, spec["participants"], self._noter(LEADER))
        self._crowds: list[asyncio.subprocess.Process] = []
        self._actors: list[VirtualActor] = []
        self._script = World(spec, make_nodes=lambda stage: []).plan

    async def run(self, lead_s: float) -> dict[str, Any]:
        begun = time.perf_counter()
        try:
            firmware = await self._build_firmware()  # takes seconds: before the clock runs
            self._begin_us = time.monotonic_ns() // 1000 + int(lead_s * 1e6)
            await self._leader.start()
            proxies = await self._start_crowds()
            await self._start_badges(firmware, proxies)
            self._tell("all processes are up")
            lead_us = self._begin_us - time.monotonic_ns() // 1000
            if lead_us < 0:
                raise PresselError("this machine took too long to start the processes; try again")
            async with self._beside(self._leader.pid, self._work):
                script = asyncio.create_task(self._follow_script())
                counts = await self._end_of_crowds()
                await script
            badges = [await actor.stop() for actor in self._actors]
            await self._leader.stop()
        finally:
            await self._kill_all()
        return self._result(counts, badges, time.perf_counter() - begun)

    # --- processes ---

    async def _start_crowds(self) -> dict[int, tuple[str, int]]:
        """Start them all; the proxies' addresses by participant."""
        proxies: dict[int, tuple[str, int]] = {}
        for index in range(CROWDS):
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "pressel.sim.real.crowd"),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
            )
            self._crowds.append(process)
            facts = {
                "spec": self._spec,
                "nodes": self._soft[index::CROWDS],
                "proxies": self._virtual[index::CROWDS],
                "leader": self._leader.address,
                "begin_us": self._begin_us,
                "records": str(self._records(index)),
            }
            assert process.stdin is not None
            process.stdin.write(json.dumps(facts).encode() + b"\n")
            await process.stdin.drain()
        for process in self._crowds:
            ready = await self._line(process)
            proxies.update({int(number): tuple(at) for number, at in ready["proxies"].items()})
        return proxies

    async def _build_firmware(self) -> FirmwareBuild | None:
        """None where no badge takes part."""
        if not self._virtual:
            return None
        return await asyncio.to_thread(stock_firmware, self._work / "firmware")

    async def _start_badges(
        self, firmware: FirmwareBuild | None, proxies: dict[int, tuple[str, int]]
    ) -> None:
        if firmware is None:
            return
        for number in self._virtual:
            actor = VirtualActor(number, proxies[number], firmware, self._work, self._noter(number))
            self._actors.append(actor)
        await asyncio.gather(*(actor.start() for actor in self._actors))

    async def _end_of_crowds(self) -> list[dict[str, Any]]:
        return [await self._line(process) for process in self._crowds]

    async def _line(self, process: asyncio.subprocess.Process) -> dict[str, Any]:
        assert process.stdout is not None
        limit_s = self._spec["scenario"]["duration_s"] + _END_LIMIT_S
        async with asyncio.timeout(limit_s):
            line = await process.stdout.readline()
        if not line:
            raise PresselError("a process of soft nodes died; it says why above")
        return json.loads(line)

    async def _kill_all(self) -> None:
        for actor in self._actors:
            actor.kill()
        for process in self._crowds:
            if process.returncode is None:
                process.kill()
            await process.wait()
        await self._leader.stop()

    # --- the script ---

    async def _follow_script(self) -> None:
        """The steps for the leader's process and virtual badges; crowds follow the others."""
        actors = {actor.number: actor for actor in self._actors}
        for at_us, action, number, measure in self._script.steps:
            due_us = self._begin_us + at_us
            if action == "talk" and number in actors:
                await _sleep_until(due_us - _BADGE_LEAD_US)
                actors[number].talk(due_us, measure)
            elif number == LEADER and action not in ("cut", "heal"):
                await _sleep_until(due_us)
                await self._leader.act(action, measure)

    def _noter(self, number: int) -> Callable[[int, int, int, int, Any], None]:
        def note(at_us: int, kind: int, a: int, b: int, detail: Any) -> None:
            self._kept.append((max(0, at_us - self._begin_us), kind, number, a, b, detail))

        return note

    # --- the result ---

    def _records(self, index: int) -> Path:
        return self._work / f"records-{index}"

    def _result(
        self, counts: list[dict[str, Any]], badges: list[dict[str, Any]], wall_s: float
    ) -> dict[str, Any]:
        for index in range(CROWDS):
            self._kept += pickle.loads(self._records(index).read_bytes())
        end_us = self._spec["scenario"]["duration_s"] * 1_000_000
        world: Any = MergedWorld(self._spec, self._script, Traffic(counts), end_us)
        checkers = [each(world) for each in CHECKERS if getattr(each, "is_of_records", False)]
        measures = [each(world) for each in KPIS]
        world.replay(self._kept)
        for checker in checkers:
            checker.finish()
        kpis: dict[str, Any] = {}
        for measure in measures:
            kpis.update(measure.figures())
        return {
            "scenario": self._spec["scenario"]["name"],
            "profile": self._spec["profile"]["name"],
            "protocol": self._spec["protocol"],
            "participants": self._spec["participants"],
            "seed": self._spec["seed"],
            "seal": REAL,
            "digest": None,
            "virtual_s": end_us / 1_000_000,
            "wall_s": round(wall_s, 3),
            "events": sum(count["events"] for count in counts),
            "violations": world.violations,
            "kpis": kpis,
            "machine": self._machine(counts, badges, wall_s),
        }

    def _machine(
        self, counts: list[dict[str, Any]], badges: list[dict[str, Any]], wall_s: float
    ) -> dict[str, Any]:
        """How late the machine was; "was_late": figures of this run are partly its doing."""
        late_ms = max(count["late_ms_max"] for count in counts)
        badge_ms = [badge["lag_ms_max"] for badge in badges if badge]
        late_ms = max([late_ms, *badge_ms])
        return {
            "cores": os.cpu_count(),
            "late_ms_p99": max(count["late_ms_p99"] for count in counts),
            "late_ms_max": round(late_ms, 1),
            "was_late": late_ms > LATE_MS,
            "leader_cpu_percent": round(100 * self._leader.cpu_s / wall_s, 1),
            "virtual_badges": len(badges),
            "send_errors": sum(count["send_errors"] for count in counts),
        }


async def _sleep_until(due_us: int) -> None:
    await asyncio.sleep(max(0, due_us - time.monotonic_ns() // 1000) / 1e6)
