"""One stepped badge: real firmware whose time is whatever its caller says it is.

All times are milliseconds of the caller's virtual time. A badge that is not stepped is paused: at
its next step its sound buffers have run over or dry and its mailbox holds six datagrams, as on
hardware. Knows nothing of what the firmware says or does.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from pressel.tracebacks import Tracebacks

from . import frames, nvs
from .child import Child
from .crash import BadgeCrashed
from .frames import Arriving, Command, Deed, Pin, Press, Release, Speak, Stepped
from .heap import HEAP_BYTES, STAND_INS_BYTES
from .kit import Kit

LIMIT_S = 900.0  # processor time of one boot's life
TICKS_PERIOD_MS = 1 << 30
_MIX = 0x9E3779B9  # keeps the seeds of neighbours and of boots far apart
_MASK = 0xFFFFFFFF


class SteppedBadge:
    """Boots at once, beside others; the first step waits for the boot and tells its events."""

    def __init__(
        self,
        firmware: Path,
        board: Mapping[str, Any],
        config: Mapping[str, Any],
        device: str,
        seed: int,
        start_ms: float,
        work: Path,
        *,
        kit: Kit,
        key: bytes | None = None,
        ticks_ms: int | None = None,
        limit_s: float = LIMIT_S,
        heap_bytes: int = HEAP_BYTES,
    ) -> None:
        """`firmware`: a built folder. `board` and `config` become files in the flash, below the
        badge's own folder `work`, which is emptied of an earlier flash. `device`: machine.unique_id
        as hexadecimal. `key`: what it was flashed with, if it was. `ticks_ms`: what the badge's
        clock shows at each boot, else virtual time.
        """
        self.name = work.name
        self.flash = work / "flash"
        self.now_ms = start_ms
        self.resets = 0  # power cuts and the firmware's own
        self._board = board
        self._device = device
        self._seed = seed
        self._work = work
        self._kit = kit
        self._ticks_ms = ticks_ms
        self._limit_s = limit_s
        self._heap_bytes = heap_bytes
        self._firmware = firmware
        shutil.rmtree(self.flash, ignore_errors=True)
        shutil.copytree(firmware, self.flash)
        for name, record in (("board", board), ("config", config)):
            text = json.dumps(
                record, ensure_ascii=False
            )  # as pressel.pack.settings_file: see there
            (self.flash / f"{name}.json").write_text(text, "utf-8")
        if key is not None:
            (self.flash / nvs.FILE).write_text(nvs.provisioned(key), "utf-8")
        self._booted: Stepped | None = None
        self._child = self._boot()

    def step(
        self,
        now_ms: float,
        datagrams: Iterable[Arriving] = (),
        commands: Iterable[Command] = (),
    ) -> Stepped:
        """Moves the badge's clock to `now_ms`, does `commands`, brings `datagrams`, and lets the
        firmware run until it sleeps. Raises ValueError when time would go back, `BadgeCrashed`
        with the traceback when the firmware raises."""
        if now_ms < self.now_ms:
            raise ValueError(f"{self.name} is at {self.now_ms} ms and cannot go to {now_ms} ms")
        deeds = [self._deed(command) for command in commands]
        boot = self._finish_boot()
        self._child.send(frames.encode_step(now_ms, datagrams, deeds))
        self.now_ms = now_ms
        stepped = self._receive_stepped()
        if boot is None:
            return stepped
        return stepped._replace(events=boot.events + stepped.events, pins=boot.pins + stepped.pins)

    def reset(self, now_ms: float) -> None:
        """Cuts the power; the badge boots anew at `now_ms` with the flash that it left."""
        if now_ms < self.now_ms:
            raise ValueError(f"{self.name} is at {self.now_ms} ms and cannot go to {now_ms} ms")
        self._finish_boot()
        self._cut()
        self._restart(now_ms)

    def stats(self) -> dict[str, Any]:
        """What this boot counted: heap, steps, datagrams, sound lost."""
        self._booted = self._finish_boot()
        self._child.send(frames.STATS)
        return {**json.loads(frames.decode_text(self._receive())), "resets": self.resets}

    def stop(self) -> None:
        """Cuts the power for good; the flash stays in its folder."""
        self._finish_boot()
        self._cut()

    def kill(self) -> None:
        """Ends the process, whatever its state."""
        self._child.kill()

    @property
    def pid(self) -> int:
        return self._child.pid

    # --- inside ---

    def _boot(self) -> Child:
        shows_ms = int(self.now_ms) if self._ticks_ms is None else self._ticks_ms
        options = {
            "shims": self._kit.shims,
            "flash": self.flash,
            "heap": self._heap_bytes,
            "stand-ins": STAND_INS_BYTES,
            "id": self._device,
            "seed": (self._seed * _MIX + self.resets * 0x85EBCA6B) & _MASK,
            "start": self.now_ms,
            "ticks": shows_ms % TICKS_PERIOD_MS,
        }
        args = [text for name, value in options.items() for text in (f"--{name}", str(value))]
        self._is_booting = True
        command = [*self._kit.command, *args]
        return Child(self.name, command, self._work / "stderr.txt", self._limit_s)

    def _finish_boot(self) -> Stepped | None:
        """What the boot brought, once."""
        boot, self._booted = self._booted, None
        if self._is_booting:
            self._is_booting = False
            boot = frames.decode_stepped(self._receive())
            if boot.is_reset:  # it would do so again
                self._child.end()
                raise BadgeCrashed(f"{self.name}: the firmware restarts while it boots.")
        return boot

    def _restart(self, now_ms: float) -> None:
        self.now_ms = now_ms
        self.resets += 1
        self._booted = None
        self._child = self._boot()

    def _cut(self) -> None:
        self._child.send(frames.CUT)
        self._receive()
        self._child.end()

    def _receive(self) -> bytes:
        answer = self._child.receive()
        if answer[0] == frames.CRASHED:
            self._child.end()
            text = Tracebacks.beside(self._firmware).translate(frames.decode_text(answer))
            raise BadgeCrashed(f"{self.name}: the firmware raised an exception.\n{text}")
        return answer

    def _receive_stepped(self) -> Stepped:
        stepped = frames.decode_stepped(self._receive())
        if stepped.is_reset:
            self._child.end()
            self._restart(self.now_ms)
        return stepped

    def _deed(self, command: Command) -> Deed:
        if isinstance(command, (Press, Release)):
            button = self._board["button"]
            is_down = isinstance(command, Press)
            return Pin(button["pin"], int(is_down != bool(button["active_low"])))
        if isinstance(command, Speak) and command.at_ms < self.now_ms:
            raise ValueError(f"{self.name} has heard {command.at_ms} ms: it is {self.now_ms} ms")
        return command
