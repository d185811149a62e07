"""When a badge looks for another access point: a list of walks, each a row of readings."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from tests.firmware.conftest import Load

FAR = -80
NEAR = -50
EDGE = -70  # neither weak nor strong
NAMES = ("staying", "weakening", "wanting", "holding")


def walk(roam: Any, *readings: int, start_ms: int = 0) -> list[str]:
    """One reading a second; the state after each."""
    states = []
    for second, dbm in enumerate(readings):
        now_ms = (start_ms + 1000 * second) & 0x3FFFFFFF
        roam.read(dbm, now_ms)
        states.append(NAMES[roam.state])
    return states


def looks(
    roam: Any,
    *,
    is_quiet: bool,
    is_connected: bool = True,
    found: tuple[int, bytes | None] = (-128, None),
) -> int:
    """How often a step scans the air, just after a reading; what it finds is nothing else."""
    scans: list[None] = []

    def strongest() -> tuple[int, bytes | None]:
        scans.append(None)
        return found

    wifi = SimpleNamespace(is_connected=is_connected, rssi=lambda: FAR, strongest=strongest)
    roam.step(SimpleNamespace(wifi=wifi, is_quiet=lambda: is_quiet), roam._read_ms)
    return len(scans)


def made(firmware: Load) -> Any:
    return firmware("app.extras.roaming").Roaming()


def test_a_strong_signal_is_left_alone(firmware: Load) -> None:
    assert set(walk(made(firmware), *[NEAR] * 20, *[EDGE] * 20)) == {"staying"}


def test_a_weak_one_for_a_while_makes_it_look(firmware: Load) -> None:
    assert walk(made(firmware), FAR, FAR, FAR, FAR) == ["weakening"] * 3 + ["wanting"]


def test_a_hand_over_the_aerial_does_not(firmware: Load) -> None:
    states = walk(made(firmware), FAR, FAR, FAR, NEAR, FAR, FAR, FAR, NEAR)
    assert "wanting" not in states


def test_a_reading_between_the_limits_changes_nothing(firmware: Load) -> None:
    assert walk(made(firmware), FAR, EDGE, FAR, EDGE, FAR, FAR)[-1] == "wanting"
    assert walk(made(firmware), FAR, FAR, FAR, FAR, EDGE)[-1] == "wanting"


def test_it_never_looks_while_somebody_talks(firmware: Load) -> None:
    roam = made(firmware)
    walk(roam, *[FAR] * 30)
    assert looks(roam, is_quiet=False) == 0
    assert looks(roam, is_quiet=True) == 1


def test_walked_back_in_the_meantime(firmware: Load) -> None:
    roam = made(firmware)
    walk(roam, *[FAR] * 4, NEAR)
    assert looks(roam, is_quiet=True) == 0


def test_without_a_network_there_is_nothing_to_look_for(firmware: Load) -> None:
    roam = made(firmware)
    walk(roam, *[FAR] * 30)
    assert looks(roam, is_quiet=True, is_connected=False) == 0


def test_only_a_clearly_stronger_one_is_worth_it(firmware: Load) -> None:
    for better_db, moves in ((-5, False), (0, False), (7, False), (8, True), (30, True)):
        roam = made(firmware)
        walk(roam, *[FAR] * 4)
        assert roam.found(FAR, FAR + better_db, 4000) == moves


def test_after_looking_in_vain_it_waits_longer_each_time(firmware: Load) -> None:
    roam = made(firmware)
    now_ms, waits = 0, []
    for _ in range(7):
        begun_ms = now_ms
        while NAMES[roam.state] != "wanting":
            now_ms += 1000
            roam.read(FAR, now_ms)
        waits.append((now_ms - begun_ms) // 1000)
        roam.found(FAR, FAR, now_ms)
    assert waits[0] == 4
    assert waits[1:] == sorted(waits[1:])
    assert waits[2] > 1.5 * waits[1] and waits[-1] <= 250


def test_after_a_move_it_settles_and_patience_is_new(firmware: Load) -> None:
    roam = made(firmware)
    walk(roam, *[FAR] * 4)
    roam.found(FAR, NEAR, 4000)
    states = walk(roam, *[FAR] * 20, start_ms=5000)
    assert states[:14] == ["holding"] * 14
    assert states[-1] == "wanting"


def test_across_the_wrap_of_the_clock(firmware: Load) -> None:
    states = walk(made(firmware), *[FAR] * 4, start_ms=0x40000000 - 1500)
    assert states[-1] == "wanting"


@pytest.mark.parametrize("days", [1, 5, 6, 7, 9, 12])
def test_after_days_without_a_network_it_reads_and_looks_again(firmware: Load, days: int) -> None:
    roam = made(firmware)
    walk(roam, FAR, FAR, FAR, FAR, FAR)
    roam.found(FAR, FAR, 4000)
    assert NAMES[roam.state] == "holding"
    later_ms = 4000 + days * 24 * 3600 * 1000 & 0x3FFFFFFF
    wifi = SimpleNamespace(is_connected=True, rssi=lambda: FAR)
    for second in range(4):
        handset = SimpleNamespace(wifi=wifi, is_quiet=lambda: False)
        roam.step(handset, later_ms + 1000 * second & 0x3FFFFFFF)
    assert NAMES[roam.state] == "wanting"


def scans_in(roam: Any, seconds: int, found: tuple[int, bytes | None], start_ms: int = 0) -> int:
    scans = 0
    for second in range(seconds):
        walk(roam, FAR, start_ms=start_ms + 1000 * second)
        scans += looks(roam, is_quiet=True, found=found)
    return scans


def test_row_13_a_network_that_hides_its_name_is_not_looked_for_in_vain(firmware: Load) -> None:
    roam = made(firmware)
    assert scans_in(roam, 600, (-128, None)) == 2
    looks(roam, is_quiet=True, is_connected=False)  # on the network anew: who hid it may show it
    assert scans_in(roam, 300, (-128, None), 600_000) > 0


def test_row_13_one_scan_that_misses_the_network_says_nothing(firmware: Load) -> None:
    roam = made(firmware)
    assert scans_in(roam, 15, (-128, None)) == 1
    assert scans_in(roam, 600, (FAR, bytes(6)), 15_000) > 2
