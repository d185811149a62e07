"""Tests and scripts of the shared engines on MicroPython."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.errors import PresselError
from pressel.virtual.micropython import run_script, run_shared_tests


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where test files lie, as tests/shared does in the project."""
    folder = tmp_path / "tests" / "shared"
    folder.mkdir(parents=True)
    (folder / "venue.py").write_text("SEATS = 4\n")
    return folder


def test_each_test_is_told_of(folder: Path) -> None:
    (folder / "test_venue.py").write_text(
        "import venue\n"
        "from tests.shared import venue as same\n"
        "from ptt.base import clock\n"
        "def test_seats(): assert venue.SEATS == same.SEATS == 4\n"
        "def test_full():\n"
        "    print('noise')\n"
        "    assert venue.SEATS == 5, 'too few'\n"
        "def test_clock(): clock.add(1, 2)\n"
        "def check(): assert False\n"
    )
    results = run_shared_tests([folder / "test_venue.py"])
    assert [(result.test, result.ok) for result in results] == [
        ("test_clock", True),
        ("test_full", False),
        ("test_seats", True),
    ]
    assert 'test_venue.py", line 7' in results[1].error
    assert results[1].error.endswith("AssertionError: too few")


def test_a_file_that_cannot_be_imported_fails_as_such(folder: Path) -> None:
    (folder / "test_a.py").write_text("import dataclasses\n")
    (folder / "test_b.py").write_text("def test_fine(): pass\n")
    results = run_shared_tests([folder / "test_a.py", folder / "test_b.py"])
    assert [(r.file.name, r.test, r.ok) for r in results] == [
        ("test_a.py", "<import>", False),
        ("test_b.py", "test_fine", True),
    ]


def test_garbage_of_one_test_does_not_count_for_the_next(folder: Path) -> None:
    taking = "".join(
        f"def test_{n}():\n    for _ in range(150): bytearray(1000)\n" for n in range(10)
    )
    (folder / "test_memory.py").write_text(taking)
    results = run_shared_tests([folder / "test_memory.py"], heap_bytes=300_000, capped=True)
    assert len(results) == 10
    assert all(result.ok for result in results)


def test_a_test_that_loops_is_ended(folder: Path) -> None:
    (folder / "test_loop.py").write_text("def test_loop():\n    while True: pass\n")
    with pytest.raises(PresselError, match="within 2 s"):
        run_shared_tests([folder / "test_loop.py"], limit_s=2)


def test_output_of_a_script_passes_through(folder: Path) -> None:
    script = folder / "trace.py"
    script.write_text(
        "import sys, venue\n"
        "print(__name__, sys.argv[1:], venue.SEATS, 'grün')\n"
        "for i in range(20000): print(i)\n"
    )
    wanted = "__main__ ['a', 'b c'] 4 grün\n" + "".join(f"{i}\n" for i in range(20_000))
    assert run_script(script, ["a", "b c"]) == wanted.encode()


@pytest.mark.parametrize(
    ("code", "told"),
    [("1 / 0", "exit 1.*\n.*\n.*ZeroDivisionError"), ("raise SystemExit(3)", "exit 3")],
)
def test_a_script_that_fails_says_why(folder: Path, code: str, told: str) -> None:
    script = folder / "fail.py"
    script.write_text(code)
    with pytest.raises(PresselError, match=f"(?s){told}"):
        run_script(script)


def test_a_script_may_end_early(folder: Path) -> None:
    script = folder / "early.py"
    script.write_text("import sys\nprint('done')\nsys.exit()\nprint('not this')\n")
    assert run_script(script) == b"done\n"
