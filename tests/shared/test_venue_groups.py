"""Several talk groups and private calls in a whole venue: who hears whom, and who does not."""

from tests.shared.clear import ClearLeader
from tests.shared.fixed_roster import FixedRoster
from tests.shared.venue import Venue

from ptt.badge.floor import NO_PERMISSION
from ptt.base import events
from ptt.base.numbers import (
    CALL_GROUP_FIRST,
    CALL_HANG_MS,
    CALL_HOLD_MS,
    CALLS_MAX,
    GROUPS_MAX,
    QUEUE_KEEPALIVE_MS,
)
from ptt.leader.roster import ENTITLED_EMERGENCY, Grants
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages

SEED = 1


def device(index):
    return bytes([index >> 8, index & 255, 0, 0, 0, 0, 0, SEED * 50 + index + 1 & 255])


def venue_of(groups, entitlements=0, badges=None, **how):
    """A venue whose badge `n` is in `groups[n]`, joined and with its groups told."""
    table = {}
    venue = Venue(badges=len(groups), seed=SEED, roster=FixedRoster(table), **how)
    for index in range(len(groups)):
        table[device(index)] = Grants(groups[index], entitlements)
    return venue.run(3000)


def speak(venue, name, duration_ms=600):
    venue.press(name)
    venue.run(duration_ms)
    venue.release(name)
    venue.run(1500)


def leases(venue, name):
    """Leases that a badge has heard."""
    return sorted(set([lease for lease, _ in venue.badge(name).played if lease]))


def test_a_badge_is_told_its_groups():
    venue = venue_of(((2, 3), (3,), (2,)))
    for name, groups in (("A", (2, 3)), ("B", (3,)), ("C", (2,))):
        scan = venue.badge(name).engine.scan
        for group in (1, 2, 3):
            assert (scan.place(group) > 0) == (group in groups), (name, group)
        assert venue.badge(name).engine.floor.group == groups[0]


def test_voice_stays_in_its_group():
    venue = venue_of(((2, 3), (3,), (2,)))
    speak(venue, "A")
    assert leases(venue, "B") == []
    assert leases(venue, "C") == [1]
    assert venue.badge("A").engine.select_group(3)
    speak(venue, "A")
    assert leases(venue, "B") == [2]
    assert leases(venue, "C") == [1]


def test_two_groups_talk_at_the_same_time():
    venue = venue_of(((2,), (2,), (3,), (3,)))
    venue.press("A", "C")
    venue.run(600)
    venue.release("A", "C")
    venue.run(1500)
    assert len(leases(venue, "B")) == len(leases(venue, "D")) == 1
    assert leases(venue, "B") != leases(venue, "D")


def test_a_higher_group_is_heard_at_once_and_the_lower_one_again_afterwards():
    venue = venue_of(((2, 3), (2,), (3,)))
    venue.press("C")
    venue.run(600)
    venue.press("B")
    venue.run(600)
    venue.release("B")
    venue.run(1000)
    venue.release("C")
    venue.run(1500)
    heard = [lease for lease, _ in venue.badge("A").played if lease]
    assert [lease for n, lease in enumerate(heard) if n == 0 or heard[n - 1] != lease] == [1, 2, 1]
    assert venue.badge("A").engine.scan.unheard > 20
    frames = venue.badge("A").heard_of(1)
    assert frames == sorted(set(frames))


def test_a_lower_group_waits_until_the_higher_one_has_ended():
    venue = venue_of(((2, 3), (2,), (3,)))
    venue.press("B")
    venue.run(300)
    venue.press("C")
    venue.run(300)
    assert leases(venue, "A") == [1]
    venue.release("B")
    venue.run(1000)
    assert leases(venue, "A") == [1, 2]  # from the middle: late entry


def test_the_selected_group_is_heard_first():
    venue = venue_of(((2, 3), (2,), (3,)))
    assert venue.badge("A").engine.select_group(3)
    assert not venue.badge("A").engine.select_group(7)
    venue.press("B")
    venue.run(300)
    venue.press("C")
    venue.run(400)
    assert venue.badge("A").engine.scan.heard == 3


def test_a_roster_that_changes_reaches_who_is_here():
    venue = venue_of(((2,), (2,), (3,)))
    venue.roster.grants[device(0)] = Grants((3, 2), 0)
    venue.leader.regroup(device(0), venue.now_ms)
    venue.run(1200)
    assert venue.badge("A").engine.scan.place(3) == 1
    speak(venue, "C")
    assert leases(venue, "A") == [1]


def test_a_lost_roster_comes_again_with_the_heartbeat():
    venue = venue_of(((2,), (2,)))
    venue.roster.grants[device(0)] = Grants((3,), 0)
    venue.loses = lambda data, source, destination: data[1] == messages.WELCOME
    venue.leader.regroup(device(0), venue.now_ms)
    venue.collect_leader()
    venue.loses = None
    venue.run(1200)
    assert venue.badge("A").engine.floor.group == 3


def test_an_emergency_needs_to_be_entitled():
    venue = venue_of(((1,), (1,)))
    venue.badge("A").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(200)
    assert venue.badge("A").last(events.DENIED) == messages.DENIAL_NOT_ENTITLED


def test_who_is_preempted_talks_on_when_the_emergency_is_over():
    venue = venue_of(((1,), (1,), (1,)), ENTITLED_EMERGENCY)
    venue.press("A")
    venue.run(500)
    venue.badge("B").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(500)
    assert venue.badge("A").last(events.REVOKED) == messages.REVOCATION_PREEMPTED
    assert venue.badge("A").last(events.QUEUED) == 1
    assert venue.badge("B").engine.floor.may_send()
    venue.release("B")
    venue.run(500)
    assert venue.badge("A").engine.floor.may_send()
    venue.release("A")
    venue.run(1500)
    assert leases(venue, "C") == [1, 2, 3]
    assert [each for each in venue.talking if len(each) > 1] == []


def call(venue, caller, callee):
    badge = venue.badge(caller)
    assert badge.engine.call(venue.badge(callee).engine.join.node, venue.now_ms)
    venue.collect(badge)


def called(venue, caller="A", callee="B"):
    """The caller has said a word."""
    call(venue, caller, callee)
    venue.run(300)
    venue.release(caller)
    venue.run(500)


def test_two_talk_in_private():
    venue = venue_of(((1,), (1,), (1,)))
    call(venue, "A", "B")
    venue.run(600)
    venue.release("A")
    venue.run(1000)
    speak(venue, "B")  # in the call: no group was chosen
    assert leases(venue, "B") == [1] and leases(venue, "A") == [2]
    assert leases(venue, "C") == []
    for name, peer in (("A", "B"), ("B", "A")):
        badge = venue.badge(name)
        assert badge.all(events.CALL) == [venue.badge(peer).engine.join.node]
        assert badge.engine.floor.group == CALL_GROUP_FIRST
    venue.run(CALL_HANG_MS)
    for name in "AB":
        assert venue.badge(name).last(events.CALL_OVER) == messages.CALL_QUIET
        assert venue.badge(name).engine.floor.group == 1
    assert sorted(venue.leader.floors) == [1]
    speak(venue, "A")
    assert leases(venue, "C") == [3]


def test_either_hangs_up_and_a_lost_word_is_said_again():
    venue = venue_of(((1,), (1,), (1,)))
    called(venue)
    lost = []

    def loses_first(data, source, destination):
        if data[1] == messages.CALL_ENDED and len(lost) < 2:
            lost.append(data)
            return True
        return False

    venue.loses = loses_first
    assert venue.badge("B").engine.hang_up(venue.now_ms)
    venue.run(1500)
    assert not venue.badge("B").engine.hang_up(venue.now_ms)
    assert len(lost) == 2
    assert venue.badge("A").all(events.CALL_OVER) == [messages.CALL_HUNG_UP]
    assert venue.badge("B").all(events.CALL_OVER) == [messages.CALL_HUNG_UP]
    assert sorted(venue.leader.floors) == [1]


def test_the_end_of_a_call_that_was_lost_is_told_with_the_heartbeat():
    venue = venue_of(((1,), (1,)))
    called(venue)
    venue.loses = lambda data, source, to: data[1] == messages.CALL_ENDED and to == ("badge", 0)
    venue.badge("B").engine.hang_up(venue.now_ms)
    venue.run(200)
    venue.loses = None
    venue.run(2500)
    assert venue.badge("A").last(events.CALL_OVER) == messages.CALL_UNKNOWN


def test_who_cannot_be_called():
    venue = venue_of(((1,), (1,), (1,)))
    called(venue)
    nodes = [badge.engine.join.node for badge in venue.badges]
    for node, reason in (
        (nodes[0], messages.DENIAL_CALLEE_BUSY),
        (nodes[2], messages.DENIAL_CALLEE_SELF),
        (999, messages.DENIAL_CALLEE_UNKNOWN),
    ):
        assert venue.badge("C").engine.call(node, venue.now_ms)
        venue.run(300)
        assert venue.badge("C").last(events.DENIED) == reason
        venue.release("C")
    assert sorted(venue.leader.floors) == [1, CALL_GROUP_FIRST]


def test_who_was_heard_last_is_called_back():
    venue = venue_of(((1,), (1,), (1,)))
    speak(venue, "B")
    assert venue.badge("A").engine.call_back(venue.now_ms)
    venue.run(300)
    assert venue.badge("B").all(events.CALL) == [venue.badge("A").engine.join.node]
    assert venue.badge("C").all(events.CALL) == []


def test_a_call_ends_when_one_leaves():
    venue = venue_of(((1,), (1,)))
    call(venue, "A", "B")
    venue.run(300)
    venue.badge("A").alive = False
    venue.run(6000)
    assert venue.badge("B").last(events.CALL_OVER) == messages.CALL_LEFT
    assert sorted(venue.leader.floors) == [1]


def test_both_call_each_other_at_once():
    venue = venue_of(((1,), (1,)))
    call(venue, "A", "B")
    call(venue, "B", "A")
    venue.run(500)
    assert sorted(venue.leader.floors) == [1, CALL_GROUP_FIRST]
    states = sorted([badge.engine.floor.state for badge in venue.badges])
    assert states == [2, 3]  # one talks, the other waits
    venue.release("A", "B")
    venue.run(1000)


def test_the_venue_says_how_long_a_quiet_call_lasts():
    venue = venue_of([(1,), (1,)])
    venue.leader.publish(Settings(2, call_quiet_ms=3000), venue.now_ms)
    call(venue, "A", "B")
    venue.run(600)
    venue.release("A")
    venue.run(CALL_HANG_MS // 2)
    assert venue.badge("B").last(events.CALL_OVER) == messages.CALL_QUIET


def test_without_private_calls_nobody_opens_one_and_those_there_are_go_on():
    venue = venue_of([(1,), (1,), (1,), (1,)])
    call(venue, "A", "B")
    venue.run(600)
    venue.leader.publish(Settings(2, private_calls=0), venue.now_ms)
    call(venue, "C", "D")
    venue.run(500)
    assert venue.badge("C").last(events.DENIED) == messages.DENIAL_CALLS_FULL
    assert sorted(venue.leader.floors) == [1, CALL_GROUP_FIRST]
    venue.release("A", "C")
    venue.run(500)
    speak(venue, "C")
    assert leases(venue, "D") and venue.badge("B").engine.floor.group == CALL_GROUP_FIRST


def test_nobody_makes_more_floors_than_there_is_room_for():
    venue = venue_of([(1,)] * (2 * CALLS_MAX + 2))
    for index in range(0, 2 * CALLS_MAX + 2, 2):
        badge, other = venue.badges[index], venue.badges[index + 1]
        badge.engine.call(other.engine.join.node, venue.now_ms)
        venue.collect(badge)
    venue.run(500)
    assert len(venue.leader.floors) == 1 + CALLS_MAX
    assert venue.badges[-2].last(events.DENIED) == messages.DENIAL_CALLS_FULL
    leader = ClearLeader(1, 1, None, FixedRoster({}, Grants((1, 0, 128, 2, 2))))
    for group in range(1, GROUPS_MAX + 5):
        leader.groups.open(group)
    assert len(leader.floors) == GROUPS_MAX
    assert leader.groups.refused == 4


def test_a_member_asks_in_one_group_at_a_time():
    venue = venue_of(((2, 3), (2,), (3,)))
    venue.press("B", "C")
    venue.run(200)
    venue.press("A")
    venue.run(200)
    assert len(venue.leader.floors[2].queue) == 1
    venue.release("A")
    venue.badge("A").engine.select_group(3)
    venue.press("A")
    venue.run(200)
    assert len(venue.leader.floors[2].queue) == 0
    assert len(venue.leader.floors[3].queue) == 1


def hang_up_by_callee(venue):
    """A calls B, says a word, and B hangs up."""
    called(venue)
    venue.badge("B").engine.hang_up(venue.now_ms)
    venue.run(500)


def test_an_emergency_ends_the_call_and_the_next_press_is_the_groups():
    venue = venue_of(((1,), (1,), (1,)), ENTITLED_EMERGENCY)
    called(venue)
    badge = venue.badge("B")
    badge.engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(300)
    assert badge.last(events.CALL_OVER) == messages.CALL_HUNG_UP
    assert venue.badge("A").last(events.CALL_OVER) == messages.CALL_HUNG_UP
    assert badge.engine.floor.state == NO_PERMISSION
    badge.engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(500)
    assert leases(venue, "A") == leases(venue, "C") == [2]


def test_no_emergency_is_a_call():
    venue = venue_of(((1,), (1,), (1,)), ENTITLED_EMERGENCY)
    call(venue, "A", "B")
    venue.badge("A").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.run(300)
    assert sorted(venue.leader.floors) == [1]
    assert venue.badge("A").engine.floor.state == NO_PERMISSION


def test_who_was_hung_up_on_waits_longer_each_time():
    venue = venue_of(((1,), (1,), (1,)))
    for hold_ms in (CALL_HOLD_MS, 2 * CALL_HOLD_MS):
        hang_up_by_callee(venue)
        for wait_ms in (0, hold_ms - 3000):
            venue.run(wait_ms)
            before = len(venue.badge("B").all(events.CALL))
            call(venue, "A", "B")
            venue.run(300)
            venue.release("A")
            assert venue.badge("A").last(events.DENIED) == messages.DENIAL_CALLEE_BUSY
            assert len(venue.badge("B").all(events.CALL)) == before
        venue.run(3000)
    call(venue, "A", "C")  # somebody else
    venue.run(300)
    assert venue.badge("C").all(events.CALL)


def test_who_was_hung_up_on_three_times_is_blocked_until_it_is_called():
    venue = venue_of(((1,), (1,), (1,)))
    for wait_ms in (CALL_HOLD_MS, 2 * CALL_HOLD_MS, 5 * CALL_HOLD_MS):  # the next would be four
        hang_up_by_callee(venue)
        venue.run(wait_ms)
    before = len(venue.badge("B").all(events.CALL))
    call(venue, "A", "B")
    venue.run(300)
    venue.release("A")
    assert venue.badge("A").last(events.DENIED) == messages.DENIAL_CALLEE_BUSY
    assert len(venue.badge("B").all(events.CALL)) == before
    venue.run(500)
    called(venue, "B", "A")
    speak(venue, "A")
    venue.badge("B").engine.hang_up(venue.now_ms)
    venue.run(500)
    called(venue, "A", "B")
    assert len(venue.badge("B").all(events.CALL)) == before + 2


def test_a_call_that_is_never_answered_holds_its_caller_off_too():
    venue = venue_of(((1,), (1,)))
    for _ in range(2):
        called(venue)
        venue.badge("A").engine.hang_up(venue.now_ms)
        venue.run(500)
    assert len(venue.badge("B").all(events.CALL)) == 1


def test_who_was_answered_may_call_again():
    venue = venue_of(((1,), (1,)))
    for times in (1, 2):
        called(venue)
        speak(venue, "B")
        venue.badge("A").engine.hang_up(venue.now_ms)
        venue.run(500)
        assert len(venue.badge("B").all(events.CALL)) == times
    call(venue, "B", "A")  # the other way round nobody was ever held off
    venue.run(300)
    assert len(venue.badge("A").all(events.CALL)) == 3


def test_an_answer_forgives():
    venue = venue_of(((1,), (1,)))
    hang_up_by_callee(venue)
    venue.run(CALL_HOLD_MS)
    called(venue)
    speak(venue, "B")
    venue.badge("A").engine.hang_up(venue.now_ms)
    venue.run(500)
    hang_up_by_callee(venue)
    venue.run(CALL_HOLD_MS)  # not twice as long
    call(venue, "A", "B")
    venue.run(300)
    assert len(venue.badge("B").all(events.CALL)) == 4


def test_a_call_waits_while_the_group_talks():
    venue = venue_of(((1,), (1,), (1,)))
    venue.press("C")
    venue.run(300)
    call(venue, "A", "B")
    venue.run(QUEUE_KEEPALIVE_MS * 2)
    assert venue.badge("A").last(events.QUEUED) == 1
    assert venue.badge("B").all(events.CALL) == []
    venue.release("C")
    venue.run(1000 + QUEUE_KEEPALIVE_MS)
    assert venue.badge("A").engine.floor.may_send()
    assert len(venue.badge("B").all(events.CALL)) == 1


def test_who_gives_up_waiting_is_free_at_once():
    venue = venue_of(((1,), (1,), (1,)))
    venue.press("C")
    venue.run(300)
    call(venue, "A", "B")
    venue.run(300)
    venue.release("A")
    venue.run(100)
    assert venue.badge("A").engine.floor.state == NO_PERMISSION
    venue.release("C")
    venue.run(QUEUE_KEEPALIVE_MS * 2)
    assert venue.badge("B").all(events.CALL) == []


def test_whoever_hangs_up_while_it_talks_has_not_answered():
    """The button is the call's, so a press in it need not be meant for the caller."""
    venue = venue_of(((1,), (1,)))
    called(venue)
    venue.press("B")
    venue.run(300)
    venue.badge("B").engine.hang_up(venue.now_ms)
    venue.run(500)
    call(venue, "A", "B")
    venue.run(300)
    assert venue.badge("A").last(events.DENIED) == messages.DENIAL_CALLEE_BUSY


def test_who_joins_again_to_end_a_call_waits_as_well():
    venue = venue_of(((1,), (1,)))
    called(venue)
    caller = venue.leader.members.by_node(venue.badge("A").engine.join.node)
    assert caller is not None
    venue.leader.drop(caller, venue.now_ms)  # as when it restarts
    venue.collect_leader()
    venue.run(5000)
    call(venue, "A", "B")
    venue.run(300)
    assert len(venue.badge("B").all(events.CALL)) == 1
