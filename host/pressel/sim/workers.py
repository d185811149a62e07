"""Runs on all cores: worker processes of the fastest Python that is here, each with one run's facts
at a time.

Workers need the source tree and no packages; they write one JSON line a run. There are as many runs
in memory as workers.
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
from collections.abc import Generator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from queue import Queue
from typing import IO, Any

from pressel.errors import PresselError, UsageError

HOST = Path(__file__).resolve().parents[2]
PYTHONS = ("pypy", "cpython")
PYPY_LEAST = (3, 9)  # what the simulator's heart is written in
_ERROR_LINES = 12  # of a dead worker's traceback
_PROBE_LIMIT_S = 20.0
# A run is short and made of many small parts: by default PyPy would compile half of them only when
# the run is over. Measured: 1.4 times as fast in the first ten seconds of a worker, 1.9 times
# later.
_PYPY_JIT = "function_threshold=400,threshold=300,trace_eagerness=60"
_PYPY_NURSERY = "16M"  # a packet's objects die before it is full: takes a quarter less time than 4M

Spec = Mapping[str, Any]
Result = dict[str, Any]
Outcomes = Generator["tuple[int, Result | RunDied]", None, None]  # (index, result)


class RunDied(PresselError):
    """A worker ended in a run instead of giving its result; says which run and why."""

    def __init__(self, spec: Spec, last_words: str) -> None:
        super().__init__(f"{_words(spec)} ended the simulator:\n{last_words}")
        self.last_words = last_words


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
        found.insert(0, _interpreter("pypy", pypy, "--jit", _PYPY_JIT))
    return found


def interpreter(name: str | None) -> Interpreter:
    """The one called `name`, or the fastest; UsageError when it is not here."""
    for each in interpreters():
        if name in (None, each.name):
            return each
    least = ".".join(map(str, PYPY_LEAST))
    raise UsageError(f"there is no PyPy {least} or newer here; Debian has it in the package pypy3")


def _interpreter(name: str, program: str, *options: str) -> Interpreter:
    paths = (str(HOST), str(HOST.parent / "shared"))
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths)}
    environment.pop("PYTHONHOME", None)
    environment.pop("PYTHONOPTIMIZE", None)  # engines say by assertions what must never be
    if name == "pypy":
        environment.setdefault("PYPY_GC_NURSERY", _PYPY_NURSERY)
    return Interpreter(name, (program, *options), environment)


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
) -> Iterator[tuple[int, Result]]:
    """(index, result) of each of `specs`, as they finish; raises the first RunDied."""
    with contextlib.closing(outcomes(specs, using, processes)) as finished:
        for index, outcome in finished:
            if isinstance(outcome, RunDied):
                raise outcome
            yield index, outcome


def outcomes(
    specs: Sequence[Spec], using: Interpreter | None = None, processes: int | None = None
) -> Outcomes:
    """As `run_specs`, but a run that died is an outcome, too, and the others go on.

    All workers end when the iterator is closed."""
    team = _Team(specs, using or interpreter(None))
    try:
        team.start(max(1, min(processes or os.cpu_count() or 1, len(specs))))
        for _ in specs:
            index, outcome = team.done.get()
            if not isinstance(outcome, (dict, RunDied)):
                raise outcome
            yield index, outcome
    finally:
        team.close()


class _Team:
    """Workers, a thread for each, and what they have to do and have done."""

    def __init__(self, specs: Sequence[Spec], using: Interpreter) -> None:
        self.done: Queue[tuple[int, Result | BaseException]] = Queue()
        self._todo = iter(enumerate(specs))
        self._using = using
        self._lock = threading.Lock()
        self._workers: dict[int, Worker] = {}  # by thread
        self._is_closed = False

    def start(self, count: int) -> None:
        for number in range(count):
            threading.Thread(target=self._serve, args=(number,), daemon=True).start()

    def close(self) -> None:
        with self._lock:
            self._is_closed = True
            for worker in self._workers.values():
                worker.close()

    def _serve(self, number: int) -> None:
        index = -1
        try:
            while True:
                with self._lock:
                    index, spec = next(self._todo, (-1, None))
                    if spec is None or self._is_closed:
                        return
                    worker = self._workers.get(number)
                    if worker is None:
                        worker = self._workers[number] = Worker(self._using)
                self.done.put((index, self._run(number, worker, spec)))
        except (
            BaseException
        ) as error:  # such as a Python that cannot be started: not to be waited for
            self.done.put((index, error))

    def _run(self, number: int, worker: Worker, spec: Spec) -> Result | RunDied:
        try:
            return worker.run(spec)
        except RunDied as error:
            with self._lock:
                self._workers.pop(number).close()
            return error


class Worker:
    """One process, which ends when its input ends. It ignores Ctrl-C: its parent ends it."""

    def __init__(self, using: Interpreter) -> None:
        self._errors: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115  closed with us
        self._process = subprocess.Popen(
            [*using.command, "-m", "pressel.sim.world"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._errors,
            env=dict(using.environment),
            start_new_session=True,
        )

    def run(self, spec: Spec) -> Result:
        assert self._process.stdin is not None and self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(spec).encode() + b"\n")
            self._process.stdin.flush()
        line = self._process.stdout.readline()
        try:
            return json.loads(line)
        except ValueError as error:
            raise RunDied(spec, self._last_words(line)) from error

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        for pipe in (self._process.stdin, self._process.stdout, self._errors):
            if pipe is not None:
                with contextlib.suppress(BrokenPipeError):  # what it will not read any more
                    pipe.close()

    def _last_words(self, line: bytes) -> str:
        """Its traceback, or else what it said instead of a result."""
        if line:
            return f"in place of a result it said {line[:200]!r}"
        code = self._process.wait()
        self._errors.seek(0)
        lines = self._errors.read().decode(errors="replace").splitlines()
        return "\n".join(lines[-_ERROR_LINES:]) or f"it ended without a word, exit code {code}"


def _words(spec: Spec) -> str:
    scenario, profile = spec["scenario"]["name"], spec["profile"]["name"]
    return (
        f"{scenario} on {profile}, {spec['participants']} participants, {spec['protocol']}, "
        f"seed {spec['seed']},"
    )
