"""The leader is gone in the midst of a burst, and a standby goes on."""

from tests.shared import oracle
from tests.shared.failover_venue import Failover, talking

from ptt.badge.floor import HAS_PERMISSION, QUEUED
from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.numbers import (
    HELLO_RETRY_MS_MAX,
    LEADER_LOST_MS,
    LEASE_GAP,
    MEMBER_TTL_MS,
)
from ptt.leader.roster import ENTITLED_EMERGENCY
from ptt.wire import messages

OUTAGE_MS = 600


def fail_over(venue, outage_ms=OUTAGE_MS, **facts):
    venue.kill()
    venue.run(outage_ms)
    return venue.take_over(**facts)


def test_the_same_burst_goes_on():
    venue = talking()
    fail_over(venue)
    venue.run(1000)
    venue.release("A")
    venue.run(2500)
    a = venue.badge("A")
    assert a.all(events.GRANTED) == [1]
    assert a.all(events.MOVED) == [2]
    assert [lease for lease, _, _ in a.all(events.SENT)] == [1]
    assert a.all(events.RELEASED) == [1]
    for name in "BC":
        numbers = venue.badge(name).heard_of(1)
        assert numbers == sorted(numbers)
        gaps = [n for n in range(len(numbers) - 1) if numbers[n + 1] - numbers[n] > 3]
        assert len(gaps) == 1
        lost = numbers[gaps[0] + 1] - numbers[gaps[0]]
        assert lost * 20 < OUTAGE_MS + 100
        assert venue.badge(name).all(events.LOST) == []
    oracle.check_one_talks(venue)
    oracle.check_hearing(venue)
    oracle.check_at_rest(venue)


def test_who_was_let_in_finds_the_next_leader_however_soon_the_first_one_dies():
    """The next one has not heard of it, and nobody hears a broadcast: it knows where to ask."""
    for moment_ms in (0, 100, 400, 700, 1100, 1600, 2100, 3000):
        for number in (1, 2):
            venue = Failover(badges=1, standbys=2)
            venue.host_loses.loses = lambda data: True
            (badge,) = venue.badges
            assert venue.run_until(1500, lambda badge=badge: badge.all(events.JOINED)) is not None
            venue.run(moment_ms)
            assert badge.engine.join.state == JOINED
            fail_over(venue, number=number)
            venue.run(LEADER_LOST_MS + HELLO_RETRY_MS_MAX)
            found = badge.engine.join.state == JOINED and badge.engine.link.address
            assert found == ("standby", number), (moment_ms, number)


def test_the_queue_keeps_its_order_and_its_lanes():
    venue = talking(badges=5)
    venue.press("C")
    venue.run(50)
    venue.press("B")
    venue.run(50)
    venue.press("E")
    venue.run(300)
    fail_over(venue)
    venue.run(300)
    (floor,) = venue.leader.floors.values()
    nodes = [venue.badge(name).engine.join.node for name in "CBE"]
    assert [waiting.node for waiting in floor.queue] == nodes
    for name in "ACBE":
        assert venue.badge(name).engine.floor.state in (HAS_PERMISSION, QUEUED)
        venue.release(name)
        venue.run(600)
    order = [value[0] for _, kind, value in venue.leader_events if kind == events.FLOOR_GRANTED]
    assert order[-3:] == nodes
    oracle.check_one_talks(venue)


def test_leases_go_on_above_what_went_unheard_of():
    venue = talking()
    leader = fail_over(venue)
    venue.run(200)
    venue.release("A")
    venue.run(600)
    venue.press("B")
    venue.run(300)
    assert venue.badge("B").last(events.GRANTED) == 1 + LEASE_GAP + 1
    assert leader.floors[1].lease == 1 + LEASE_GAP + 1


def test_a_request_in_flight_is_answered_by_the_new_leader():
    venue = Failover().run(1500)
    venue.kill()
    venue.press("A")
    venue.run(OUTAGE_MS)
    venue.take_over()
    venue.run(200)
    assert venue.badge("A").engine.floor.state == HAS_PERMISSION
    venue.release("A")
    venue.run(1500)
    assert venue.badge("B").heard_of(venue.badge("A").last(events.GRANTED))
    oracle.check_all(venue)


def test_a_release_in_flight_is_not_lost():
    venue = talking()
    venue.kill()
    venue.release("A")
    venue.run(OUTAGE_MS)
    venue.take_over()
    venue.run(300)
    assert venue.badge("A").all(events.RELEASED) == [1]
    assert venue.leader.floors[1].holder == 0


def test_a_grant_that_no_standby_heard_of_is_adopted():
    """The voice of the talker names its lease, which is newer than any known."""
    venue = Failover().run(1500)
    venue.host_loses.loses = lambda data: True
    venue.press("A")
    venue.run(200)
    assert venue.badge("A").all(events.GRANTED) == [1]
    leader = fail_over(venue)
    assert leader.floors[1].holder == 0
    venue.run(500)
    assert leader.floors[1].lease == 1
    assert venue.badge("A").engine.floor.state == HAS_PERMISSION
    venue.release("A")
    venue.run(1500)
    assert venue.badge("A").all(events.RELEASED) == [1]
    assert leader.floors[1].holder == 0
    assert len(venue.badge("B").heard_of(1)) > 20
    oracle.check_all(venue)


def test_a_claim_that_comes_long_after_the_takeover_is_refused():
    """Nobody gets the floor by a number alone."""
    venue = Failover().run(1500)
    leader = fail_over(venue)
    venue.run(MEMBER_TTL_MS)
    engine = venue.badge("A").engine
    engine.floor.state = HAS_PERMISSION
    engine.floor.lease = engine.floor.seen_lease = 5
    engine.talking.burst_begins(5, venue.now_ms)
    venue.run(500)
    assert leader.refusals.as_dict()["floor"] > 10
    assert leader.floors[1].holder == 0


def test_of_two_bursts_unheard_of_the_newer_goes_on():
    venue = Failover().run(1500)
    venue.host_loses.loses = lambda data: True
    venue.press("A")
    venue.run(200)
    venue.release("A")
    venue.run(300)
    venue.press("B")
    venue.run(200)
    leader = fail_over(venue)
    venue.run(500)
    b = venue.badge("B").engine
    assert (leader.floors[1].holder, leader.floors[1].lease) == (b.join.node, 2)
    oracle.check_all(venue)


def test_of_two_presses_right_before_a_takeover_one_talks_and_the_other_is_told():
    """A was granted by the leader before, of which no standby has heard, and B asks the new one
    before A's first frame comes there. The leader before may live on, as after a split."""
    for lives, after_ms in ((True, 4), (True, 16), (False, 4), (False, 16)):
        venue = Failover().run(1500)
        venue.host_loses.loses = lambda data: True
        venue.press("A")
        venue.run(2)
        venue.press("B")
        venue.run(after_ms)
        if not lives:
            venue.kill()
        venue.take_over()
        venue.run(800)
        a, b = venue.badge("A"), venue.badge("B")
        assert a.all(events.GRANTED) == [1] and len(a.all(events.REVOKED)) == 1
        assert b.engine.floor.may_send() and not a.engine.floor.may_send()
        venue.release("A", "B")
        venue.run(2000)
        assert len(venue.badge("C").heard_of(b.last(events.GRANTED))) > 30
        oracle.check_one_talks(venue)
        oracle.check_hearing(venue)
        oracle.check_at_rest(venue)


def test_nobody_is_cut_off_by_a_claim():
    venue = talking()
    leader = fail_over(venue)
    venue.run(300)
    node = venue.badge("B").engine.join.node
    assert not leader.floors[1].claim(node, 5, venue.now_ms)
    assert leader.floors[1].lease == 1


def test_an_emergency_takes_an_adopted_floor():
    venue = Failover().run(1500)
    device = venue.badge("C").engine.device
    venue.host_loses.loses = lambda data: True
    venue.press("A")
    venue.run(200)
    venue.kill()
    venue.host_loses.loses = None
    venue.run(OUTAGE_MS)
    leader = venue.take_over()
    venue.run(300)
    member = leader.members.by_device(device)
    member.entitlements = ENTITLED_EMERGENCY
    venue.badge("C").engine.press(venue.now_ms, messages.LANE_EMERGENCY)
    venue.collect(venue.badge("C"))
    venue.run(300)
    assert venue.badge("C").engine.floor.state == HAS_PERMISSION
    assert not venue.badge("A").engine.floor.may_send()
    oracle.check_one_talks(venue)
