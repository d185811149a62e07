"""When each badge was heard last: told by the host, kept over its restart, and in the inventory."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from pressel.cli.inventory import print_inventory
from pressel.node.heard import FILE, Heard
from pressel.registry.device import Device, Entitlements
from pressel.schema.messages import message_table
from pressel.transport.udp import engine_now_ms
from ptt.base.clock import add
from ptt.base.numbers import DEVICES_MAX

NOW_S = 1_800_000_000
A, B = "0200000000000001", "0200000000000002"


def member(device: str, silent_ms: int, battery: int | None = None) -> Any:
    """One whose report, if it has sent one, says how full its battery is."""
    report = None if battery is None else _report(battery)
    heard_ms = add(engine_now_ms(), -silent_ms)
    return SimpleNamespace(device=bytes.fromhex(device), heard_ms=heard_ms, report=report)


def _report(battery: int) -> list[int]:
    (row,) = [each for each in message_table().message if each.name == "BADGE_REPORT"]
    return [battery if field.name == "battery" else 0 for field in row.fields]


def answer(one: Heard, what: str) -> dict[str, int]:
    (verb,) = [each for each in one.verbs() if each.name == f"device {what}"]
    return verb.answer({})


async def in_thread(act: Callable[..., Any], *values: Any) -> Any:
    return act(*values)


def heard(folder: Path, members: list[Any] | None, told: list[Any] | None = None) -> Heard:
    leader: Any = (
        None if members is None else SimpleNamespace(members=SimpleNamespace(all=lambda: members))
    )
    log = [] if told is None else told
    return Heard(
        folder, lambda: leader, in_thread, lambda event, fields: log.append(fields), lambda: NOW_S
    )


def test_it_is_kept_over_a_restart(tmp_path: Path) -> None:
    asyncio.run(heard(tmp_path, [member(A, 0), member(B, 90_500)]).keep(0))
    assert (tmp_path / FILE).stat().st_mode & 0o777 == 0o600
    again = heard(tmp_path, None)
    told = answer(again, "heard")
    assert NOW_S - 2 <= told[A] <= NOW_S and NOW_S - 93 <= told[B] <= NOW_S - 90
    asyncio.run(again.keep(0))  # a standby writes nothing


@pytest.mark.parametrize(
    "content",
    ["", "[1]", "{", f'{{"{A}": "x", "{B}": -1, "no id": 5, "{A[:-1]}é": 5}}', f'{{"{A}": true}}',
     f'{{"{A}": 1e400}}', "[" * 100_000],
)  # fmt: skip
def test_a_damaged_file_tells_of_nobody(tmp_path: Path, content: str) -> None:
    (tmp_path / FILE).write_text(content)
    one = heard(tmp_path, None)
    assert answer(one, "heard") == answer(one, "batteries") == {}


def test_the_battery_is_the_one_that_was_told_last(tmp_path: Path) -> None:
    unknown = 255
    asyncio.run(heard(tmp_path, [member(A, 0, 80), member(B, 0, unknown)]).keep(0))
    assert answer(heard(tmp_path, None), "batteries") == {A: 80}
    asyncio.run(heard(tmp_path, [member(A, 0)]).keep(0))  # it has joined, and has not reported yet
    assert answer(heard(tmp_path, None), "batteries") == {A: 80}
    assert answer(heard(tmp_path, [member(A, 0, 79)]), "batteries") == {A: 79}


def test_a_file_of_an_earlier_version_has_only_times(tmp_path: Path) -> None:
    (tmp_path / FILE).write_text(f'{{"{A}": 7, "{B}": [8, 101]}}')
    one = heard(tmp_path, None)
    assert answer(one, "heard") == {A: 7, B: 8} and answer(one, "batteries") == {}


def test_it_holds_so_many_and_forgets_who_was_heard_longest_ago(tmp_path: Path) -> None:
    members = [member(f"{number:016x}", 0) for number in range(DEVICES_MAX + 3)]
    one = heard(tmp_path, members)
    asyncio.run(one.keep(0))
    told = answer(one, "heard")
    assert len(told) == DEVICES_MAX and f"{DEVICES_MAX + 2:016x}" in told


def test_a_disk_that_takes_nothing_is_told_once(tmp_path: Path) -> None:
    told: list[dict[str, Any]] = []
    (tmp_path / FILE).with_suffix(".new").mkdir()
    one = heard(tmp_path, [member(A, 0)], told)
    for number in range(3):
        asyncio.run(one.keep(number))
    assert len(told) == 1 and FILE in told[0]["advice"]


def test_the_inventory_tells_who_is_missing_since_when(capsys: pytest.CaptureFixture[str]) -> None:
    devices = [
        Device(id, name, (1,), Entitlements(), "active", 1, 0, 0)
        for id, name in ((A, "Bar 1"), (B, "Bar 2"))
    ]
    week_ago_s = int(time.time()) - 8 * 86_400
    print_inventory(devices, {}, {A}, {A: 5, B: week_ago_s}, {A: 80}, as_json=False)
    shown = capsys.readouterr()
    first, second = shown.out.splitlines()[1:3]
    assert first.split()[-3:] == ["on", "80", "%"]
    assert time.strftime("%Y-%m-%d %H:%M", time.localtime(week_ago_s)) in second
    assert "1 not heard for a week" in shown.err
