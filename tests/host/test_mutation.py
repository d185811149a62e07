"""The mutants of the engines: what is changed, and what is left alone."""

from __future__ import annotations

import ast
import json
import time
from pathlib import Path

import pytest
from tests.mutation import reach
from tests.mutation.changes import mutants_of
from tests.mutation.run import ROOMS, equal_names, planted

SOURCE = '''"""Kept as it is."""

from x import const
if TYPE_CHECKING:
    from y import z

_MOST = const(3)
TABLE = ((IDLE, PRESS, ASKS), (ASKS, GRANT, TALKS))


class Counter:
    """Kept."""

    def add(self, more: int = 1) -> int:
        assert more > 0
        if self.count + more > _MOST and not self.is_open:
            return self.count
        self.count += more
        self.tell("added")
        for _ in range(2):
            continue
        return None
'''
WANTED = [
    (7, "", "3 + 1"),
    (8, "", "'(IDLE, PRESS, ASKS)' is no row"),
    (8, "", "'(ASKS, GRANT, TALKS)' is no row"),
    (14, "Counter.add", "1 + 1"),
    (16, "Counter.add", "not: self.count + more > _MOST and not self.is_open"),
    (16, "Counter.add", "'and' is 'or'"),
    (16, "Counter.add", "'>' is '>='"),
    (16, "Counter.add", "'+' is '-'"),
    (16, "Counter.add", "without 'not'"),
    (17, "Counter.add", "returns None"),
    (18, "Counter.add", "no 'self.count += more'"),
    (18, "Counter.add", "'-' more"),
    (19, "Counter.add", "no 'self.tell(\"added\")'"),
    (20, "Counter.add", "2 + 1"),
    (21, "Counter.add", "no 'continue'"),
]


def test_each_mutant_is_one_change_that_a_person_might_make() -> None:
    made = list(mutants_of(SOURCE))
    assert [(each.line, each.where, each.what) for each in made] == WANTED
    for each in made:
        ast.parse(each.text)
        lines = zip(SOURCE.splitlines(), each.text.splitlines(), strict=True)
        changed = [n for n, (before, after) in enumerate(lines, 1) if before != after]
        assert changed == [each.line], each


@pytest.mark.parametrize("room", ROOMS)
def test_every_mutant_of_a_room_can_be_compiled_and_has_a_key_of_its_own(room: str) -> None:
    found = list(planted(room))
    assert found
    assert len({each.key for each in found}) == len(found)
    for each in found[:: max(1, len(found) // 40)]:
        compile(each.mutant.text, each.file, "exec")


def test_what_is_called_equal_is_a_mutant() -> None:
    known = {
        (each.file, each.mutant.where, each.mutant.what) for room in ROOMS for each in planted(room)
    }
    assert equal_names() <= known


def test_measuring_goes_on_where_it_was_stopped(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A test file that has changed is measured again, and the time is kept."""
    asked: list[str] = []

    def measure(file: Path, part: Path, limit_s: float) -> None:
        asked.append(file.name)
        lines = {"shared/ptt/a.py": {"7": [0]}}
        found = {"tests": [file.name], "lines": lines, "seconds": {file.name: 0.5}}
        part.write_text(json.dumps(found), "utf-8")

    monkeypatch.setattr(reach, "ROOT", tmp_path)
    monkeypatch.setattr(reach, "FOLDERS", ("tests",))
    monkeypatch.setattr(reach, "_measure", measure)
    (tmp_path / "tests").mkdir()
    for name in ("test_a.py", "test_b.py"):
        (tmp_path / "tests" / name).write_text("1")
    kept, later_s = tmp_path / "kept", time.monotonic() + 60
    assert reach.measured(kept, until_s=0.0) is None
    assert asked == []
    assert "0 of 2" in capsys.readouterr().out
    found = reach.measured(kept, later_s)
    assert found is not None
    assert found.tests("shared/ptt/a.py", 7, True) == ["test_a.py", "test_b.py"]
    (tmp_path / "tests" / "test_b.py").write_text("2")
    assert reach.measured(kept, later_s) is not None
    assert asked == ["test_a.py", "test_b.py", "test_b.py"]
    reach.measured(kept, later_s, anew=True)
    assert asked[3:] == ["test_a.py", "test_b.py"]
