"""Engines with a rhythm of their own keep it while the clock turns: each does the same at the same
intervals, wherever the turn falls between two steps. The journal's tests start before a turn."""

from tests.shared.test_settings_publisher import started
from tests.shared.test_venue_updates import V2
from tests.shared.update_stage import UpdateVenue

from ptt.badge import update_receiver as receiver
from ptt.base import clock
from ptt.leader.announcer import Announcer

PERIOD_MS = 1 << 30
FAR_FROM_A_TURN_MS = 5000
BEFORE_MS = (1, 50, 99, 100, 101, 250, 700, 1500, 2400)  # the turn falls so long after the start


def starts():
    return [PERIOD_MS - before_ms for before_ms in BEFORE_MS]


def published(start_ms):
    """When, counted from the start, settings go to two members who do not answer."""
    venue = started(start_ms)
    for ms in range(0, 5000, 10):
        venue.publisher.handle_timeout(venue.members, clock.add(start_ms, ms))
    return [(node, clock.age(at_ms, start_ms)) for node, _, at_ms in venue.sent]


def announced(start_ms):
    """When a new leader speaks to two members: one answers in the end."""
    said = []
    announcer = Announcer(lambda node, now_ms: said.append((node, clock.age(now_ms, start_ms))))
    announcer.start(2, start_ms)
    announcer.start(3, clock.add(start_ms, 30))
    now_ms = start_ms
    for turn in range(20):
        now_ms = announcer.next_timeout_ms()
        announcer.handle_timeout(clock.add(now_ms, -1))
        announcer.handle_timeout(now_ms)
        if turn == 12:
            announcer.heard(2)
    return said


def fetched(start_ms):
    """How long two badges fetch a release over a bad network, and what that took."""
    venue = UpdateVenue(2, start_ms=start_ms, loss_percent=20, seed=3)
    venue.run(1000)
    venue.assign(V2, 0, 1)
    ready = [receiver.READY] * 2
    took_ms = venue.run_until(
        60000, lambda: [venue.receivers[each].state for each in venue.receivers] == ready
    )
    assert venue.is_whole(0, V2) and venue.is_whole(1, V2)
    return took_ms, venue.leader.updates.chunks


def test_settings_are_repeated_in_the_same_rhythm():
    usual = published(FAR_FROM_A_TURN_MS)
    assert len(usual) == 2 * 12  # each after 60, 180, 420 ms, then twice a second
    for start_ms in starts():
        assert published(start_ms) == usual, start_ms


def test_a_new_leader_announces_itself_in_the_same_rhythm():
    usual = announced(FAR_FROM_A_TURN_MS)
    assert len(usual) > 20
    for start_ms in starts():
        assert announced(start_ms) == usual, start_ms


def test_an_update_is_sent_and_fetched_in_the_same_time():
    usual = fetched(FAR_FROM_A_TURN_MS)
    assert usual[0] is not None
    for before_ms in (1000, 1100, 1101, 1110, 1300, 2000, 3000):  # while chunks fly
        assert fetched(PERIOD_MS - before_ms) == usual, before_ms
