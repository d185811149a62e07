"""Badges that start anew while they are on duty are told of once each time, with the cause."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

from pressel.node.restarts import Restarts
from pressel.schema.messages import message_table
from pressel.schema.sentences import sentence
from ptt.base.numbers import DEVICES_MAX

(ROW,) = [each for each in message_table().message if each.name == "BADGE_REPORT"]
WATCHDOG = next(
    each.number for name, each in message_table().enums["restart"].items() if name == "watchdog"
)


def member(number: int, starts: int | None, cause: int = WATCHDOG) -> Any:
    told = {"starts": starts, "restart": cause}
    report = None if starts is None else [told.get(field.name, 0) for field in ROW.fields]
    return SimpleNamespace(device=number.to_bytes(8, "big"), name=b"Ann", report=report)


def test_each_start_is_told_once() -> None:
    told: list[tuple[str, dict[str, Any]]] = []
    here: list[Any] = []
    leader: Any = SimpleNamespace(members=SimpleNamespace(all=lambda: here))
    leading: list[Any] = [leader]
    restarts = Restarts(lambda: leading[0], lambda event, fields: told.append((event, fields)))

    def look(*members: Any) -> int:
        here[:] = members
        before = len(told)
        asyncio.run(restarts.look(0))
        return len(told) - before

    assert look(member(1, 5), member(2, None)) == 0  # not seen before, and a soft badge
    assert look(member(1, 5)) == 0
    assert look(member(1, 6), member(2, 1)) == 1
    ((event, fields),) = told
    assert sentence(event, fields) == (
        "the badge of Ann (0000000000000001) has restarted: its program hung"
    )
    assert look(member(1, 6)) == 0
    assert look() == 0 and look(member(1, 0)) == 0  # it counts no more
    assert look(member(1, 1)) == 1  # as from 65,535 on
    assert look(*(member(number, 1) for number in range(3, DEVICES_MAX + 3))) == 0
    assert look(member(1, 9)) == 0  # forgotten: so many were heard since
    leading[0] = None
    assert look(member(1, 10)) == 0
