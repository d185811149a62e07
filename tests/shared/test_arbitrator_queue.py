"""The queue behind a talker: order, places, those who leave it, and datagrams that come late."""

from tests.shared.floor_stage import NOW_MS, idle, said, taken

from ptt.base.numbers import LEASE_MS, QUEUE_KEEPALIVE_MS, QUEUE_MAX
from ptt.leader.settings_in_force import Settings
from ptt.wire.messages import DENIAL_QUEUE_FULL, DENIAL_STALE

HOLDER = 2
QUEUE_TTL_MS = 3 * QUEUE_KEEPALIVE_MS


def queued(*nodes):
    """A taken floor with `nodes` waiting, each with its request 1."""
    floor = taken(HOLDER)
    for node in nodes:
        floor.on_request(node, 1, NOW_MS)
    said(floor)
    return floor


def waiting(floor):
    return [each.node for each in floor.queue]


def test_first_come_first_served():
    floor = queued(5, 3, 4)
    assert waiting(floor) == [5, 3, 4]
    for node, lease in ((5, 2), (3, 3), (4, 4)):
        floor.on_release(floor.holder, 1, NOW_MS)
        assert (floor.holder, floor.lease) == (node, lease)
    floor.on_release(4, 1, NOW_MS)
    assert said(floor)[-1] == "idle l4"


def test_all_learn_their_new_places():
    floor = queued(5, 3, 4)
    floor.on_release(HOLDER, 1, NOW_MS)
    assert said(floor) == [
        "freed 2 l1: 0",
        "grant 5 r1 l2",
        "taken l2 by 5",
        "queued 3 r1 at 1",
        "queued 4 r1 at 2",
    ]


def test_asking_again_keeps_the_place():
    floor = queued(5, 3)
    floor.on_request(5, 1, NOW_MS)
    assert said(floor) == ["queued 5 r1 at 1"]
    floor.on_request(5, 2, NOW_MS)
    assert said(floor) == ["queued 5 r2 at 1"]
    assert waiting(floor) == [5, 3]


def test_a_late_copy_of_an_older_press_does_not_replace_the_newer():
    floor = queued(5, 3)
    floor.on_request(5, 2, NOW_MS)
    said(floor)
    floor.on_request(5, 1, NOW_MS)
    assert said(floor) == ["denied 5 r1 reason %d" % DENIAL_STALE]
    assert floor.knows(5, 2) and waiting(floor) == [5, 3]


def test_cancelling_moves_the_others_up():
    floor = queued(5, 3, 4)
    floor.on_release(5, 1, NOW_MS)
    assert waiting(floor) == [3, 4]
    assert said(floor) == [
        "queued 3 r1 at 1",
        "queued 4 r1 at 2",
        "denied 5 r1 reason %d" % DENIAL_STALE,
    ]


def test_a_member_that_left_leaves_its_place():
    floor = queued(5, 3)
    floor.on_member_left(5, NOW_MS)
    assert waiting(floor) == [3]
    floor.on_release(HOLDER, 1, NOW_MS)
    assert floor.holder == 3


def test_who_does_not_ask_again_loses_its_place():
    floor = queued(5, 3)
    floor.on_voice(HOLDER, 1, NOW_MS + 1900)
    floor.on_request(3, 1, NOW_MS + 1900)
    floor.on_voice(HOLDER, 1, NOW_MS + 2900)
    floor.handle_timeout(NOW_MS + QUEUE_TTL_MS - 1)
    assert waiting(floor) == [5, 3]
    assert floor.next_timeout_ms() == NOW_MS + QUEUE_TTL_MS
    said(floor)
    floor.handle_timeout(NOW_MS + QUEUE_TTL_MS)
    assert waiting(floor) == [3]
    assert said(floor) == ["queued 3 r1 at 1"]


def test_nobody_vanished_is_given_the_floor():
    floor = queued(5, 3)
    floor.on_voice(HOLDER, 1, NOW_MS + 1900)
    floor.on_request(3, 1, NOW_MS + 1900)
    floor.on_release(HOLDER, 1, NOW_MS + QUEUE_TTL_MS)
    assert floor.holder == 3


def test_the_queue_moves_on_when_the_holder_falls_silent():
    floor = queued(5)
    floor.on_request(5, 1, NOW_MS + 1000)
    floor.handle_timeout(NOW_MS + LEASE_MS)
    assert floor.holder == 5


def test_a_full_queue_denies():
    floor = queued(*range(10, 10 + QUEUE_MAX))
    floor.on_request(5, 1, NOW_MS)
    assert said(floor) == ["denied 5 r1 reason %d" % DENIAL_QUEUE_FULL]
    floor.on_release(10, 1, NOW_MS)
    said(floor)
    floor.on_request(5, 1, NOW_MS)  # a repetition of what was denied
    assert said(floor) == ["denied 5 r1 reason %d" % DENIAL_STALE]
    floor.on_request(5, 2, NOW_MS)
    assert said(floor) == ["queued 5 r2 at %d" % QUEUE_MAX]


def test_the_venue_says_how_many_may_wait():
    floor = queued(10, 11, 12)
    floor.obey(Settings(queue_places=3))
    floor.on_request(5, 1, NOW_MS)
    assert said(floor) == ["denied 5 r1 reason %d" % DENIAL_QUEUE_FULL]
    floor.obey(Settings(queue_places=2))  # who waits already keeps the place
    assert [each.node for each in floor.queue] == [10, 11, 12]


def test_a_new_press_of_the_holder_ends_its_burst():
    floor = taken(HOLDER)
    floor.on_request(HOLDER, 2, NOW_MS)
    assert said(floor) == ["freed 2 l1: 0", "idle l1", "grant 2 r2 l2", "taken l2 by 2"]


def test_a_new_press_of_the_holder_goes_behind_those_who_wait():
    floor = queued(5)
    floor.on_request(HOLDER, 2, NOW_MS)
    assert floor.holder == 5
    assert waiting(floor) == [HOLDER]


def test_a_late_request_of_a_burst_that_is_over():
    floor = taken(HOLDER)
    floor.on_release(HOLDER, 1, NOW_MS)
    said(floor)
    floor.on_request(HOLDER, 1, NOW_MS)
    assert said(floor) == ["idle l1 to 2"]
    assert floor.holder == 0


def test_a_late_request_while_somebody_else_talks():
    floor = queued(5)
    floor.on_release(HOLDER, 1, NOW_MS)
    said(floor)
    floor.on_request(HOLDER, 1, NOW_MS)
    assert said(floor) == ["denied 2 r1 reason %d" % DENIAL_STALE]
    assert waiting(floor) == []


def test_a_late_request_of_an_earlier_press_does_not_end_the_running_burst():
    floor = idle()
    floor.on_request(HOLDER, 2, NOW_MS)  # press 1 was given up unanswered, and comes now
    said(floor)
    floor.on_request(HOLDER, 1, NOW_MS)
    assert said(floor) == ["denied 2 r1 reason %d" % DENIAL_STALE]
    assert (floor.holder, floor.request) == (HOLDER, 2)


def test_a_late_release_takes_no_newer_place():
    floor = queued(5)
    floor.on_request(5, 2, NOW_MS)
    floor.on_release(5, 1, NOW_MS)
    assert waiting(floor) == [5]


def test_a_late_release_does_not_end_the_running_burst():
    floor = taken(HOLDER)
    floor.on_release(HOLDER, 1, NOW_MS)
    floor.on_request(HOLDER, 2, NOW_MS)
    floor.on_release(HOLDER, 1, NOW_MS)
    assert floor.holder == HOLDER


def test_a_late_release_does_not_bring_a_request_back():
    """After release 3 and a late release 1, a late request 2 is over all the same."""
    floor = idle()
    floor.on_release(5, 3, NOW_MS)
    floor.on_release(5, 1, NOW_MS)
    floor.on_request(5, 2, NOW_MS)
    assert floor.holder == 0


def test_request_numbers_wrap():
    floor = idle()
    floor.on_release(5, 0xFFFF, NOW_MS)
    floor.on_request(5, 0xFFFF, NOW_MS)
    assert floor.holder == 0
    floor.on_request(5, 0, NOW_MS)
    assert floor.holder == 5


def test_a_release_that_overtook_its_request():
    floor = idle()
    floor.on_release(5, 1, NOW_MS)
    floor.on_request(5, 1, NOW_MS)
    assert floor.holder == 0
    assert said(floor) == ["idle l0 to 5"] * 2


def test_a_number_that_goes_to_somebody_else_starts_afresh():
    floor = taken(HOLDER)
    floor.on_member_left(HOLDER, NOW_MS)
    said(floor)
    floor.on_request(HOLDER, 1, NOW_MS)
    assert said(floor) == ["grant 2 r1 l2", "taken l2 by 2"]
    assert list(floor._over) == []
