"""One virtual badge: makes its flash, presses its button, speaks to it, keeps what it played.

All times are milliseconds of the host's monotonic clock (`now_ms`), which the badge's process
shares. Knows nothing of what the firmware says or does.
"""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pressel.errors import PresselError
from pressel.pack import FirmwareBuild
from pressel.pack.settings_file import settings_file
from pressel.tracebacks import Tracebacks

from .install import find_install
from .process import ANSWER_LIMIT_S, BadgeProcess, Event
from .recording import Recording, read_recording
from .shim_image import shim_image
from .stepped import nvs
from .stepped.heap import HEAP_BYTES, STAND_INS_BYTES

TRACED_HEAP_BYTES = 1 << 20  # sources and notes need more than a badge has; this one may grow
DEVICE = "020000000001"  # a MAC address that is marked as locally administered
RESET_EXIT = 3  # exit code of a badge whose firmware restarts it, as runtime/badge.mjs has it
LIMIT_S = 900.0  # no badge lives longer than this, whatever happens
START_LIMIT_S = 30.0


class VirtualBadge:
    """A badge in a process of its own. `events` gets every event, the last one being "ended"."""

    def __init__(
        self,
        name: str,
        *,
        firmware: FirmwareBuild,
        board: Mapping[str, Any],
        config: Mapping[str, Any],
        work: Path,
        device: str = DEVICE,
        key: bytes | None = None,
        files: Mapping[str, bytes] | None = None,
        limit_s: float = LIMIT_S,
        heap_bytes: int | None = None,
        trace: Path | None = None,
    ) -> None:
        """`board` and `config` become board.json and config.json in the flash, `files` more files
        there (by path); `work` is this badge's own folder, emptied of an earlier flash. `device`:
        what machine.unique_id() gives, hexadecimal. `key`: what it was flashed with. `trace`: a
        file for the executed lines, by file; needs a build of sources.
        """
        if trace is not None and not firmware.is_source:
            raise ValueError("executed lines need a build with source=True")
        self.name = name
        self.events: asyncio.Queue[Event] = asyncio.Queue()
        self.flash = work / "flash"
        self.errors = work / "stderr.txt"  # tracebacks, and what Node says
        self.last_stats: Event | None = None
        self._firmware = firmware
        self._files = {
            **(files or {}),
            "board.json": settings_file(board),
            "config.json": settings_file(config),
        }
        if key is not None:
            self._files[nvs.FILE] = nvs.provisioned(key).encode()
        self._board = board
        self._work = work
        self._device = device
        self._heap_bytes = heap_bytes or (TRACED_HEAP_BYTES if trace else HEAP_BYTES)
        self._trace = trace
        tracebacks = Tracebacks.beside(firmware.folder)
        self._process = BadgeProcess(name, limit_s, self._take, tracebacks.translate)
        self._ports: dict[str, Event] = {}  # mode -> its i2s event
        self._spoken = 0

    # --- life ---

    async def start(self) -> None:
        """Boots the badge; returns when its firmware is built and stepping.

        Raises `BadgeCrashed` with the traceback when the firmware does not get that far.
        """
        self._write_flash()
        await self._power_up()

    async def restart(self) -> None:
        """Boots again with the flash as it is, after its process has ended."""
        self._ports.clear()
        await self._power_up()

    async def _power_up(self) -> None:
        shims = self._work / "shims.romfs"
        shims.write_bytes(shim_image())
        options = {
            "shims": shims,
            "flash": self.flash,
            "recordings": self._work / "recordings",
            "heap": self._heap_bytes,
            "stand-ins": STAND_INS_BYTES,
            "id": self._device,
        }
        if self._trace:
            options["trace"] = self._trace
        args = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        command = find_install().command("badge.mjs", *args)
        await self._process.start(command, self.errors, START_LIMIT_S)

    async def stop(self) -> Event | None:
        """Ends the badge and returns its last statistics; None if it was killed before."""
        self.send(cmd="quit")
        await self.wait(ANSWER_LIMIT_S)
        return self.last_stats

    async def wait(self, limit_s: float | None = None) -> int:
        """Waits until the process has ended; returns its exit code. Kills it after `limit_s`."""
        return await self._process.wait(limit_s)

    def kill(self) -> None:
        """Ends the process at once, as a drained battery would."""
        self._process.kill()

    @property
    def pid(self) -> int:
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
        port = self._port("rx")
        self._spoken += 1
        file = self._work / f"spoken-{self._spoken}.pcm"
        file.write_bytes(np.ascontiguousarray(pcm, "<i2").tobytes())
        command = _command("speak", at, id=port["id"], pcm=str(file))
        answer = await self._process.ask(command)
        return answer["first_t"], answer["last_t"]

    async def stats(self) -> Event:
        """What the badge counts: heap, steps, lag of this machine, datagrams."""
        return await self._process.ask({"cmd": "stats"})

    def send(self, **command: Any) -> None:
        """Sends a command as it is; nothing happens when the badge has ended."""
        self._process.send(command)

    # --- what it heard and played ---

    @property
    def microphone(self) -> Recording:
        """All that the microphone has heard so far, give or take 0.3 s."""
        return self._recording("rx")

    @property
    def speaker(self) -> Recording:
        """All that the speaker has played so far, give or take 0.3 s."""
        return self._recording("tx")

    # --- inside ---

    def _write_flash(self) -> None:
        shutil.rmtree(self.flash, ignore_errors=True)
        shutil.copytree(self._firmware.folder, self.flash)
        for name, content in self._files.items():
            (self.flash / name).write_bytes(content)

    def _set_button(self, is_pressed: bool, at: float | None) -> None:
        button = self._board["button"]
        level = int(is_pressed != bool(button["active_low"]))
        self._process.send(_command("pin", at, pin=button["pin"], level=level))

    def _take(self, event: Event) -> None:
        if event["event"] == "i2s":
            self._ports[event["mode"]] = event
        elif event["event"] == "stats":
            self.last_stats = event
        self.events.put_nowait(event)

    def _port(self, mode: str) -> Event:
        if mode not in self._ports:
            what = {"rx": "microphone", "tx": "speaker"}[mode]
            raise PresselError(f"{self.name}: the firmware has opened no {what}.")
        return self._ports[mode]

    def _recording(self, mode: str) -> Recording:
        port = self._port(mode)
        return read_recording(Path(port["file"]), port["t0"], port["rate"])


def _command(name: str, at: float | None, **fields: Any) -> dict[str, Any]:
    return {"cmd": name, **fields, **({} if at is None else {"at": at})}
