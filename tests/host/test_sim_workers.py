"""Worker processes: every run comes back; what happens to a worker is said and cleaned up."""

from __future__ import annotations

import os
import shutil
import stat
import sys
from pathlib import Path
from typing import Any

import psutil
import pytest
from tests.patience import PATIENCE_S

from pressel.errors import UsageError
from pressel.sim.choice import Choice, specs_of
from pressel.sim.workers import (
    Interpreter,
    RunDied,
    interpreter,
    interpreters,
    outcomes,
    run_specs,
)

# What a worker does in these tests: seed 3 is its end, all others give its process number.
SCRIPT = """
import json, os, sys
for line in sys.stdin:
    spec = json.loads(line)
    {at_three}
    print(json.dumps({{"seed": spec["seed"], "pid": os.getpid()}}), flush=True)
"""


def facts(seed: int) -> dict[str, Any]:
    table = {"name": "nap"}
    return {
        "scenario": table,
        "profile": {"name": "moon"},
        "participants": 2,
        "protocol": "v2",
        "seed": seed,
    }


def python(at_three: str = "pass") -> Interpreter:
    script = SCRIPT.format(at_three=f"if spec['seed'] == 3: {at_three}")
    return Interpreter("fake", (sys.executable, "-c", script), dict(os.environ))


def test_every_run_comes_back_under_its_own_number() -> None:
    specs = [facts(seed) for seed in range(10, 30)]
    found = dict(run_specs(specs, python(), 3))
    assert sorted(found) == list(range(20))
    assert all(found[index]["seed"] == 10 + index for index in found)
    assert len({result["pid"] for result in found.values()}) <= 3


def test_no_run_needs_no_worker() -> None:
    assert list(run_specs([], python())) == []


def test_a_worker_that_dies_names_its_run_and_why() -> None:
    with pytest.raises(RunDied) as died:
        list(run_specs([facts(seed) for seed in range(5)], python("1 / 0"), 1))
    words = str(died.value)
    assert words.startswith("nap on moon, 2 participants, v2, seed 3, ended the simulator:")
    assert "Traceback" in words and "ZeroDivisionError" in words
    assert died.value.exit_code == 1


@pytest.mark.parametrize(
    ("at_three", "words"),
    [
        ("1 / 0", "ZeroDivisionError"),
        ("os._exit(7)", "it ended without a word, exit code 7"),
        ("os.kill(os.getpid(), 9)", "exit code -9"),
        ("print('so long', flush=True)", "in place of a result it said b'so long"),
    ],
)
def test_the_others_go_on(at_three: str, words: str) -> None:
    found = dict(outcomes([facts(seed) for seed in range(8)], python(at_three), 2))
    assert sorted(found) == list(range(8))
    died = found.pop(3)
    assert isinstance(died, RunDied) and words in died.last_words
    assert not any(isinstance(outcome, RunDied) for outcome in found.values())


def test_a_traceback_is_not_as_long_as_the_programs_patience() -> None:
    found = dict(outcomes([facts(3)], python("print('x\\n' * 10_000, file=sys.stderr); 1 / 0"), 1))
    died = found[0]
    assert isinstance(died, RunDied) and len(died.last_words.splitlines()) <= 12


def test_nothing_is_left_behind_when_nobody_wants_more() -> None:
    runs = outcomes([facts(seed) for seed in range(100)], python(), 2)
    first = next(runs)[1]
    children = psutil.Process().children()
    runs.close()
    assert isinstance(first, dict) and first["pid"] in [child.pid for child in children]
    for child in children:
        child.wait(timeout=PATIENCE_S)  # killed already; this only reaps what the test saw
        assert not child.is_running()


def test_a_python_that_cannot_be_started_is_not_waited_for() -> None:
    missing = Interpreter("fake", ("/nowhere/python",), dict(os.environ))
    with pytest.raises(FileNotFoundError):
        list(run_specs([facts(1)], missing, 1))


def test_an_old_pypy_is_no_pypy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, says in (("old", "echo 3 8"), ("broken", "exit 1"), ("new", "echo 3 9")):
        program = tmp_path / name / "pypy3"
        program.parent.mkdir()
        program.write_text(f"#!/bin/sh\n{says}\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
        monkeypatch.setenv("PATH", str(program.parent))
        found = [each.name for each in interpreters()]
        assert found == (["pypy", "cpython"] if name == "new" else ["cpython"])
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(UsageError, match=r"no PyPy 3\.9 or newer"):
        interpreter("pypy")
    assert interpreter(None).name == "cpython"


def test_workers_need_the_tree_only() -> None:
    environment = interpreter("cpython").environment
    places = environment["PYTHONPATH"].split(os.pathsep)
    assert [Path(place).name for place in places] == ["host", "shared"]
    assert "PYTHONHOME" not in environment


@pytest.mark.skipif(shutil.which("pypy3") is None, reason="pypy3 is not installed")
def test_a_run_is_the_same_on_both_pythons() -> None:
    specs = specs_of([Choice("mixed", "hostile", 8, seed=5)])
    here, there = (next(run_specs(specs, each))[1] for each in interpreters())
    assert here["digest"] == there["digest"]
    assert here["kpis"] == there["kpis"]
