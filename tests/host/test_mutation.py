"""The mutants of the engines: what is changed, and what is left alone."""

from __future__ import annotations

import ast

import pytest
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
