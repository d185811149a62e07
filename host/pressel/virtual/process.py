"""The process of one virtual badge: JSON lines in and out, and limits so that no process stays
behind.

Knows the envelope of commands and events, not what they do.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

from pressel.errors import PresselError

from .stepped.crash import BadgeCrashed
from .stepped.limits import limit_cpu

Event = dict[str, Any]

ANSWER_LIMIT_S = 10.0
_LINE_BYTES_MAX = 1 << 22  # a traceback or the answer to "stats" is far shorter
_ANSWERS = {"speak": "spoke", "stats": "stats"}  # command -> the event that answers it


def now_ms() -> float:
    """The time base of badges, events and recordings: this host's monotonic clock."""
    return time.monotonic_ns() / 1e6


class BadgeProcess:
    """A child that is killed after `limit_s`; every event goes to `told`, "ended" as the last.
    `translated` makes a traceback readable."""

    def __init__(
        self,
        name: str,
        limit_s: float,
        told: Callable[[Event], None],
        translated: Callable[[str], str] = str,
    ) -> None:
        self.name = name
        self._translated = translated
        self._limit_s = limit_s
        self._told = told
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._waiting: dict[str, list[asyncio.Future[Event]]] = defaultdict(list)
        self._crash: str | None = None

    @property
    def pid(self) -> int:
        return self._child.pid

    async def start(self, command: list[str], errors: Path, limit_s: float) -> None:
        """Starts `command`, its stderr going to a file; returns at its event "ready"."""
        with errors.open("wb") as file:
            self._process = await asyncio.create_subprocess_exec(
                *command,
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=file,
                limit=_LINE_BYTES_MAX,
            )
        limit_cpu(self._process.pid, self._limit_s)
        ready = self._expect("ready")
        self._reader = asyncio.create_task(self._read(self._process))
        async with self._limited(limit_s, "start"):
            await ready

    def send(self, command: dict[str, Any]) -> None:
        """Sends a command; nothing happens when the process has ended."""
        stdin = self._child.stdin
        if self._child.returncode is None and stdin is not None:
            stdin.write(json.dumps(command).encode() + b"\n")

    async def ask(self, command: dict[str, Any]) -> Event:
        """Sends a command and returns the event that answers it."""
        waiting = self._expect(_ANSWERS[command["cmd"]])
        self.send(command)
        async with self._limited(ANSWER_LIMIT_S, f"answer '{command['cmd']}'"):
            return await waiting

    async def wait(self, limit_s: float | None) -> int:
        """Waits for the end; returns the exit code. Kills the process after `limit_s`."""
        child = self._child
        assert self._reader is not None
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), limit_s)
        except TimeoutError:
            self.kill()
            await self._reader
        return await child.wait()

    def kill(self) -> None:
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    @property
    def _child(self) -> asyncio.subprocess.Process:
        if self._process is None:
            raise RuntimeError(f"{self.name} was never started")
        return self._process

    def _expect(self, name: str) -> asyncio.Future[Event]:
        waiting: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        if self._crash is not None:
            waiting.set_exception(BadgeCrashed(self._crash))
        else:
            self._waiting[name].append(waiting)
        return waiting

    @contextlib.asynccontextmanager
    async def _limited(self, limit_s: float, what: str) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError:
            self.kill()
            raise BadgeCrashed(
                f"{self.name} did not {what} within {limit_s:g} s: does its firmware loop?"
            ) from None

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        kill = asyncio.get_running_loop().call_later(self._limit_s, self.kill)
        assert process.stdout is not None
        while line := await process.stdout.readline():
            self._take(json.loads(line))
        code = await process.wait()
        kill.cancel()
        self._crash = self._crash or f"{self.name} has ended (exit code {code})."
        for waiting in [future for futures in self._waiting.values() for future in futures]:
            if not waiting.done():
                waiting.set_exception(BadgeCrashed(self._crash))
                waiting.exception()  # nobody awaits this future any more
        self._told({"t": now_ms(), "event": "ended", "exit": code})

    def _take(self, event: Event) -> None:
        name = event["event"]
        if name == "crashed":
            event["traceback"] = self._translated(event["traceback"])
            event["error"] = self._translated(event["error"])
            self._crash = f"{self.name}: the firmware raised an exception.\n{event['traceback']}"
        elif name == "refused":
            self._refuse(event)
        waiting = self._waiting[name]
        if waiting and not waiting[0].done():
            waiting[0].set_result(event)
        del waiting[:1]
        self._told(event)

    def _refuse(self, event: Event) -> None:
        """The badge did not understand a command: whoever waits for its answer learns why."""
        waiting = self._waiting[_ANSWERS.get(event["cmd"], "")]
        if waiting:
            waiting.pop(0).set_exception(PresselError(f"{self.name}: {event['reason']}."))
