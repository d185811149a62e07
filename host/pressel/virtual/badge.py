"""One virtual badge: makes its flash, runs its process, presses its button, hears its speaker.

All times are milliseconds of the host's monotonic clock (`now_ms`), which the badge's process
shares. Knows nothing of what the firmware says or does.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import shutil
import time
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.errors import PresselError
from pressel.firmware import FirmwareBuild

from .install import find_install, limit_cpu
from .recording import Recording, read_recording
from .shim_image import shim_image

HEAP_BYTES = 111_000  # what MicroPython leaves the firmware of an ESP32 without PSRAM
TRACED_HEAP_BYTES = 8 << 20  # sources and what is noted of them need more than a badge has
DEVICE = "020000000001"  # a MAC address that is marked as locally given
LIMIT_S = 900.0  # no badge lives longer than this, whatever happens
START_LIMIT_S = 30.0
STOP_LIMIT_S = 10.0

_LINE_BYTES_MAX = 1 << 22

Event = dict[str, Any]


class BadgeCrashed(PresselError):
    """The firmware raised an exception, or the process ended unasked."""


def now_ms() -> float:
    """The time base of badges, events and recordings."""
    return time.monotonic_ns() / 1e6


class VirtualBadge:
    """The process of one badge. `events` gets every event, the last one being "ended"."""

    def __init__(
        self,
        name: str,
        *,
        firmware: FirmwareBuild,
        board: Mapping[str, Any],
        config: Mapping[str, Any],
        work: Path,
        device: str = DEVICE,
        files: Mapping[str, bytes] | None = None,
        limit_s: float = LIMIT_S,
        heap_bytes: int | None = None,
        trace: Path | None = None,
    ) -> None:
        """`board` and `config` become board.json and config.json in the flash, `files` more files
        there (by path); `work` is this badge's own folder, emptied of an earlier flash. `device`:
        what machine.unique_id() gives, hexadecimal. `trace`: a file for the executed lines, by
        file; needs a build of sources.
        """
        if trace is not None and not firmware.is_source:
            raise ValueError("executed lines need a build with source=True")
        self.name = name
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.flash = work / "flash"
        self.errors = work / "stderr.txt"
        self.last_stats: Event | None = None
        self._firmware = firmware
        self._board = board
        self._config = config
        self._work = work
        self._device = device
        self._files = files or {}
        self._limit_s = limit_s
        self._heap_bytes = heap_bytes or (TRACED_HEAP_BYTES if trace else HEAP_BYTES)
        self._trace = trace
        self._process: asyncio.subprocess.Process | None = None
        self._reader: asyncio.Task[None] | None = None
        self._ports: dict[str, Event] = {}  # mode -> its i2s event
        self._waiting: dict[str, list[asyncio.Future[Event]]] = defaultdict(list)
        self._crash: str | None = None
        self._spoken = 0

    # --- life ---

    async def start(self) -> None:
        """Boots the badge; returns when its firmware is built and stepping.

        Raises `BadgeCrashed` with the traceback when the firmware does not get that far.
        """
        self._write_flash()
        install = find_install()
        shims = self._work / "shims.romfs"
        shims.write_bytes(shim_image())
        options = {
            "shims": shims,
            "flash": self.flash,
            "recordings": self._work / "recordings",
            "heap": self._heap_bytes,
            "id": self._device,
        }
        if self._trace:
            options["trace"] = self._trace
        args = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        with self.errors.open("wb") as errors:
            self._process = await asyncio.create_subprocess_exec(
                *install.command("badge.mjs", *args),
                stdin=asyncio.subprocess.PIPE,
                stdout=asyncio.subprocess.PIPE,
                stderr=errors,
                limit=_LINE_BYTES_MAX,
            )
        limit_cpu(self._process.pid, self._limit_s)
        ready = self._expect("ready")
        self._reader = asyncio.create_task(self._read(self._process))
        async with self._limited(START_LIMIT_S, "start"):
            await ready

    async def stop(self) -> Event | None:
        """Ends the badge and returns its last statistics; None if it crashed before."""
        self.send(cmd="quit")
        await self.wait(STOP_LIMIT_S)
        return self.last_stats

    async def wait(self, limit_s: float | None = None) -> int:
        """Waits until the process has ended; returns its exit code. Kills it after `limit_s`."""
        if self._process is None or self._reader is None:
            raise RuntimeError("the badge was never started")
        try:
            await asyncio.wait_for(asyncio.shield(self._reader), limit_s)
        except TimeoutError:
            self.kill()
            await self._reader
        return await self._process.wait()

    def kill(self) -> None:
        """Ends the process at once, as a drained battery would."""
        if self._process and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.kill()

    @property
    def pid(self) -> int:
        if self._process is None:
            raise RuntimeError("the badge was never started")
        return self._process.pid

    # --- what happens to it ---

    def press(self, at: float | None = None) -> None:
        """Presses the button, now or at a time. Event "pin" tells when it was done."""
        self._set_button(True, at)

    def release(self, at: float | None = None) -> None:
        self._set_button(False, at)

    async def speak(self, pcm: NDArray[np.int16], at: float | None = None) -> tuple[float, float]:
        """Speaks samples (mono, 16 kHz) into the microphone, now or at a time.

        Returns the times of the first and the last sample in the microphone's recording; does
        not wait for them.
        """
        if "rx" not in self._ports:
            raise PresselError(f"{self.name}: the firmware listens to no microphone.")
        self._spoken += 1
        file = self._work / f"spoken-{self._spoken}.pcm"
        file.write_bytes(np.ascontiguousarray(pcm, "<i2").tobytes())
        answer = await self._ask("spoke", cmd="speak", id=self._ports["rx"]["id"], pcm=str(file), at=at)
        return answer["first_t"], answer["last_t"]

    async def stats(self) -> Event:
        """What the badge counts: heap, steps, lag of this machine, datagrams."""
        return await self._ask("stats", cmd="stats")

    # --- what it heard and played ---

    @property
    def microphone(self) -> Recording:
        return self._recording("rx")

    @property
    def speaker(self) -> Recording:
        return self._recording("tx")

    def _recording(self, mode: str) -> Recording:
        port = self._ports.get(mode)
        if port is None:
            raise PresselError(f"{self.name}: the firmware opened no I2S port ({mode}).")
        return read_recording(Path(port["file"]), port["t0"], port["rate"])

    # --- the process ---

    def _write_flash(self) -> None:
        shutil.rmtree(self.flash, ignore_errors=True)
        shutil.copytree(self._firmware.folder, self.flash)
        (self.flash / "board.json").write_text(json.dumps(self._board), "utf-8")
        (self.flash / "config.json").write_text(json.dumps(self._config), "utf-8")
        for name, content in self._files.items():
            (self.flash / name).write_bytes(content)

    def _set_button(self, is_pressed: bool, at: float | None) -> None:
        button = self._board["button"]
        level = int(is_pressed != bool(button["active_low"]))
        self.send(cmd="pin", pin=button["pin"], level=level, at=at)

    def send(self, **command: Any) -> None:
        """Sends a command as it is; nothing happens when the badge has ended."""
        if self._process is None or self._process.stdin is None:
            raise RuntimeError("the badge was never started")
        if command.get("at", 0) is None:
            del command["at"]
        if self._process.returncode is None:
            self._process.stdin.write(json.dumps(command).encode() + b"\n")

    async def _ask(self, answer: str, **command: Any) -> Event:
        waiting = self._expect(answer)
        self.send(**command)
        async with self._limited(STOP_LIMIT_S, f"answer '{command['cmd']}'"):
            return await waiting

    def _expect(self, name: str) -> asyncio.Future[Event]:
        waiting: asyncio.Future[Event] = asyncio.get_running_loop().create_future()
        if self._crash is not None:
            waiting.set_exception(BadgeCrashed(self._crash))
        else:
            self._waiting[name].append(waiting)
        return waiting

    @contextlib.asynccontextmanager
    async def _limited(self, limit_s: float, what: str):
        try:
            async with asyncio.timeout(limit_s):
                yield
        except TimeoutError:
            self.kill()
            raise BadgeCrashed(
                f"{self.name} did not {what} within {limit_s:g} s: does a step of its firmware loop?"
            ) from None

    async def _read(self, process: asyncio.subprocess.Process) -> None:
        """Takes the events of the process until it ends, within the hard limit of its life."""
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
                waiting.exception()  # a future that nobody awaits any more is no news
        self.events.put_nowait({"t": now_ms(), "event": "ended", "exit": code})

    def _take(self, event: Event) -> None:
        name = event["event"]
        if name == "i2s":
            self._ports[event["mode"]] = event
        elif name == "stats":
            self.last_stats = event
        elif name == "crashed":
            self._crash = f"{self.name}: the firmware raised an exception.\n{event['traceback']}"
        elif name == "refused":
            self._refuse(event)
        waiting = self._waiting[name]
        if waiting and not waiting[0].done():
            waiting[0].set_result(event)
        del waiting[:1]
        self.events.put_nowait(event)

    def _refuse(self, event: Event) -> None:
        """A command was not understood: whoever waits for its answer learns why."""
        answers = {"speak": "spoke", "stats": "stats"}
        with contextlib.suppress(ValueError, AttributeError):
            waiting = self._waiting[answers.get(json.loads(event["line"]).get("cmd"), "")]
            if waiting:
                waiting.pop(0).set_exception(PresselError(f"{self.name}: {event['reason']}."))
