"""How the suite itself works: what waits for `make proof`, which results of it are kept, what tests
cost."""

from __future__ import annotations

import itertools
import json
from pathlib import Path
from typing import Any, NamedTuple, cast

import pytest
from tests import costs, late, proof, run, sharing


def test_slices_share_the_tests_among_them() -> None:
    tests = [f"tests/a.py::test_{n}" for n in range(300)]
    slices = [[t for t in tests if proof.in_slice(t, f"{i}/5")] for i in range(1, 6)]
    assert sorted(itertools.chain(*slices)) == sorted(tests)
    assert all(len(each) > 30 for each in slices)


def test_another_seed_deals_otherwise() -> None:
    tests = [f"tests/a.py::test_{n}" for n in range(300)]
    dealt = {seed: [t for t in tests if proof.in_slice(t, "1/5", seed)] for seed in ("a", "b")}
    assert dealt["a"] != dealt["b"]


@pytest.mark.parametrize("wanted", ["", "3", "0/5", "6/5", "1/0", "a/b", "1/5/2"])
def test_a_slice_that_makes_no_sense_is_refused(wanted: str) -> None:
    with pytest.raises(pytest.UsageError, match="like 2/5"):
        proof.in_slice("tests/a.py::test_a", wanted)


class Item:
    """As much of pytest's item as a sweep needs."""

    def __init__(self, nodeid: str, sweep: int | None) -> None:
        self.nodeid = nodeid
        self.marks: list[str] = []
        self._sweep = None if sweep is None else pytest.mark.sweep(sweep).mark

    def get_closest_marker(self, name: str) -> pytest.Mark | None:
        assert name == "sweep"
        return self._sweep

    def add_marker(self, mark: pytest.MarkDecorator) -> None:
        self.marks.append(mark.name)


def test_a_sweep_leaves_its_rest_to_the_proofs() -> None:
    ids = [("a.py::test_a[1]", 2), ("a.py::test_a[2]", 2), ("a.py::test_a[3]", 2)]
    items = [Item(*each) for each in [*ids, ("a.py::test_b[1]", 1), ("a.py::test_c", None)]]
    proof.mark_sweeps(cast(list[pytest.Item], items))
    assert [item.nodeid for item in items if item.marks == ["proof"]] == ["a.py::test_a[3]"]


def test_what_passed_is_kept_for_its_tree_alone(tmp_path: Path) -> None:
    file = tmp_path / "proof" / "passed.json"
    passed = proof.Passed(file, "this tree")
    passed.add("one", 1.23456)
    passed.add("two", 2)
    assert proof.Passed(file, "this tree").tests == {"one": 1.23, "two": 2}
    assert proof.Passed(file, "another tree").tests == {}


@pytest.mark.parametrize("content", ["", "[]", "{}", '{"tree": "this tree"}', "\xff"])
def test_a_file_of_passes_that_is_broken_counts_for_nothing(tmp_path: Path, content: str) -> None:
    file = tmp_path / "passed.json"
    file.write_bytes(content.encode("latin-1"))
    assert proof.Passed(file, "this tree").tests == {}


def test_the_tree_s_digest_sees_a_change(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proof, "ROOT", tmp_path)
    for name in ("host", "shared", "firmware", "boards", "tests"):
        (tmp_path / name).mkdir()
    (tmp_path / "pyproject.toml").write_text("")
    before = proof.tree_digest()
    (tmp_path / "host" / "__pycache__").mkdir()
    (tmp_path / "host" / "__pycache__" / "x.pyc").write_text("x")
    assert proof.tree_digest() == before
    (tmp_path / "host" / "x.py").write_text("x = 1")
    assert proof.tree_digest() != before


def test_the_dearest_files_come_first() -> None:
    spent = {f"tests/{n}.py": [float(n), 2.0 * n, 1.0] for n in range(20)}
    lines = costs.table(spent)
    assert lines[0].endswith("the 10 dearest files")
    assert lines[1] == "  19.0 s    38.0 s   tests/19.py"
    assert lines[10] == "  10.0 s    20.0 s   tests/10.py"
    assert lines[11] == " 190.0 s   380.0 s   all 20 files"


@pytest.mark.parametrize(
    ("codes", "code"),
    [([0, 0], 0), ([0, 5], 0), ([5, 0], 0), ([5, 5], 5), ([0, 1], 1), ([2, 1], 2)],
)
def test_the_suite_fails_when_either_part_does(codes: list[int], code: int) -> None:
    assert run.verdict(codes) == code


@pytest.mark.parametrize(
    ("codes", "failed", "again"),
    [
        ([0, 1], {"b": True, "a": True}, ["a", "b"]),
        ([5, 1], {"a": True}, ["a"]),
        ([1, 1], {"a": True, "b": False}, []),  # a fault of ours
        ([0, 0], {}, []),
        ([2, 1], {"a": True}, []),  # stopped by somebody
    ],
)
def test_what_the_machine_served_late_gets_one_more_chance(
    codes: list[int], failed: dict[str, bool], again: list[str]
) -> None:
    assert run.owed_a_chance(codes, failed) == again


def test_no_test_of_mutants_waits_for_a_proof() -> None:
    """A test that finds planted faults is worth nothing when it is left out."""
    files = [file for file in proof.ROOT.glob("tests/**/*.py") if "mutants" in file.name]
    assert len(files) >= 5
    assert [file for file in files if "mark.proof" in file.read_text("utf-8")] == []


def test_a_proof_whose_parts_have_all_passed_before_is_no_failure() -> None:
    assert run.verdict([5, 5], is_proof=True) == 0
    assert run.verdict([5, 1], is_proof=True) == 1


INNER = """
import pytest

def test_short(): pass

@pytest.mark.proof
@pytest.mark.parametrize("n", range(3))
def test_long(n):
    assert n != 1 or not __import__("os").environ.get("PLANTED")
"""


@pytest.fixture
def inner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(proof, "KEPT", tmp_path / "passed.json")
    for name in (proof.SLICE, proof.SEED, costs.FILE, late.FILE):
        monkeypatch.delenv(name, raising=False)
    (tmp_path / "test_inner.py").write_text(INNER)
    return tmp_path


def outcomes(folder: Path, *options: str, file: str = "test_inner.py") -> dict[str, str]:
    """How each test of the folder that ran ended, in a pytest of its own with our plugins."""
    ended: dict[str, str] = {}

    class Watch:
        def pytest_configure(self, config: pytest.Config) -> None:
            config.pluginmanager.register(costs.CostsPlugin())
            config.pluginmanager.register(proof.ProofPlugin(config))
            config.pluginmanager.register(late.LatePlugin())

        def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
            if report.when == "call" and report.outcome != "rerun":
                ended[report.nodeid.partition("::")[2]] = report.outcome
                assert report.cpu_s >= 0  # pyright: ignore[reportAttributeAccessIssue]

    words = ["-q", "-p", "no:cacheprovider", "-c", str(folder / "none.toml"), *options]
    words.append("--import-mode=importlib")
    (folder / "none.toml").write_text('[tool.pytest]\nmarkers = ["proof", "e2e"]\n')
    pytest.main([*words, str(folder / file)], plugins=[Watch()])
    return ended


@pytest.mark.parametrize("options", [(), ("-m", "not proof")])
def test_make_test_leaves_the_long_ones_out(inner: Path, options: tuple[str, ...]) -> None:
    assert outcomes(inner, *options) == {"test_short": "passed"}
    assert not proof.KEPT.exists()


def test_make_proof_goes_on_with_what_has_not_passed(
    inner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PLANTED", "1")
    assert outcomes(inner, "-m", "proof") == {
        "test_long[0]": "passed",
        "test_long[1]": "failed",
        "test_long[2]": "passed",
    }
    assert len(json.loads(proof.KEPT.read_text("utf-8"))["passed"]) == 2
    monkeypatch.delenv("PLANTED")
    assert outcomes(inner, "-m", "proof") == {"test_long[1]": "passed"}
    assert outcomes(inner, "-m", "proof") == {}


def test_a_slice_runs_its_own_part(inner: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[str] = []
    for part in ("1/2", "2/2"):
        monkeypatch.setenv(proof.SLICE, part)
        ran += outcomes(inner, "-m", "proof")
    assert sorted(ran) == ["test_long[0]", "test_long[1]", "test_long[2]"]


BUSY = """
import pytest
from tests import late

tried = {"late": 0, "ours": 0, "in time": 0}

@pytest.fixture
def machine():
    late.LateWatch.is_machine_late = True

@pytest.mark.e2e
def test_late(machine):
    tried["late"] += 1
    assert tried["late"] == 2

@pytest.mark.e2e
def test_ours(machine):
    tried["ours"] += 1
    assert tried["ours"] == 0

@pytest.mark.e2e
def test_in_time():
    late.LateWatch.is_machine_late = False
    tried["in time"] += 1
    assert tried["in time"] == 2

def test_tried():
    assert tried == {"late": 2, "ours": 2, "in time": 1}
"""


def test_what_a_late_machine_failed_runs_anew_and_a_fault_of_ours_comes_again(
    inner: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (inner / "test_busy.py").write_text(BUSY)
    monkeypatch.setattr(late.LateWatch, "is_machine_late", False)  # put back after all of them
    monkeypatch.setenv(late.FILE, str(inner / "failed"))
    assert outcomes(inner, file="test_busy.py") == {
        "test_late": "passed",
        "test_ours": "failed",
        "test_in_time": "failed",
        "test_tried": "passed",
    }
    failed = json.loads((inner / "failed").read_text("utf-8"))
    assert {test.partition("::")[2]: was_late for test, was_late in failed.items()} == {
        "test_ours": True,
        "test_in_time": False,
    }
    reasons = [each for each in capsys.readouterr().out.splitlines() if "ran anew" in each]
    assert [each.partition("::")[2] for each in reasons] == [
        "test_late: assert 1 == 2",
        "test_ours: assert 1 == 0",
    ]


@pytest.mark.parametrize(("idle_s", "is_late"), [(0.9, False), (0.1, True)])
def test_a_machine_without_rest_is_late(
    idle_s: float, is_late: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Who only sleeps is served in time there all the same."""

    class Times(NamedTuple):
        user: float
        idle: float

    seen = Times(0.0, 0.0)
    monkeypatch.setattr(late.psutil, "cpu_times", lambda: seen)
    watch = late.LateWatch()
    watch.end()
    watch.late_ms_max = 0.0
    seen = Times(2.0 - idle_s, idle_s)
    assert watch.is_machine_late == is_late


LATE_PROOF = """
import pytest
from tests import late

@pytest.mark.proof
@pytest.mark.e2e
def test_late():
    late.LateWatch.is_machine_late = True
    assert False
"""


def test_a_proof_that_failed_on_a_late_machine_has_not_passed(
    inner: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ran anew and failed again, and so it is owed its last chance."""
    (inner / "test_late.py").write_text(LATE_PROOF)
    monkeypatch.setattr(late.LateWatch, "is_machine_late", False)  # put back after all of them
    for _ in range(2):
        assert outcomes(inner, "-m", "proof", file="test_late.py") == {"test_late": "failed"}


def test_flashing_stays_on_one_worker() -> None:
    dealt = cast(Any, sharing.Sharing)._split_scope
    shared = object.__new__(sharing.Sharing)
    assert dealt(shared, "tests/flash/test_a.py::test_a") == dealt(
        shared, "tests/flash/test_b.py::test_b"
    )
    assert dealt(shared, "tests/host/test_a.py::test_a") == "tests/host/test_a.py"
