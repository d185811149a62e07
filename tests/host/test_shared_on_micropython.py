"""The tests of the shared engines again, on MicroPython; and the same run on both, byte by byte.

The tests of whole venues, and of the wings that never reach a badge, belong to `make proof` there:
the traced venues take these paths on MicroPython, too.
"""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest

from pressel.virtual.micropython import SharedTest, run_script, run_shared_tests

ROOT = Path(__file__).resolve().parents[2]
SHARED = ROOT / "tests" / "shared"
PTT = ROOT / "shared" / "ptt"
SCRIPT = SHARED / "trace_script.py"
COMPILER = SHARED / "compile_script.py"
SCENES = ("bursts", "takeover", "calls", "outage")
HOSTS_WINGS = {"cluster", "fanout", "leader"}
SEEDS = (1, pytest.param(2, marks=pytest.mark.proof))


def count_tests(file: Path) -> int:
    return file.read_text("utf-8").count("\ndef test_")


def is_of_hosts(file: Path) -> bool:
    """Whether it tries a wing that only hosts carry."""
    wings = set(re.findall(r"^from ptt\.(\w+)", file.read_text("utf-8"), re.MULTILINE))
    return bool(wings & HOSTS_WINGS) and "badge" not in wings


def marked(file: Path) -> object:
    waits = file.name.startswith("test_venue_") or is_of_hosts(file)
    return pytest.param(file, marks=(pytest.mark.proof,) if waits else (), id=file.stem)


@pytest.fixture(scope="module")
def results_of_units(request: pytest.FixtureRequest) -> dict[Path, list[SharedTest]]:
    """Of all unit files that are wanted, run by one process: starting it costs as much as most of
    them."""
    items = [each for each in request.session.items if isinstance(each, pytest.Function)]
    of_files = [each for each in items if each.originalname == test_on_micropython.__name__]
    files = [Path(str(each.callspec.params["file"])) for each in of_files if not is_proof(each)]
    results: dict[Path, list[SharedTest]] = {file: [] for file in files}
    for result in run_shared_tests(files):
        results[result.file].append(result)
    return results


def is_proof(item: pytest.Function) -> bool:
    return item.get_closest_marker("proof") is not None


@pytest.mark.parametrize("file", [marked(file) for file in sorted(SHARED.glob("test_*.py"))])
def test_on_micropython(file: Path, request: pytest.FixtureRequest) -> None:
    if is_proof(request.node):
        results = run_shared_tests([file])
    else:
        results = request.getfixturevalue("results_of_units")[file]
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


def test_every_file_can_be_read_by_micropython() -> None:
    """Those, too, that only `make proof` runs there: it reads less of the language."""
    expected = sum(1 for root in (PTT, SHARED) for _ in root.rglob("*.py"))
    assert run_script(COMPILER, ["/lib/ptt", "/tree/tests/shared"]).decode() == f"{expected}\n"


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
