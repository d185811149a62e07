"""What a leader writes of a floor and of a session's age is what its successor goes on with."""

from tests.shared.floor_stage import NOW_MS, idle, taken

from ptt.cluster import floor_record, member_record, records
from ptt.cluster.replica import State
from ptt.leader import takeover
from ptt.wire.messages import LANE_EMERGENCY, LANE_PRIORITY


def successor_of(floor):
    record = floor_record.read_floor(floor.group, takeover.record_of_floor(floor, NOW_MS))
    after = idle()
    after.output.lease = floor.lease
    takeover.restore_floor(after, record, dict.fromkeys(range(2, 9)), NOW_MS)
    return after


def lanes(floor):
    return [(each.node, each.request, each.lane) for each in floor.queue]


def test_who_was_interrupted_talks_before_others_of_its_lane_under_the_successor_too():
    floor = taken(2)
    floor.on_request(3, 1, NOW_MS, LANE_PRIORITY)
    floor.on_request(4, 1, NOW_MS, LANE_EMERGENCY)
    after = successor_of(floor)
    assert lanes(after) == lanes(floor)
    assert takeover.record_of_floor(after, NOW_MS) == takeover.record_of_floor(floor, NOW_MS)
    after.on_request(5, 1, NOW_MS, LANE_PRIORITY)
    assert [each.node for each in after.queue] == [2, 3, 5]


def test_an_emergency_is_one_under_the_successor_too():
    floor = taken(2)
    floor.on_request(4, 1, NOW_MS, LANE_EMERGENCY)
    after = successor_of(floor)
    after.on_request(5, 1, NOW_MS, LANE_EMERGENCY)
    assert after.holder == 4


def test_keys_grow_old_with_the_record_that_tells_of_them():
    member = member_record.MemberRecord(2)
    member.session = 77
    member.device = bytes(8)
    member.keys_s = 60
    state = State(1, 0)
    state.records[records.MEMBER << 16 | 2] = (member_record.write_member(member), NOW_MS)
    assert takeover._keys_ms(state, 2, NOW_MS + 5000) == 65_000
