"""Runs the whole suite: `python -m tests.run test [words for pytest]`, or `proof`.

Tests in real time mostly wait, so the others run beside them, one worker per core and at lower
priority: a test that waits for the clock is served first. The output of the tests in real time
comes last. What failed on a machine that served it late runs once more when the others are done.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests import costs, late

ROOT = Path(__file__).resolve().parents[1]
BUILD = ROOT / "build" / "test"
WORKERS_MAX = 4  # more would only start processes that have little to do
NICE = 10  # a tenth of what the clock's tests get where both want a core, yet not nothing

_OK = 0
_FAILED = 1
_INTERRUPTED = 2  # pytest's own codes
_NO_TESTS = 5
_SUITES = {
    "test": ("not e2e and not proof", "e2e and not proof", ("-q",)),
    "proof": ("proof and not e2e", "proof and e2e", ("-v",)),
}


def command(marks: str, words: list[str], *more: str) -> list[str]:
    return [sys.executable, "-m", "pytest", "-m", marks, *more, *words]


def files_in_real_time() -> list[str]:
    """Those that have such tests: reading all the others takes many seconds."""
    files = sorted((ROOT / "tests").rglob("test_*.py"))
    return [str(file) for file in files if "pytest.mark.e2e" in file.read_text("utf-8")]


def environment(name: str) -> dict[str, str]:
    """Costs are kept, and numpy has one thread: a worker a core leaves no core for more. Bytecode
    is kept, too, whatever this shell says: tests start hundreds of commands, and each would compile
    the sources again."""
    threads = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
    kept = {"PYTHONDONTWRITEBYTECODE": ""}
    told = {costs.FILE: str(BUILD / f"{name}.costs"), late.FILE: str(BUILD / f"{name}.failed")}
    return {**threads, **os.environ, **kept, **told}


def told(what: str) -> dict[str, Any]:
    """What all parts wrote of their `costs`, or what `failed`."""
    summed: dict[str, Any] = {}
    for file in BUILD.glob(f"*.{what}"):
        summed.update(json.loads(file.read_text("utf-8")))
    return summed


def owed_a_chance(codes: list[int], failed: dict[str, bool]) -> list[str]:
    """The tests that failed, if all of them did on a machine that served them late, and nothing
    else was wrong."""
    bad = {code for code in codes if code not in (_OK, _NO_TESTS)}
    return sorted(failed) if bad == {_FAILED} and all(failed.values()) else []


def verdict(codes: list[int], *, is_proof: bool = False) -> int:
    """The exit code of both together. One of them may have had nothing to do, and in a proof even
    both: all of it may have passed before."""
    bad = [code for code in codes if code not in (_OK, _NO_TESTS)]
    return bad[0] if bad else _OK if is_proof else min(codes)


def run(suite: str, words: list[str]) -> int:
    shared, real_time, options = _SUITES[suite]
    BUILD.mkdir(parents=True, exist_ok=True)
    for old in (*BUILD.glob("*.costs"), *BUILD.glob("*.failed")):
        old.unlink()
    log = BUILD / "real-time.log"
    count = min(os.cpu_count() or 1, WORKERS_MAX)
    workers = ("-n", str(count))  # tests/sharing.py deals them out
    with log.open("wb") as out:
        beside = subprocess.Popen(
            command(real_time, words or files_in_real_time(), *options),
            env=environment("real-time"),
            stdout=out,
            stderr=subprocess.STDOUT,
        )
        codes = []
        try:
            nice = ["nice", "-n", str(NICE)]
            codes.append(
                subprocess.call(
                    [*nice, *command(shared, words, *options, *workers)], env=environment("shared")
                )
            )
            codes.append(beside.wait())
        except KeyboardInterrupt:  # both were told, too
            beside.send_signal(signal.SIGINT)
            beside.wait()
            codes = [_INTERRUPTED]
    print("\n=== in real time", flush=True)
    sys.stdout.write(log.read_text("utf-8", "replace"))
    found = told("costs")
    if len(found) > 1:
        print("", *costs.table(found), sep="\n")
    again = owed_a_chance(codes, told("failed"))
    if again:
        print(f"\n=== once more, {len(again)} that the machine served late", flush=True)
        chosen = "proof" if suite == "proof" else "not proof"
        codes = [subprocess.call(command(chosen, again, *options), env=environment("again"))]
    return verdict(codes, is_proof=suite == "proof")


if __name__ == "__main__":
    sys.exit(run(sys.argv[1], sys.argv[2:]))
