"""What an emulated badge's MicroPython runs: the firmware of its flash, or the prompt.

Both are processes on real MicroPython over a folder that holds the flash's files. The firmware runs
as in a virtual badge, only without its memory limit: all that matters is what it prints.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import time
from pathlib import Path

from pressel.virtual.install import find_install
from pressel.virtual.shim_image import shim_image

SOFT_RESET, SOFT_RESET_RAW, HARD_RESET = "soft reset", "soft reset, raw", "reset"
INTERRUPTED = "interrupted"

_REPL = Path(__file__).with_name("repl.mjs")
_REPL_ENDS = {4: SOFT_RESET, 5: SOFT_RESET_RAW}  # by exit code, as repl.mjs has them
_END_S = 10.0
_HEAP_BYTES = 1 << 20
_INTERRUPT, _ENTER = 3, 13
_AGAIN_S = 2.0  # as firmware/hal/console.py


class Program:
    """One process; `end` tells how it ended. `held`: input for what runs next."""

    held = b""

    def __init__(self, command: list[str]) -> None:
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, bufsize=0
        )
        assert self._process.stdin and self._process.stdout
        self._input, self._output = self._process.stdin, self._process.stdout

    def fileno(self) -> int:
        return self._output.fileno()

    def close(self) -> int:
        """End it; its exit code. The folder then holds what it wrote."""
        with contextlib.suppress(BrokenPipeError):
            self._input.close()
        try:
            code = self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            code = self._process.wait()
        self._output.close()
        return code

    def read(self) -> bytes | None:
        """What the serial port shows next, maybe nothing; None at the end."""
        return self._output.read(65536) or None

    def write(self, data: bytes) -> None:
        with contextlib.suppress(BrokenPipeError):
            self._input.write(data)


class Repl(Program):
    """The prompt; `is_raw`: the raw one, as after a soft reset there."""

    def __init__(
        self,
        scratch: Path,
        mac: bytes,
        chip: str,
        faults: dict[str, int | bool],
        *,
        is_raw: bool = False,
    ) -> None:
        install = find_install()
        words = ["--no-warnings", str(_REPL), "--modules", str(install.modules)]
        words += ["--chip", chip, "--faults", json.dumps(faults)]
        super().__init__([str(install.node), *words, *_places(scratch, mac)] + ["--raw"] * is_raw)

    def end(self) -> str:
        return _REPL_ENDS.get(self.close(), "")


class Firmware(Program):
    """main.py. Ctrl-C twice, or behind Enter, interrupts it; an exception ends in its traceback."""

    def __init__(self, scratch: Path, mac: bytes) -> None:
        sounds = ("--recordings", str(scratch / "recordings"), "--heap", str(_HEAP_BYTES))
        super().__init__(find_install().command("badge.mjs", *_places(scratch, mac), *sounds))
        self._rest = b""
        self._end = ""
        self._asked_s: float | None = None
        self._before = 0  # the last key

    def write(self, data: bytes) -> None:
        """It listens to Ctrl-C only; what follows that is `held` for the prompt."""
        for at, byte in enumerate(data):
            if self._end:
                self.held += data[at:]
                return
            before, self._before = self._before, byte
            if byte != _INTERRUPT:
                continue
            now_s = time.monotonic()
            is_again = self._asked_s is not None and now_s - self._asked_s <= _AGAIN_S
            if is_again or before == _ENTER:
                self._end = INTERRUPTED
                self._input.close()
            self._asked_s = now_s

    def read(self) -> bytes | None:
        data = super().read()
        if data is None:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return b"".join(self._shown(json.loads(line)) for line in lines if line)

    def _shown(self, event: dict) -> bytes:
        text = {"log": "line", "crashed": "traceback"}.get(event["event"])
        if event["event"] == "reset":
            self._end = HARD_RESET
        return (event[text].replace("\n", "\r\n") + "\r\n").encode() if text else b""

    def end(self) -> str:
        self.close()
        return self._end


def _places(scratch: Path, mac: bytes) -> list[str]:
    shims = scratch / "shims"
    if not shims.exists():
        shims.write_bytes(shim_image())
    return ["--shims", str(shims), "--flash", str(scratch / "flash"), "--id", mac.hex()]
