"""Which test reaches which line of the engines: coverage, a context for each test."""

from __future__ import annotations

import hashlib
import json
import shutil
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
_FILE_LIMIT_S = (
    1800.0  # to count the lines makes a test ten times slower; the longest takes a minute
)


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


def measured(folder: Path, until_s: float, *, anew: bool = False) -> Reach | None:
    """A test file at a time, in a process of its own, which keeps in `folder` what it found: a
    measuring that was stopped goes on, and a file that has changed is measured again. None when
    the time `until_s` of the monotonic clock has come before its end. RuntimeError when a test
    fails."""
    files = sorted(file for each in FOLDERS for file in (ROOT / each).rglob("test_*.py"))
    if anew:
        shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True, exist_ok=True)
    parts = [_part_of(folder, file) for file in files]
    for file, part in zip(files, parts, strict=True):
        left_s = until_s - time.monotonic()
        if not part.exists() and left_s > 0:
            _measure(file, part, min(left_s, _FILE_LIMIT_S))
    done = sum(part.exists() for part in parts)
    if done < len(parts):
        print(f"{done} of {len(parts)} test files are measured; the next run goes on from there")
        return None
    return _together(parts)


def _part_of(folder: Path, file: Path) -> Path:
    """Where is kept what `file`, as it is now, reaches."""
    name = file.relative_to(ROOT).with_suffix("").as_posix().replace("/", ".")
    return folder / f"{name}-{hashlib.sha256(file.read_bytes()).hexdigest()[:16]}.json"


def _measure(file: Path, part: Path, limit_s: float) -> None:
    command = [sys.executable, "-m", "tests.mutation.reach", str(file), str(part)]
    try:
        done = subprocess.run(command, cwd=ROOT, check=False, timeout=limit_s)
    except subprocess.TimeoutExpired:
        if limit_s < _FILE_LIMIT_S:
            return  # the time of the whole is over, which is told next
        raise RuntimeError(
            f"{file.name} does not come to an end while its lines are counted"
        ) from None
    if done.returncode:
        raise RuntimeError(f"a test of {file.name} fails without any mutant; mend that first")


def _together(parts: list[Path]) -> Reach:
    lines: dict[str, dict[int, list[str]]] = {}
    seconds: dict[str, float] = {}
    for part in parts:
        found = json.loads(part.read_text("utf-8"))
        seconds |= found["seconds"]
        for file, each in found["lines"].items():
            of_file = lines.setdefault(file, {})
            for line, tests in each.items():
                of_file.setdefault(int(line), []).extend(found["tests"][n] for n in tests)
    return Reach(lines, seconds)


def main(file: Path, part: Path) -> int:
    covered = coverage.Coverage(source=[str(ENGINES)], data_file=None, config_file=False)
    contexts = _Contexts(covered)
    covered.start()
    quiet = ["-q", "-x", "-p", "no:cacheprovider"]
    code = pytest.main(["-m", MARKS, *quiet, str(file)], plugins=[contexts])
    covered.stop()
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        return int(code)
    data = covered.get_data()
    numbers: dict[str, int] = {}
    lines: dict[str, Any] = {}
    for each in sorted(data.measured_files()):
        lines[str(Path(each).relative_to(ROOT))] = {
            line: [numbers.setdefault(test, len(numbers)) for test in tests if test]
            for line, tests in data.contexts_by_lineno(each).items()
        }
    found = {"tests": list(numbers), "lines": lines, "seconds": contexts.seconds}
    beside = part.with_suffix(".new")
    beside.write_text(json.dumps(found), "utf-8")
    beside.replace(part)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), Path(sys.argv[2])))
