"""The talk button: the first edge counts, the bounces after it do not."""

from __future__ import annotations

from typing import Any

from tests.firmware.conftest import Load
from tests.firmware.hardware import Pin

PIN = 9
DEBOUNCE_MS = 20


def polls(button: Any, *moments: tuple[int, int]) -> list[str]:
    """What the button says at each (ms, pin level)."""
    said = []
    for now_ms, level in moments:
        Pin.levels[PIN] = level
        said.append(("", "pressed", "released")[button.poll(now_ms)])
    return said


def test_a_press_and_a_release(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=True)
    said = polls(button, (0, 1), (100, 0), (200, 0), (300, 1), (400, 1))
    assert said == ["", "pressed", "", "released", ""]


def test_the_first_edge_counts_at_once(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=True)
    assert polls(button, (100, 0)) == ["pressed"]


def test_bounces_are_ignored(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=True)
    bouncing = [(100 + ms, ms // 3 % 2) for ms in range(DEBOUNCE_MS)]
    assert polls(button, *bouncing, (150, 0)) == ["pressed"] + [""] * DEBOUNCE_MS
    bouncing = [(200 + ms, 1 - ms // 3 % 2) for ms in range(DEBOUNCE_MS)]
    assert polls(button, *bouncing, (250, 1)) == ["released"] + [""] * DEBOUNCE_MS


def test_a_press_shorter_than_the_bounce_is_released_behind_it(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=True)
    said = polls(button, (100, 0), (105, 1), (119, 1), (120, 1), (140, 1))
    assert said == ["pressed", "", "", "released", ""]


def test_a_button_to_the_supply(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=False)
    assert Pin.levels[PIN] == 0
    assert polls(button, (0, 0), (100, 1), (200, 0)) == ["", "pressed", "released"]


def test_a_long_pause_is_no_bounce(firmware: Load) -> None:
    """A week later the difference of the wrapping clock is negative."""
    button = firmware("hal.button").Button(PIN, active_low=True)
    week_ms = 7 * 24 * 3600 * 1000
    assert polls(button, (0, 0), (30, 0), (week_ms, 1)) == ["pressed", "", "released"]


def test_across_the_wrap_of_the_clock(firmware: Load) -> None:
    button = firmware("hal.button").Button(PIN, active_low=True)
    start_ms = 0x40000000 - 10
    assert polls(button, (start_ms, 0), (9, 1), (10, 1)) == ["pressed", "", "released"]
