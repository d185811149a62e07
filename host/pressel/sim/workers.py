"""Runs on all cores: worker processes of the fastest Python that is here, a run's facts at a time.

Workers need the source tree and no packages; what they say is one JSON line a run.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import IO, Any

from pressel.errors import PresselError, UsageError

HOST = Path(__file__).resolve().parents[2]
PYPY_LEAST = (3, 9)  # what the simulator's heart is written in
_ERROR_LINES = 12  # of a dead worker's traceback
_PROBE_LIMIT_S = 20.0

Spec = Mapping[str, Any]


@dataclass(frozen=True)
class Interpreter:
    """A Python that can run the simulator's heart."""

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str]


def interpreters() -> list[Interpreter]:
    """Those that are here, the fastest first."""
    found = [_interpreter("cpython", sys.executable)]
    pypy = shutil.which("pypy3")
    if pypy and _is_new_enough(pypy):
        found.insert(0, _interpreter("pypy", pypy))
    return found


def interpreter(name: str | None) -> Interpreter:
    """The one called `name`, or the fastest; UsageError when it is not here."""
    for each in interpreters():
        if name in (None, each.name):
            return each
    raise UsageError("there is no PyPy 3.9 or newer here; Debian has it in the package pypy3")


def _interpreter(name: str, program: str) -> Interpreter:
    paths = (str(HOST), str(HOST.parent / "shared"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTHONHOME", None)
    return Interpreter(name, (program,), environment)


def _is_new_enough(program: str) -> bool:
    probe = "import sys; print(*sys.version_info[:2])"
    try:
        done = subprocess.run(
            [program, "-c", probe], stdout=subprocess.PIPE, text=True, timeout=_PROBE_LIMIT_S
        )
        major, minor = done.stdout.split()
    except (OSError, ValueError, subprocess.TimeoutExpired):
        return False
    return (int(major), int(minor)) >= PYPY_LEAST


def run_specs(
    specs: Sequence[Spec], using: Interpreter | None = None, processes: int | None = None
) -> Iterator[tuple[int, dict[str, Any]]]:
    """(index, result) of each of `specs`, as they finish. Raises PresselError, with the run that
    it died of, when a worker does."""
    using = using or interpreter(None)
    count = max(1, min(processes or os.cpu_count() or 1, len(specs)))
    todo = iter(list(enumerate(specs)))
    lock = threading.Lock()
    done: Queue[tuple[int, dict[str, Any] | PresselError]] = Queue()
    workers = [_Worker(using) for _ in range(count)]

    def serve(worker: _Worker) -> None:
        while True:
            with lock:
                index, spec = next(todo, (-1, None))
            if spec is None:
                return
            try:
                done.put((index, worker.run(spec)))
            except PresselError as error:
                done.put((index, error))
                return

    for worker in workers:
        threading.Thread(target=serve, args=(worker,), daemon=True).start()
    try:
        for _ in specs:
            index, result = done.get()
            if isinstance(result, PresselError):
                raise result
            yield index, result
    finally:
        for worker in workers:
            worker.close()


class _Worker:
    """One process, which ends when its input does."""

    def __init__(self, using: Interpreter) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with us
        self._process = subprocess.Popen(
            [*using.command, "-m", "pressel.sim.world"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(using.environment),
        )

    def run(self, spec: Spec) -> dict[str, Any]:
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(spec).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        if not line:
            raise PresselError(f"{_words(spec)} ended the simulator:\n{self._last_words()}")
        return json.loads(line)

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._errors.close()

    def _last_words(self) -> str:
        self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_ERROR_LINES:])


def _words(spec: Spec) -> str:
    scenario, profile = spec["scenario"]["name"], spec["profile"]["name"]
    return f"{scenario} on {profile}, {spec['participants']} participants, seed {spec['seed']},"
