"""Words of the leader that come late, twice or about somebody else."""

from ptt.badge.floor import (
    FINISHING,
    HAS_PERMISSION,
    LET_GO,
    NO_PERMISSION,
    PENDING_RELEASE,
    PENDING_REQUEST,
    STATES,
    FloorParticipant,
)
from ptt.base import events

NOW_MS = 5000
OWN = 3
OTHER = 9


class Output:
    """Remembers events and releases."""

    def __init__(self):
        self.told = []
        self.releases = []

    def send_request(self, request, now_ms):
        pass

    def send_release(self, request, lease, now_ms):
        self.releases.append((request, lease))

    def burst_begins(self, lease, now_ms):
        pass

    def burst_discarded(self):
        pass

    def tell(self, kind, value):
        self.told.append((events.NAMES[kind], value))


class Floor(FloorParticipant):
    def __init__(self):
        self.output = Output()
        super().__init__(self.output)


def pending():
    floor = Floor()
    floor.press(NOW_MS)
    floor.output.told.clear()
    return floor


def talking(lease=10):
    floor = pending()
    assert floor.on_grant(1, lease, NOW_MS)
    assert floor.state == HAS_PERMISSION
    floor.output.told.clear()
    return floor


def releasing(lease=10):
    floor = talking(lease)
    floor.release(NOW_MS)
    floor.drained(NOW_MS)
    assert floor.state == PENDING_RELEASE
    return floor


def heard_of(floor, lease, talker):
    return floor.on_floor(lease, talker, OWN, NOW_MS)


def test_answers_to_another_request_are_stale():
    floor = pending()
    assert not floor.on_grant(2, 10, NOW_MS)
    assert not floor.on_queued(0, 1, NOW_MS)
    assert not floor.on_denied(7, 1, NOW_MS)
    assert floor.state == PENDING_REQUEST
    assert floor.output.told == []


def test_a_grant_of_an_older_lease_is_stale():
    floor = pending()
    heard_of(floor, 20, OTHER)
    assert not floor.on_grant(1, 19, NOW_MS)
    assert floor.on_grant(1, 21, NOW_MS)


def test_a_repeated_grant_is_obeyed_and_changes_nothing():
    floor = talking()
    assert floor.on_grant(1, 10, NOW_MS)
    assert not floor.on_grant(1, 11, NOW_MS)
    assert (floor.state, floor.lease) == (HAS_PERMISSION, 10)
    assert floor.output.told == []


def test_the_echo_of_our_own_last_grant_is_not_given_back():
    floor = releasing()
    heard_of(floor, 10, 0)
    assert floor.state == NO_PERMISSION
    assert not floor.on_grant(1, 10, NOW_MS)
    assert floor.state == NO_PERMISSION


def test_a_revocation_of_another_lease_is_stale():
    floor = talking()
    assert not floor.on_revoked(9, 1, NOW_MS)
    assert not floor.on_revoked(11, 1, NOW_MS)
    assert floor.state == HAS_PERMISSION


def test_the_floor_seen_by_the_talker():
    for lease, talker, state in (
        (10, OWN, HAS_PERMISSION),  # that is us
        (9, OTHER, HAS_PERMISSION),  # the one before
        (9, 0, HAS_PERMISSION),
        (10, 0, NO_PERMISSION),  # our burst is over, says the leader
        (11, OTHER, NO_PERMISSION),
        (11, 0, NO_PERMISSION),
    ):
        floor = talking()
        heard_of(floor, lease, talker)
        assert floor.state == state, (lease, talker, STATES[floor.state])


def test_the_floor_seen_by_who_has_released():
    for lease, talker, state in (
        (10, OWN, PENDING_RELEASE),  # said before the release came
        (9, 0, PENDING_RELEASE),
        (10, 0, NO_PERMISSION),
        (11, OTHER, NO_PERMISSION),
        (11, OWN, NO_PERMISSION),
    ):
        floor = releasing()
        heard_of(floor, lease, talker)
        assert floor.state == state, (lease, talker, STATES[floor.state])


def test_who_cancelled_in_the_queue_waits_for_an_answer_of_its_own():
    """While somebody talks, talk of the floor says nothing about a place in the queue."""
    floor = pending()
    floor.on_queued(1, 1, NOW_MS)
    floor.release(NOW_MS)
    heard_of(floor, 5, OTHER)
    assert floor.state == PENDING_RELEASE
    floor.on_denied(1, 2, NOW_MS)
    assert floor.state == NO_PERMISSION


def test_a_grant_that_crosses_the_cancellation_is_given_back():
    floor = pending()
    floor.on_queued(1, 1, NOW_MS)
    floor.release(NOW_MS)
    floor.on_grant(1, 6, NOW_MS)
    assert floor.state == PENDING_RELEASE
    assert floor.output.releases == [(1, 0), (1, 6)]


def test_news_are_told_once():
    floor = Floor()
    for _ in range(3):
        assert heard_of(floor, 4, OTHER)
    for _ in range(3):
        assert heard_of(floor, 4, 0)
    assert floor.output.told == [("taken", (OTHER, 4)), ("idle", 4)]


def test_old_news_are_stale():
    floor = Floor()
    heard_of(floor, 4, OTHER)
    assert not heard_of(floor, 3, 8)
    assert not heard_of(floor, 3, 0)
    assert (floor.seen_lease, floor.talker) == (4, OTHER)


def test_a_burst_that_ended_does_not_come_back():
    """Its own voice may arrive after the word that it is over."""
    floor = Floor()
    heard_of(floor, 4, OTHER)
    heard_of(floor, 4, 0)
    assert heard_of(floor, 4, OTHER)
    assert floor.talker == 0
    assert floor.output.told[-1] == ("idle", 4)


def test_a_new_term_counts_from_1_again():
    floor = releasing(lease=50)
    heard_of(floor, 50, 0)
    floor.restart()
    floor.press(NOW_MS)
    assert floor.on_grant(2, 1, NOW_MS)


def test_when_speech_is_wanted_and_may_be_sent():
    floor = Floor()
    assert not floor.wants_speech()
    floor.press(NOW_MS)
    assert floor.wants_speech()
    assert not floor.may_send()
    floor.release(NOW_MS)
    assert floor.state == LET_GO
    assert floor.wants_speech() and floor.is_let_go() and not floor.may_send()
    floor.on_grant(1, 1, NOW_MS)
    assert floor.state == FINISHING
    assert floor.wants_speech() and floor.is_let_go() and floor.may_send()
    floor.drained(NOW_MS)
    assert not floor.wants_speech() and not floor.is_let_go() and not floor.may_send()
