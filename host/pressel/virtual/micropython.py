"""Runs tests and scripts of the shared engines on MicroPython, to see that both runtimes agree."""

from __future__ import annotations

import json
import signal
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from pressel.errors import PresselError
from pressel.tree import ROOT

from .install import find_install
from .stepped.limits import limit_cpu

PTT = ROOT / "shared" / "ptt"
VECTORS = "vectors"  # a folder beside the tests', with data that they read
HEAP_BYTES = 2 << 20
CPU_LIMIT_S = 120.0  # of CPU, so that a busy machine ends no run
_ELAPSED_MAX = 20  # times that; MicroPython waits for nothing here, so this ends only what hangs


@dataclass(frozen=True)
class SharedTest:
    """How one test ended; `error` is its traceback. An import that failed is test "<import>"."""

    file: Path
    test: str
    ok: bool
    error: str


def run_shared_tests(
    files: Iterable[Path],
    *,
    heap_bytes: int = HEAP_BYTES,
    capped: bool = False,
    limit_s: float = CPU_LIMIT_S,
) -> list[SharedTest]:
    """Runs every function test_* of test files that lie in one folder.

    They may import `ptt` and modules beside them, and read what lies in ../vectors. The heap grows
    when needed, unless `capped`; garbage is collected between tests, not during one. Raises
    `PresselError` when MicroPython itself fails or does not end within `limit_s` of CPU time.
    """
    files = list(files)
    if not files:
        return []
    (folder,) = {file.parent for file in files}
    args = ["--capped"] if capped else []
    args += ["--", *(file.name for file in files)]
    done = _run("run_tests.mjs", folder, args, heap_bytes, limit_s)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    results = [SharedTest(**{**line, "file": folder / line["file"]}) for line in lines]
    if done.returncode != (0 if all(result.ok for result in results) else 1):
        raise PresselError(f"MicroPython failed:\n{done.stderr.decode(errors='replace')}")
    return results


def run_script(
    script: Path,
    args: Sequence[str] = (),
    *,
    heap_bytes: int = HEAP_BYTES,
    traced: bool = False,
    limit_s: float = CPU_LIMIT_S,
) -> bytes:
    """Runs a file, which may import `ptt` and modules beside it; returns what it printed.
    `traced`: in the build that has sys.settrace.

    Raises `PresselError` with the traceback when it fails.
    """
    words = [*(["--traced"] if traced else []), "--", script.name, *args]
    done = _run("run_script.mjs", script.parent, words, heap_bytes, limit_s)
    if done.returncode != 0:
        text = done.stderr.decode(errors="replace").strip()
        raise PresselError(f"{script} failed on MicroPython (exit {done.returncode}).\n{text}")
    return done.stdout


def _run(
    program: str, folder: Path, args: list[str], heap_bytes: int, limit_s: float
) -> subprocess.CompletedProcess[bytes]:
    options = ["--package", str(PTT), "--folder", str(folder), "--heap", str(heap_bytes)]
    vectors = folder.parent / VECTORS
    if vectors.is_dir():
        options += ["--beside", str(vectors)]
    command = find_install().command(program, *options, *args)
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe) as process:
        limit_cpu(process.pid, limit_s)
        try:
            output, errors = process.communicate(timeout=limit_s * _ELAPSED_MAX)
        except subprocess.TimeoutExpired:
            process.kill()
            output, errors = process.communicate()
        if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
            words = " ".join(args)
            raise PresselError(f"MicroPython did not end within {limit_s:g} s: {words}.")
    return subprocess.CompletedProcess(command, process.returncode, output, errors)
