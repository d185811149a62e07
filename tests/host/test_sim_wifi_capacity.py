"""The frame model gives the call capacities that were published for 802.11b."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.sim.wifi.capacity import G711_BYTES, PUBLISHED, Published, calls, table_rows
from pressel.sim.wifi.channel import Channel
from pressel.sim.wifi.contention import contention
from pressel.sim.wifi.phy import PHYS
from ptt.base.prng import Prng

ROOT = Path(__file__).resolve().parents[2]
B_LONG = PHYS["b-long"]


@pytest.mark.parametrize("row", PUBLISHED, ids=lambda row: row.source)
def test_published_capacities(row: Published) -> None:
    phy = PHYS[row.network]
    assert {
        rate: calls(phy, rate, row.contenders, row.llc_bytes) for rate in row.calls
    } == row.calls


def test_the_figures_asked_for_are_all_there() -> None:
    figures = {row.source: tuple(row.calls.values()) for row in PUBLISHED}
    assert figures["Gast 2005, short preamble"] == (13, 10, 6, 3)
    assert figures["Gast 2005, long preamble"] == (10, 8, 5, 3)
    assert figures["Garg and Kappes 2003"] == (12, 3)


def test_the_table_in_the_document() -> None:
    text = (ROOT / "docs" / "wifi-model.md").read_text("utf-8")
    assert [row for row in table_rows() if row not in text] == []


def test_one_contender_waits_half_its_window_and_meets_nobody() -> None:
    alone = contention(B_LONG, 1)
    assert alone.idle_slots == pytest.approx(15.5)
    assert alone.collision == 0


def test_two_contenders_by_a_direct_calculation() -> None:
    # Without doubling each sends in 2 of 33 slots; doubling makes collisions a little rarer.
    two = contention(B_LONG, 2)
    assert two.collision == pytest.approx(2 / 33, rel=0.07)
    assert two.collision < 2 / 33
    assert two.idle_slots == pytest.approx((31 / 33) ** 2 / (1 - (31 / 33) ** 2), rel=0.08)


def test_more_contenders_idle_less_and_collide_more() -> None:
    shared = [contention(B_LONG, contenders) for contenders in range(1, 40)]
    idle = [each.idle_slots for each in shared]
    collisions = [each.collision for each in shared]
    assert idle == sorted(idle, reverse=True)
    assert collisions == sorted(collisions)
    # Bianchi's own curve for 10 stations, a window of 32 and this retry scheme is near 0.3
    assert collisions[9] == pytest.approx(0.3, abs=0.03)


def loss_percent(talkers: int) -> float:
    """Of `talkers` calls in 20 s, spread over the packet interval as calls are."""
    facts = {"phy": "b-long", "rate_kbps": 11000, "security_bytes": 0, "beacon_interval_us": 10**9}
    channel = Channel(facts, Prng(talkers))
    for station in range(talkers):
        channel.join(station, -40)
    lost = packets = 0
    for tick in range(1000):
        for station in range(talkers):
            now_us = tick * 20_000 + station * 20_000 // talkers
            for downlink in (False, True):
                packets += 1
                lost += channel.unicast(now_us, station, G711_BYTES, downlink) < 0
    return 100 * lost / packets


def test_the_channel_itself_fills_up_at_the_published_number_of_calls() -> None:
    assert loss_percent(12) < 0.1
    assert loss_percent(13) > 5
