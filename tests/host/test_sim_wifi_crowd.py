"""What a crowd costs in the channel model, by unicast and by multicast with repair."""

from __future__ import annotations

import pytest

from pressel.sim.wifi import crowd
from pressel.sim.wifi.crowd import Design, play

LOSSES = {"multicast_loss_ppm": 50_000}
AT_6 = Design(1, 6000)


@pytest.mark.parametrize("seed", [1, 2, 3])
@pytest.mark.parametrize("dtim", [0, 1])  # with 3, some of it comes too late
@pytest.mark.parametrize("deaf_percent", [0, 10])
def test_multicast_to_a_hundred_takes_a_tenth_of_the_channel_and_loses_one_in_a_hundred(
    deaf_percent: int, dtim: int, seed: int
) -> None:
    found = play(AT_6, 100, deaf_percent=deaf_percent, dtim=dtim, seed=seed, **LOSSES)
    assert 3 < found.channel_percent <= 10
    assert 0 < found.lost_percent <= 1


def test_multicast_costs_the_same_however_many_listen_and_unicast_does_not() -> None:
    few, many = (play(AT_6, count, packets=60).channel_percent for count in (10, 250))
    assert many == pytest.approx(few, rel=0.05)
    few, many = (play(Design(3), count, packets=20).channel_percent for count in (10, 50))
    assert many > 4 * few


def test_repair_from_afar_is_what_helps_against_bursts(monkeypatch: pytest.MonkeyPatch) -> None:
    far = play(AT_6, 100, packets=200, **LOSSES).lost_percent
    monkeypatch.setattr(crowd, "DISTANCE", 1)
    near = play(AT_6, 100, packets=200, **LOSSES).lost_percent
    assert far < 1 < 2 < near < 5


def test_sleepers_hold_multicast_until_their_beacon() -> None:
    awake, dtim_1, dtim_3 = (play(AT_6, 50, dtim=dtim).p95_ms for dtim in (0, 1, 3))
    assert awake < 5 < 80 < dtim_1 < 110 < 250 < dtim_3


def test_conversion_to_unicast_fills_the_channel() -> None:
    converted = play(AT_6, 100, packets=40, multicast_to_unicast=1)
    assert converted.channel_percent > 99
    assert converted.lost_percent > 5


def test_unicast_stops_working_beyond_what_a_channel_carries() -> None:
    assert play(Design(1), 50, packets=40).lost_percent == 0
    assert play(Design(1), 100, packets=40).lost_percent > 5
    assert play(Design(3), 100, packets=20).lost_percent == 0
    assert play(Design(3), 250, packets=20).lost_percent > 5
