"""The leader of a real run: `pressel leader` as a child that the script kills and starts."""

from __future__ import annotations

import asyncio
import json
import shutil
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psutil

from pressel.node.ready import until_ready
from pressel.registry.store import Registry
from pressel.sim.world import keys, record
from ptt.base import events

START_LIMIT_S = 20.0
STOP_LIMIT_S = 5.0

Note = Callable[[int, int, int, int, Any], None]  # (time in us, kind, a, b, detail)


class LeaderProcess:
    """Works in folder `work`; `note` gets its records, timed by this process. Its registry knows
    participants 1 to `participants`, also on a new disk."""

    def __init__(self, work: Path, participants: int, note: Note) -> None:
        self._work = work
        self._participants = participants
        self._note = note
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self.address: tuple[str, int] = ("127.0.0.1", 0)
        self.starts = 0
        self.cpu_s = 0.0  # of all its processes so far

    @property
    def pid(self) -> int:
        """Of its process, which runs."""
        assert self._process is not None
        return self._process.pid

    async def start(self) -> None:
        """On the port of its first start; raises PresselError when it does not come up."""
        host, port = self.address
        self._register()
        self._process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "pressel", "leader", "--listen", f"{host}:{port}"),
            *("--state", "leader", "--control", "leader.sock", "--json", "--dies-with-parent"),
            cwd=self._work,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self._process.stdout is not None
        async with asyncio.timeout(START_LIMIT_S):
            ready = (await until_ready(self._process.stdout))[-1]
        self.address = (ready["address"], ready["port"])
        self.starts += 1
        self._tell(record.STARTED, 1 if self.starts > 1 else 0)
        self._reader = asyncio.create_task(self._read(self._process.stdout))

    def _register(self) -> None:
        with Registry(self._work / "leader") as registry:
            known = {each.id for each in registry.devices()}
            for number in range(1, self._participants + 1):
                device = keys.device_of(number)
                if device.hex() not in known:
                    registry.adopt(device.hex(), f"B{number}", keys.device_key(device))

    async def act(self, action: str, measure: int) -> None:
        """One step of the script; a clock that nobody can step here is left alone."""
        if action == "start":
            if self._process is None:
                self._tell(record.FAULT, record.RESTARTED)
                await self.start()
        elif self._process is None:
            return
        elif action == "pause":
            self._process.send_signal(signal.SIGSTOP)
            self._tell(record.FAULT, record.PAUSED)
        elif action == "resume":
            self._process.send_signal(signal.SIGCONT)
            self._tell(record.FAULT, record.RESUMED)
        elif action == "crash":
            self._tell(record.FAULT, record.CRASHED)
            await self.stop(signal.SIGKILL)
            if not measure:
                shutil.rmtree(self._work / "leader", ignore_errors=True)
        elif action == "resign":
            self._tell(record.FAULT, record.CRASHED)
            await self.stop(signal.SIGTERM)

    async def stop(self, number: signal.Signals = signal.SIGTERM) -> None:
        process, self._process = self._process, None
        if process is None:
            return
        self._count_cpu(process.pid)
        process.send_signal(signal.SIGCONT)
        process.send_signal(number)
        try:
            async with asyncio.timeout(STOP_LIMIT_S):
                await process.wait()
        except TimeoutError:
            process.kill()
            await process.wait()
        if self._reader:
            await self._reader

    def _count_cpu(self, pid: int) -> None:
        try:
            times = psutil.Process(pid).cpu_times()
        except psutil.Error:
            return
        self.cpu_s += times.user + times.system

    async def _read(self, stream: asyncio.StreamReader) -> None:
        while line := await stream.readline():
            told = json.loads(line)
            if told["event"] == events.NAMES[events.FLOOR_GRANTED]:
                self._tell(record.EVENT, events.FLOOR_GRANTED, _floor(told))
            elif told["event"] == events.NAMES[events.FLOOR_FREED]:
                self._tell(record.EVENT, events.FLOOR_FREED, (*_floor(told), told["cause"]))

    def _tell(self, kind: int, a: int, detail: Any = None) -> None:
        self._note(time.monotonic_ns() // 1000, kind, a, 0, detail)


def _floor(told: dict[str, Any]) -> tuple[int, int]:
    """(talker, lease); participants are called B1, B2 and so on."""
    return int(told["talker"].lstrip("B") or 0), told["lease"]
