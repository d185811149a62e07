"""Badges that a term beyond all others has reached come back to a leader that was repaired."""

from tests.shared.test_venue_hosts import Cluster

from ptt.badge.join import JOINED
from ptt.base.numbers import CLOCK_TERM_MAX, INT_MAX, TERM_FORGET_MS, TERM_JUMP_MAX
from ptt.cluster.ballot import NOBODY, next_term


def test_badges_come_back_to_a_leader_that_was_repaired():
    """Its record was deleted: it leads far below what the badges have seen. No badge restarts."""
    venue = Cluster(hosts=1)
    venue.run(3000)
    for high, record in ((INT_MAX - 10, 1 << 20), (CLOCK_TERM_MAX, 1 << 21)):
        venue.kill(1)
        for badge in venue.badges:
            badge.engine.join.term = high
        machine = venue.machines[1]
        machine.disk = (record, NOBODY)  # by the clock
        venue.run(5000)  # they have lost it
        machine.start(venue.now_ms)
        venue.run(TERM_FORGET_MS + 15000)
        leader = venue.only().engine.leader
        if high > CLOCK_TERM_MAX:  # nobody stands above what badges say of it, not even in steps
            assert leader.term == next_term(record, machine.own)
        assert leader.term < TERM_JUMP_MAX
        for badge in venue.badges:
            assert badge.engine.join.state == JOINED
            assert badge.engine.join.term == leader.term
        venue.press("A")
        venue.run(200)
        assert venue.badge("A").engine.floor.may_send()
        venue.release("A")
        venue.run(1000)


def test_a_badge_forgets_no_term_while_a_leader_is_heard():
    venue = Cluster(hosts=2)
    venue.run(TERM_FORGET_MS * 2)
    term = venue.only().engine.leader.term
    assert [badge.engine.join.term for badge in venue.badges] == [term] * 3
