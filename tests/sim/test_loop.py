"""The event loop in virtual time, and clocks that are not quite right."""

from __future__ import annotations

import pytest

from pressel.sim.world.local_clock import PERIOD_MS, LocalClock
from pressel.sim.world.loop import EventLoop


def test_events_happen_in_the_order_of_time_and_equal_ones_as_they_were_made() -> None:
    loop = EventLoop()
    seen: list[tuple[int, str]] = []
    for due_us, name in ((20, "c"), (10, "a"), (10, "b"), (30, "d")):
        loop.at(due_us, lambda name: seen.append((loop.now_us, name)), name)
    loop.run(30)
    assert seen == [(10, "a"), (10, "b"), (20, "c")]
    assert (loop.now_us, loop.events) == (30, 3)
    loop.run(31)
    assert seen[-1] == (30, "d")


def test_an_event_in_the_past_happens_next_and_time_does_not_go_back() -> None:
    loop = EventLoop()
    seen: list[int] = []
    loop.at(10, lambda _: loop.at(5, lambda _: seen.append(loop.now_us)))
    loop.run(100)
    assert seen == [10]


@pytest.mark.parametrize("drift_ppm", [-500, -40, 0, 40, 500])
@pytest.mark.parametrize("offset_ms", [1000, PERIOD_MS - 5, 12_345_678])
def test_a_clock_says_when_it_will_show_a_time(drift_ppm: int, offset_ms: int) -> None:
    clock = LocalClock(offset_ms, drift_ppm)
    for now_us in (0, 1_234_567, 3_600_000_000):
        wanted_ms = (clock.now_ms(now_us) + 250) % PERIOD_MS
        due_us = clock.world_us(wanted_ms, now_us)
        assert clock.now_ms(due_us) == wanted_ms
        assert clock.now_ms(due_us - 2) != wanted_ms
        assert abs(due_us - now_us - 250_000) < 1_200
    assert clock.world_us(clock.now_ms(500), 500) == 500


def test_a_clock_drifts_and_is_stepped() -> None:
    fast = LocalClock(0, 100)
    assert fast.now_ms(10_000_000_000) == 10_001_000
    fast.step(-1_000)
    assert fast.now_ms(10_000_000_000) == 10_000_000
