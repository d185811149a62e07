"""A station that walks: signal with distance, hysteresis, silence."""

from __future__ import annotations

from pressel.sim.wifi.roaming import SILENCE_US_MAX, SILENCE_US_MIN, Roaming, rssi_dbm, silence_us
from ptt.base.prng import Prng

ENDS = [(0.0, 0.0), (100.0, 0.0)]


def test_signal_falls_by_30_db_a_decade() -> None:
    assert [rssi_dbm(metres) for metres in (0, 1, 10, 100, 10_000)] == [-22, -22, -52, -82, -100]


def walk(path_m: list[int], seed: int = 1) -> list[tuple[int, int]]:
    """(position, access point) at each roam, one metre a second."""
    roaming = Roaming(ENDS, (path_m[0], 0.0), Prng(seed))
    roams = []
    for second, x in enumerate(path_m):
        if roaming.move(second * 1_000_000, (x, 0.0)):
            roams.append((x, roaming.access_point))
    return roams


def test_one_roam_each_way_beyond_the_middle() -> None:
    there = list(range(101))
    roams = walk(there + there[::-1])
    assert [access_point for _, access_point in roams] == [1, 0]
    assert 55 <= roams[0][0] <= 75
    assert 25 <= roams[1][0] <= 45


def test_pacing_in_the_middle_does_not_roam() -> None:
    assert walk([0, 45, *[48, 50, 52] * 20]) == []


def test_no_second_roam_while_silent() -> None:
    roaming = Roaming(ENDS, (0.0, 0.0), Prng(1))
    assert roaming.move(0, (90.0, 0.0))
    assert SILENCE_US_MIN <= roaming.silent_until_us <= SILENCE_US_MAX
    assert not roaming.move(roaming.silent_until_us - 1, (0.0, 0.0))
    assert roaming.move(roaming.silent_until_us, (10.0, 0.0))


def test_silences_span_the_profile() -> None:
    prng = Prng(9)
    silences = [silence_us(prng) for _ in range(2000)]
    assert SILENCE_US_MIN <= min(silences) < 310_000
    assert 1_490_000 < max(silences) <= SILENCE_US_MAX
