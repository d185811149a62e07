"""When a handset goes off duty, and when its radio rests."""

from __future__ import annotations

import pytest
from tests.firmware.handset_stage import (
    Build,
    build,
    run,
    settings,
    tell,
)
from tests.firmware.hardware import (
    I2S,
    Machine,
    Pin,
    Reset,
    Wlan,
)

from ptt.base import clock

__all__ = ["build"]


def test_off_duty_only_when_asked_for_and_woken_by_a_press(build: Build) -> None:
    handset = build()
    run(handset, 1000, 200_000)
    assert not Machine.naps_ms
    handset = build(off_duty_after_s=60)
    wlan = Wlan.made[-1]
    run(handset, 1000, 60_000)
    assert not Machine.naps_ms
    run(handset, 60_000, 61_100)
    assert set(Machine.naps_ms) == {200}
    assert not any(each.is_open for each in I2S.made)
    assert wlan.calls[-1] == ("active", False)
    Pin.levels[0] = 0
    with pytest.raises(Reset):
        run(handset, 61_100, 61_200)


@pytest.mark.parametrize("days", [1, 6, 7, 10, 12])
def test_row_33_a_press_wakes_it_after_days_off_duty(build: Build, days: int) -> None:
    handset = build(off_duty_after_s=60)
    run(handset, 1000, 61_100)
    assert Machine.naps_ms
    now_ms = clock.add(61_100, days * 24 * 3600 * 1000)
    handset.step(now_ms)
    Pin.levels[0] = 0
    with pytest.raises(Reset):
        run(handset, now_ms, clock.add(now_ms, 100))


def power_saves() -> list[int]:
    """What the radio was told of power save since the last look."""
    told = [call[1] for each in Wlan.made for call in each.calls if call[0] == "pm"]
    for each in Wlan.made:
        each.calls = [call for call in each.calls if call[0] != "pm"]
    return told


def test_the_radio_rests_only_when_asked_for_and_not_while_somebody_talks(build: Build) -> None:
    power_saves()
    handset = build()
    Wlan.made[-1].is_near = True
    run(handset, 1000, 60_000)
    assert power_saves() == [Wlan.PM_NONE]
    handset = build(sleep=True)
    wlan = Wlan.made[-1]
    wlan.is_near = True
    run(handset, 1000, 5900)
    assert power_saves() == [Wlan.PM_NONE]
    run(handset, 5900, 60_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]
    Pin.levels[0] = 0
    run(handset, 60_000, 60_040)  # the press, and the next look around
    assert power_saves() == [Wlan.PM_NONE]
    Pin.levels[0] = 1
    run(handset, 60_040, 61_000)
    handset.participant.floor.talker = 7  # somebody else talks
    run(handset, 61_000, 90_000)
    assert power_saves() == []
    handset.participant.floor.talker = 0
    run(handset, 90_000, 96_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]


def test_a_network_that_comes_back_is_awake_until_it_has_rested(build: Build) -> None:
    handset = build(sleep=True)
    wlan = Wlan.made[-1]
    wlan.is_near = True
    Wlan.pm_errors = 2  # it joins or scans
    run(handset, 1000, 20_000)
    assert Wlan.pm_errors == 0 and power_saves() == [Wlan.PM_NONE, Wlan.PM_PERFORMANCE]
    wlan.is_near = False
    run(handset, 20_000, 22_000)
    wlan.is_near = True
    run(handset, 22_000, 26_900)
    assert power_saves() == [Wlan.PM_NONE]
    run(handset, 26_900, 28_000)
    assert power_saves() == [Wlan.PM_PERFORMANCE]


def test_a_radio_that_takes_no_orders_is_told_again(build: Build) -> None:
    power_saves()
    handset = build(sleep=True)
    Wlan.made[-1].is_near = True
    run(handset, 1000, 5000)
    assert power_saves() == [Wlan.PM_NONE]
    Wlan.pm_errors = 2  # as it is to rest
    run(handset, 5000, 8000)
    assert Wlan.pm_errors == 0 and power_saves() == [Wlan.PM_PERFORMANCE]


@pytest.mark.parametrize("is_flashed", [False, True])
def test_the_leader_decides_whether_the_radio_rests_where_it_says_so(
    build: Build, is_flashed: bool
) -> None:
    """0: as it was flashed, 1: no, 2: yes. What it says holds within a look around."""
    power_saves()
    handset = build(sleep=is_flashed)
    Wlan.made[-1].is_near = True
    run(handset, 1000, 10_000)
    assert power_saves()[-1] == is_flashed
    now_ms, rests = 10_000, is_flashed
    for told in (2, 1, 0, 1, 2, 0):
        tell(handset, settings(8, 100, power_save=told))
        run(handset, now_ms, now_ms + 100)
        now_ms += 100
        wanted = told == 2 or (told == 0 and is_flashed)
        assert power_saves() == ([] if wanted == rests else [int(wanted)])
        rests = wanted


def test_a_press_keeps_it_on_duty(build: Build) -> None:
    handset = build(off_duty_after_s=2)
    for second in range(1, 10):
        Pin.levels[0] = second % 2
        run(handset, 1000 * second, 1000 * (second + 1))
    assert not Machine.naps_ms
