"""The battery: millivolts behind a divider, smoothed; limits that do not flicker."""

from __future__ import annotations

from typing import Any

import pytest
from tests.firmware.conftest import Load
from tests.firmware.hardware import Adc

FACTS = {"pin": 1, "scale_permille": 2000, "empty_mv": 3300, "low_mv": 3500, "full_mv": 4200}
PERIOD_MS = 2000


@pytest.fixture
def battery(firmware: Load, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setattr(Adc, "pin_mv", 2000)
    return firmware("hal.battery").Battery(FACTS)


def drain(battery: Any, *cell_mv: int, start_ms: int = 0) -> list[str]:
    """Read once for each: the level that it changed to, "" for no change."""
    told = []
    for number, millivolts in enumerate(cell_mv):
        Adc.pin_mv = millivolts // 2
        changed = battery.poll((start_ms + number * PERIOD_MS) & 0x3FFFFFFF)
        told.append(("full", "low", "empty")[battery.level] if changed else "")
    return told


def test_the_divider_is_undone(battery: Any) -> None:
    drain(battery, 4000)
    assert (battery.millivolts, battery.percent) == (4000, 77)


@pytest.mark.parametrize(("cell_mv", "percent"), [(3000, 0), (3300, 0), (4200, 100), (4400, 100)])
def test_percent_stays_in_bounds(battery: Any, cell_mv: int, percent: int) -> None:
    drain(battery, cell_mv)
    assert battery.percent == percent


def test_it_falls_through_its_levels_once_each(battery: Any) -> None:
    told = drain(battery, *range(4200, 3200, -5))
    assert [each for each in told if each] == ["low", "empty"]


def test_a_dip_while_the_radio_sends_is_no_low_battery(battery: Any) -> None:
    assert not any(drain(battery, *[3700] * 10, 3300, *[3700] * 10))


def test_wavering_at_the_limit_does_not_flicker(battery: Any) -> None:
    told = drain(battery, *[3600] * 5, *[3480, 3520] * 100)
    assert [each for each in told if each] == ["low"]


def test_charging_is_noticed(battery: Any) -> None:
    told = drain(battery, *[3200] * 30, *[4200] * 30)
    assert [each for each in told if each] == ["empty", "low", "full"]


def test_an_empty_battery_at_the_start_is_known_at_once(battery: Any) -> None:
    assert drain(battery, 3200) == ["empty"]


def test_it_is_not_read_all_the_time(battery: Any) -> None:
    drain(battery, 4000)
    Adc.pin_mv = 1600
    assert not battery.poll(PERIOD_MS - 1)
    assert battery.millivolts == 4000


def test_across_the_wrap_of_the_clock(battery: Any) -> None:
    told = drain(battery, *[4000] * 3, *[3000] * 30, start_ms=0x40000000 - 5000)
    assert [each for each in told if each] == ["low", "empty"]
