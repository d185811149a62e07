"""A host keeps how its figures went, within bounds, and hands them out in small pages."""

from __future__ import annotations

import json
from typing import Any

from pressel.node.history import COLUMNS_MAX, KEPT_MAX, PAGE_MAX, History, all_rows

NOW_S = 1_000_000.0


class Figures:
    def __init__(self) -> None:
        self.told: dict[str, Any] = {}
        self.now_s = NOW_S
        self.history = History(lambda: self.told, lambda: self.now_s)

    def sample(self, **told: Any) -> None:
        self.told = told
        self.now_s += 60
        self.history.sample()

    def all(self) -> dict[str, Any]:
        return json.loads(json.dumps(all_rows(lambda verb, **fields: self.history.page(fields))))


def test_each_number_has_a_column_and_those_that_came_later_are_empty_before() -> None:
    host = Figures()
    host.sample(host={"state": "follower", "term": 1, "convergence_ms": None})
    floors = [{"group": 1, "queue": 2, "taken": 1}, {"group": 3, "queue": 1, "taken": 0}]
    host.sample(host={"state": "leader", "term": 2}, status={"members": 5, "floors": floors})
    host.sample(host={"state": "follower", "term": 3})
    found = host.all()
    values = zip(*(row[1:] for row in found["rows"]), strict=True)
    columns = dict(zip(found["columns"], values, strict=True))
    assert columns == {
        "host.term": (1, 2, 3),
        "status.members": (None, 5, None),
        "status.floors.queue": (None, 3, None),
        "status.floors.taken": (None, 1, None),
    }
    assert [row[0] for row in found["rows"]] == [NOW_S + 60, NOW_S + 120, NOW_S + 180]


def test_what_is_old_goes_and_what_is_much_finds_no_room() -> None:
    host = Figures()
    for number in range(KEPT_MAX + 50):
        host.sample(host={"term": number})
    page = host.history.page({"after": 0})
    assert len(page["rows"]) == PAGE_MAX and page["rows"][0][1] == 50
    found = host.all()
    assert len(found["rows"]) == KEPT_MAX and found["rows"][-1][1] == KEPT_MAX + 49
    host.sample(host={f"a{number}": number for number in range(COLUMNS_MAX + 9)})
    assert len(host.all()["columns"]) == COLUMNS_MAX
    assert host.history.page({"after": 10**9})["rows"] == []
    assert host.history.page({"after": -5})["rows"]
