"""Which test reaches which line of the engines: coverage, a context for each test."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import coverage
import pytest

ROOT = Path(__file__).resolve().parents[2]
ENGINES = ROOT / "shared" / "ptt"
FOLDERS = ("tests/shared", "tests/property", "tests/hostile")
MARKS = "not e2e and not proof"


@dataclass(frozen=True)
class Reach:
    """`lines`: by file (relative to the root) and line the tests that run it; `seconds`: by test
    how long it took."""

    lines: dict[str, dict[int, list[str]]]
    seconds: dict[str, float]

    def tests(self, file: str, line: int, is_of_function: bool) -> list[str]:
        """Those that can notice a fault in `line`, the quickest first. What runs when a module is
        loaded is noticed by whoever runs any of it."""
        of_file = self.lines.get(file, {})
        if is_of_function:
            found = set(of_file.get(line, ()))
        else:
            found = {test for tests in of_file.values() for test in tests}
        return sorted(found, key=lambda test: (self.seconds.get(test, 0.0), test))


class _Contexts:
    """Tells the coverage which test runs."""

    def __init__(self, covered: coverage.Coverage) -> None:
        self._covered = covered
        self.seconds: dict[str, float] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        self._covered.switch_context(item.nodeid)
        begun_s = time.process_time()
        try:
            return (yield)
        finally:
            self.seconds[item.nodeid] = round(time.process_time() - begun_s, 3)
            self._covered.switch_context("")


def measured(kept: Path) -> Reach:
    """In a process of its own, which writes it to `kept`; RuntimeError when a test fails."""
    command = [sys.executable, "-m", "tests.mutation.reach", str(kept)]
    if subprocess.run(command, cwd=ROOT, check=False).returncode:
        raise RuntimeError("a test fails without any mutant; mend that first")
    return read(kept)


def read(kept: Path) -> Reach:
    found = json.loads(kept.read_text("utf-8"))
    lines = {
        file: {int(line): [found["tests"][n] for n in numbers] for line, numbers in each.items()}
        for file, each in found["lines"].items()
    }
    return Reach(lines, found["seconds"])


def main(kept: Path) -> int:
    covered = coverage.Coverage(source=[str(ENGINES)], data_file=None, config_file=False)
    contexts = _Contexts(covered)
    covered.start()
    quiet = ["-q", "-x", "-p", "no:cacheprovider"]
    code = pytest.main(["-m", MARKS, *quiet, *FOLDERS], plugins=[contexts])
    covered.stop()
    if code:
        return int(code)
    data = covered.get_data()
    numbers: dict[str, int] = {}
    lines: dict[str, Any] = {}
    for file in sorted(data.measured_files()):
        lines[str(Path(file).relative_to(ROOT))] = {
            line: [numbers.setdefault(test, len(numbers)) for test in tests if test]
            for line, tests in data.contexts_by_lineno(file).items()
        }
    found = {"tests": list(numbers), "lines": lines, "seconds": contexts.seconds}
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(json.dumps(found), "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
