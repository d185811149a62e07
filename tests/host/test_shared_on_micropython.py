"""The tests of the shared engines again, on MicroPython; and the same run on both, byte by byte.

Whole venues take the paths that the traced ones take, so their own tests on MicroPython belong to
`make proof`.
"""

from __future__ import annotations

import os
import random
import subprocess
import sys
from pathlib import Path

import pytest

from pressel.virtual.micropython import run_script, run_shared_tests

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "tests" / "shared"
SCRIPT = SHARED / "trace_script.py"
SCENES = ("bursts", "takeover", "calls", "outage")
SEEDS = (1, pytest.param(2, marks=pytest.mark.proof))


def count_tests(file: Path) -> int:
    return file.read_text("utf-8").count("\ndef test_")


def marked(file: Path) -> object:
    marks = (pytest.mark.proof,) if file.name.startswith("test_venue_") else ()
    return pytest.param(file, marks=marks, id=file.stem)


@pytest.mark.parametrize("file", [marked(file) for file in sorted(SHARED.glob("test_*.py"))])
def test_on_micropython(file: Path) -> None:
    results = run_shared_tests([file])
    failures = [f"{result.test}\n{result.error}" for result in results if not result.ok]
    assert not failures, "\n\n".join(failures)
    assert len(results) == count_tests(file)


def trace_on_cpython(*args: str) -> bytes:
    """What the script prints under a hash seed of its own, so that no set's order is relied on."""
    environment = {
        **os.environ,
        "PYTHONHASHSEED": str(random.randrange(1 << 32)),
        "PYTHONPATH": str(ROOT),
    }
    return subprocess.run(
        [sys.executable, str(SCRIPT), *args], check=True, stdout=subprocess.PIPE, env=environment
    ).stdout


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("scene", SCENES)
def test_a_venue_lives_the_same_life_on_both_runtimes(scene: str, seed: int) -> None:
    on_cpython = trace_on_cpython(scene, str(seed))
    assert on_cpython.count(b"\n") > 200
    assert b" floor_granted " in on_cpython
    assert b" lost " in on_cpython
    assert run_script(SCRIPT, [scene, str(seed)]) == on_cpython


def test_a_difference_is_noticed() -> None:
    """Another seed, and one sample of one badge: both change the trace."""
    trace = trace_on_cpython("bursts", "1")
    assert trace_on_cpython("bursts", "1") == trace
    assert trace_on_cpython("bursts", "2") != trace
    assert trace_on_cpython("bursts", "1", "planted") != trace
