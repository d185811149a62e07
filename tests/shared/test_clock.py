"""Time that wraps at 2^30 ms, as on a badge that has been up for 12.4 days."""

from tests.shared.raising import raised

from ptt.base import clock

PERIOD = 0x40000000
HALF = PERIOD // 2
SURE_MS = (6 * 24 + 3) * 3600 * 1000


def test_add_wraps():
    assert clock.add(1000, 20) == 1020
    assert clock.add(PERIOD - 1, 1) == 0
    assert clock.add(PERIOD - 10, 30) == 20


def test_since_is_right_across_the_wrap():
    assert clock.since(1020, 1000) == 20
    assert clock.since(1000, 1020) == -20
    assert clock.since(5, PERIOD - 5) == 10
    assert clock.since(PERIOD - 5, 5) == -10
    assert clock.since(7, 7) == 0


def test_since_reaches_six_days():
    for then_ms in (0, 1, 12345, HALF, PERIOD - 1):
        for delay_ms in (0, 1, 3000, SURE_MS):
            now_ms = clock.add(then_ms, delay_ms)
            assert clock.since(now_ms, then_ms) == delay_ms
            assert clock.since(then_ms, now_ms) == -delay_ms


def test_nobody_compares_times_whose_order_is_in_doubt():
    for then_ms in (0, 1, 12345, HALF, PERIOD - 1):
        for delay_ms in (SURE_MS + 1, HALF - 1, HALF, PERIOD - SURE_MS - 1):
            now_ms = clock.add(then_ms, delay_ms)
            raised(AssertionError, clock.since, now_ms, then_ms)


def test_earliest():
    assert clock.earliest(10, 20) == 10
    assert clock.earliest(20, 10) == 10
    assert clock.earliest(PERIOD - 5, 5) == PERIOD - 5
    assert clock.earliest(5, PERIOD - 5) == PERIOD - 5


def test_earliest_of_nothing_to_wait_for():
    assert clock.earliest(clock.NEVER, 20) == 20
    assert clock.earliest(20, clock.NEVER) == 20
    assert clock.earliest(0, clock.NEVER) == 0
    assert clock.earliest(clock.NEVER, clock.NEVER) == clock.NEVER


def test_no_time_is_never():
    for milliseconds in (0, PERIOD - 1, PERIOD, 3 * PERIOD + 7):
        assert clock.wrapped(milliseconds) != clock.NEVER


def test_wrap():
    assert clock.wrapped(5) == 5
    assert clock.wrapped(PERIOD) == 0
    assert clock.wrapped(5 * PERIOD + 3) == 3
