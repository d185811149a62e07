"""The long sweeps, marked `proof`: `make test` leaves them out, `make proof` runs them. Of a test
marked `sweep(n)` the first n sets of parameters are in `make test`, the others are proofs.

What has passed is kept in build/proof, for exactly the tree that it passed in, so that a run which
was stopped goes on. `PRESSEL_SLICE` is `i/n`, one of n parts of about equal size;
`PRESSEL_SLICE_SEED` deals the tests out otherwise, so that CI sees all of them in time.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import zlib
from collections.abc import Generator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
KEPT = ROOT / "build" / "proof" / "passed.json"
SLICE = "PRESSEL_SLICE"
SEED = "PRESSEL_SLICE_SEED"

_OF_THE_TREE = ("host", "shared", "firmware", "boards", "tests", "pyproject.toml")
_SKIPPED = {"__pycache__", "build", "node_modules"}


def tree_digest() -> str:
    """Of all that a proof depends on."""
    digest = hashlib.sha256()
    for name in _OF_THE_TREE:
        top = ROOT / name
        for file in sorted(top.rglob("*")) if top.is_dir() else [top]:
            if file.is_file() and not _SKIPPED.intersection(file.parts[len(ROOT.parts) :]):
                content = file.read_bytes()
                digest.update(f"{file.relative_to(ROOT)} {len(content)} ".encode() + content)
    return digest.hexdigest()


class Passed:
    """The tests that have passed in this tree, with their seconds of CPU."""

    def __init__(self, file: Path, digest: str) -> None:
        self._file = file
        self._digest = digest
        self.tests: dict[str, float] = {}
        try:
            content = json.loads(file.read_text("utf-8"))
            if content["tree"] == digest:
                self.tests = content["passed"]
        except (OSError, ValueError, KeyError, TypeError):
            pass

    def add(self, test: str, cpu_s: float) -> None:
        self.tests[test] = round(cpu_s, 2)
        self._file.parent.mkdir(parents=True, exist_ok=True)
        new = self._file.with_name(f"{self._file.name}-{os.getpid()}")
        new.write_text(json.dumps({"tree": self._digest, "passed": self.tests}, indent=1), "utf-8")
        new.replace(self._file)


def in_slice(test: str, wanted: str, seed: str = "") -> bool:
    """Is the test of this name in the slice `i/n`?"""
    parts = re.fullmatch(r"(\d+)/(\d+)", wanted)
    if parts is None or not 1 <= int(parts[1]) <= int(parts[2]):
        raise pytest.UsageError(f"SLICE is '{wanted}', but must be like 2/5: the second of five.")
    return zlib.crc32(f"{seed} {test}".encode()) % int(parts[2]) == int(parts[1]) - 1


def mark_sweeps(items: list[pytest.Item]) -> None:
    """What a `sweep` leaves over becomes a proof."""
    seen: dict[str, int] = {}
    for item in items:
        sweep = item.get_closest_marker("sweep")
        if sweep is not None:
            name = item.nodeid.partition("[")[0]
            seen[name] = seen.get(name, 0) + 1
            if seen[name] > sweep.args[0]:
                item.add_marker(pytest.mark.proof)


class ProofPlugin:
    """Chooses which tests marked `proof` run, and notes those that pass."""

    def __init__(self, config: pytest.Config) -> None:
        self._is_wanted = "proof" in config.option.markexpr.replace("not proof", "")
        self._passed = Passed(KEPT, tree_digest()) if self._is_wanted else None
        self._before = dict(self._passed.tests) if self._passed else {}
        self._costs_s: dict[str, float] = {}
        self._failed: set[str] = set()
        self._runs_anew: set[str] = set()  # this try failed on a late machine, and there is another

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, config: pytest.Config, items: list[pytest.Item]
    ) -> Generator[None]:
        mark_sweeps(items)  # before others choose by marks
        yield
        left_out = [item for item in items if not self._is_due(item)]
        items[:] = [item for item in items if item not in left_out]
        config.hook.pytest_deselected(items=left_out)

    def _is_due(self, item: pytest.Item) -> bool:
        if not self._is_wanted:
            return item.get_closest_marker("proof") is None
        wanted = os.environ.get(SLICE) or "1/1"
        if not in_slice(item.nodeid, wanted, os.environ.get(SEED, "")):
            return False
        return item.nodeid not in self._before

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if self._passed is None:
            return
        test = report.nodeid
        self._costs_s[test] = self._costs_s.get(test, 0.0) + getattr(report, "cpu_s", 0.0)
        if report.when == "setup":
            self._runs_anew.discard(test)
        if report.outcome == "rerun":
            self._runs_anew.add(test)
        elif report.failed or report.skipped:
            self._failed.add(test)
        is_over = report.when == "teardown" and test not in self._runs_anew
        if is_over and test not in self._failed:
            self._passed.add(test, self._costs_s[test])

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        if self._passed is None:
            return
        terminalreporter.section("proof: seconds of CPU", sep="-")
        for test, cost_s in sorted(self._costs_s.items()):
            mark = "FAILED" if test in self._failed else ""
            terminalreporter.write_line(f"{cost_s:8.1f}  {test} {mark}".rstrip())
        if self._before:
            cost_s = sum(self._before.values())
            terminalreporter.write_line(
                f"{cost_s:8.1f}  {len(self._before)} tests passed before, in this same tree"
            )
