"""Who comes before whom: lanes of the queue, emergencies, and who was interrupted by one."""

from tests.shared.floor_stage import NOW_MS, idle, said, taken

from ptt.base.numbers import LEASE_MS, QUEUE_KEEPALIVE_MS, QUEUE_MAX
from ptt.leader.settings_in_force import Settings
from ptt.wire.messages import LANE_EMERGENCY, LANE_PRIORITY, LANE_ROUTINE

HOLDER = 2


def nodes(floor):
    return [waiting.node for waiting in floor.queue]


def test_a_higher_lane_talks_first_and_each_is_first_come_first_served():
    floor = taken(HOLDER)
    floor.lane = LANE_EMERGENCY  # nobody preempts it
    lanes = (LANE_ROUTINE, LANE_PRIORITY, LANE_ROUTINE, LANE_EMERGENCY, LANE_PRIORITY)
    for node, lane in enumerate(lanes, 3):
        floor.on_request(node, 1, NOW_MS, lane)
    floor.on_request(8, 1, NOW_MS, LANE_EMERGENCY)
    assert nodes(floor) == [6, 8, 4, 7, 3, 5]


def test_who_is_overtaken_is_told_its_new_place():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS)
    floor.on_request(4, 1, NOW_MS)
    said(floor)
    floor.on_request(5, 1, NOW_MS, LANE_PRIORITY)
    assert said(floor) == ["queued 5 r1 at 1", "queued 3 r1 at 2", "queued 4 r1 at 3"]


def test_a_keep_alive_neither_loses_nor_wins_a_place():
    floor = taken(HOLDER)
    for node, lane in ((3, LANE_PRIORITY), (4, LANE_PRIORITY), (5, LANE_ROUTINE)):
        floor.on_request(node, 1, NOW_MS, lane)
    floor.on_request(3, 1, NOW_MS, LANE_ROUTINE)
    floor.on_request(3, 1, NOW_MS, LANE_PRIORITY)
    assert nodes(floor) == [3, 4, 5]


def test_a_place_moves_up_when_its_request_matters_more():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS)
    floor.on_request(4, 1, NOW_MS)
    floor.on_request(4, 1, NOW_MS, LANE_PRIORITY)
    assert nodes(floor) == [4, 3]


def test_a_new_press_takes_no_old_lane_along():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS)
    floor.on_request(4, 1, NOW_MS, LANE_PRIORITY)
    floor.on_request(4, 2, NOW_MS)
    assert nodes(floor) == [3, 4]


def test_who_is_preempted_is_next_and_then_talks_on_with_the_same_request():
    floor = taken(HOLDER)
    floor.on_voice(HOLDER, 1, NOW_MS)
    floor.on_request(3, 1, NOW_MS, LANE_PRIORITY)
    floor.on_request(4, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 4
    assert nodes(floor) == [HOLDER, 3]
    assert not floor.on_voice(HOLDER, 1, NOW_MS)
    said(floor)
    floor.on_release(4, 1, NOW_MS)
    assert said(floor)[1:3] == ["grant 2 r1 l3", "taken l3 by 2"]


def test_emergencies_come_one_after_the_other_and_all_before_who_was_preempted():
    floor = taken(HOLDER)
    for node in (3, 4, 5):
        floor.on_request(node, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 3
    assert nodes(floor) == [4, 5, HOLDER]


def test_who_was_preempted_and_talks_again_can_be_preempted_again():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS, LANE_EMERGENCY)
    floor.on_release(3, 1, NOW_MS)
    assert floor.holder == HOLDER
    floor.on_request(4, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 4
    assert nodes(floor) == [HOLDER]


def test_who_was_preempted_and_lets_go_is_out_of_the_queue():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS, LANE_EMERGENCY)
    said(floor)
    floor.on_release(HOLDER, 1, NOW_MS)
    assert nodes(floor) == []
    assert said(floor) == ["denied 2 r1 reason 2"]


def test_a_holder_whose_burst_becomes_an_emergency_keeps_the_floor():
    floor = taken(HOLDER)
    floor.on_request(HOLDER, 1, NOW_MS, LANE_EMERGENCY)
    floor.on_request(3, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == HOLDER
    assert floor.lease == 1


def test_a_late_copy_of_the_first_press_makes_no_emergency_routine_again():
    floor = taken(HOLDER)
    floor.on_request(HOLDER, 1, NOW_MS, LANE_EMERGENCY)
    floor.on_request(HOLDER, 1, NOW_MS, LANE_ROUTINE)
    floor.on_request(3, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == HOLDER


def test_somebody_who_waits_in_an_emergency_takes_the_floor():
    floor = taken(HOLDER)
    floor.on_request(3, 1, NOW_MS)
    floor.on_request(3, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 3
    assert nodes(floor) == [HOLDER]


def test_a_full_queue_keeps_no_emergency_out():
    floor = taken(HOLDER)
    for node in range(QUEUE_MAX):
        floor.on_request(10 + node, 1, NOW_MS)
    floor.on_request(1000, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 1000
    assert nodes(floor)[0] == HOLDER
    assert len(floor.queue) == QUEUE_MAX
    said(floor)
    floor.on_request(1001, 1, NOW_MS, LANE_PRIORITY)
    assert nodes(floor)[1] == 1001
    assert len(floor.queue) == QUEUE_MAX
    assert said(floor)[0] == "denied %d r1 reason 1" % (10 + QUEUE_MAX - 2)


def test_who_is_preempted_takes_one_of_the_places_that_the_venue_has():
    floor = taken(HOLDER)
    floor.obey(Settings(queue_places=2))
    for node in (3, 4):
        floor.on_request(node, 1, NOW_MS)
    said(floor)
    floor.on_request(5, 1, NOW_MS, LANE_EMERGENCY)
    assert nodes(floor) == [HOLDER, 3]
    assert "denied 4 r1 reason 1" in said(floor)


def test_without_preemption_an_emergency_is_the_next_to_talk():
    floor = taken(HOLDER)
    floor.obey(Settings(preemption=0))
    floor.on_request(3, 1, NOW_MS, LANE_PRIORITY)
    floor.on_request(4, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == HOLDER
    assert nodes(floor) == [4, 3]
    floor.obey(Settings())
    floor.on_request(5, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == 5


def test_another_leader_goes_on_where_this_one_was_interrupted():
    first = taken(HOLDER)
    first.on_request(4, 6, NOW_MS)
    first.on_request(3, 5, NOW_MS, LANE_PRIORITY)
    queue = [(each.order, each.node, each.request, each.lane) for each in reversed(first.queue)]
    floor = idle()
    floor.output.lease = 1
    begun_ms = NOW_MS - 1000
    floor.take_over(1, (HOLDER, 1, begun_ms, 60000, LANE_EMERGENCY), queue, NOW_MS)
    assert said(floor) == ["grant 2 r1 l1"]
    assert (floor.holder, floor.lease, nodes(floor)) == (HOLDER, 1, [3, 4])
    floor.on_request(9, 1, NOW_MS, LANE_EMERGENCY)
    assert floor.holder == HOLDER  # an emergency, too
    floor.handle_timeout(NOW_MS + LEASE_MS - 1)
    assert floor.holder == HOLDER
    floor.handle_timeout(NOW_MS + LEASE_MS)
    assert floor.holder == 9
    assert begun_ms + floor.granted_ms == NOW_MS + 59000


def test_a_queue_without_a_holder_goes_on_with_its_first():
    floor = idle()
    floor.output.lease = 7  # the newest that was given out, as a takeover tells it
    floor.take_over(7, (0, 0, 0, 0), [(5, 3, 1, LANE_ROUTINE), (4, 4, 1, LANE_ROUTINE)], NOW_MS)
    assert floor.holder == 4
    assert nodes(floor) == [3]


def test_a_restored_place_has_to_be_kept_alive():
    floor = idle()
    floor.take_over(7, (HOLDER, 1, NOW_MS, 60000), [(5, 3, 1, LANE_ROUTINE)], NOW_MS)
    later_ms = NOW_MS + 3 * QUEUE_KEEPALIVE_MS
    floor.on_voice(HOLDER, 7, later_ms)
    floor.handle_timeout(later_ms)
    assert nodes(floor) == []


def test_every_change_is_noticed_and_nothing_else():
    floor = idle()
    steps = (
        (lambda: floor.on_request(2, 1, NOW_MS), True),
        (lambda: floor.on_request(2, 1, NOW_MS), False),
        (lambda: floor.on_voice(2, 1, NOW_MS), False),
        (lambda: floor.on_request(3, 1, NOW_MS), True),
        (lambda: floor.on_request(3, 1, NOW_MS), False),
        (lambda: floor.on_request(3, 2, NOW_MS), True),
        (lambda: floor.on_request(3, 2, NOW_MS, LANE_PRIORITY), True),
        (lambda: floor.on_request(2, 1, NOW_MS, LANE_PRIORITY), True),
        (lambda: floor.on_release(3, 2, NOW_MS), True),
        (lambda: floor.on_release(3, 2, NOW_MS), False),
        (lambda: floor.on_release(2, 1, NOW_MS), True),
    )
    for index, (step, changes) in enumerate(steps):
        before = floor.output.changes
        step()
        assert (floor.output.changes > before) == changes, index
