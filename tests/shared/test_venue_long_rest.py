"""A venue over three turns of the clock, with days between the times that anybody talks."""

from tests.shared.venue import Venue

from ptt.badge.join import JOINED
from ptt.base import clock, events

DAY_MS = 24 * 3600 * 1000
RESTS_DAYS = (1, 3, 5, 6, 6, 5, 4, 3)  # 33 days, in which the clock turns three times


def rest(venue, days):
    """Everything stands still, as on machines that sleep, and goes on. No machine sleeps for longer
    than `clock.since` can tell."""
    venue.flying = []
    venue.now_ms = clock.add(venue.now_ms, days * DAY_MS)
    for badge in venue.badges:
        badge.skip_silence(venue.now_ms)


def test_after_days_of_rest_all_come_back_and_talk():
    venue = Venue(3, start_ms=0x40000000 - 2000).run(1500)
    for days in RESTS_DAYS:
        rest(venue, days)
        venue.run(20000)
        for badge in venue.badges:
            assert badge.engine.join.state == JOINED, days
        before = [len(badge.all(events.HEARD)) for badge in venue.badges]
        venue.press("A")
        venue.run(400)
        venue.release("A")
        venue.run(1500)
        after = [len(badge.all(events.HEARD)) for badge in venue.badges]
        assert [a - b for a, b in zip(after, before)] == [0, 1, 1], days
        assert venue.leader.floors[1].holder == 0
