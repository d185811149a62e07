"""A leader and badges together, on a network without faults: bursts, races, queue."""

from tests.shared import oracle
from tests.shared.venue import Venue

from ptt.badge.floor import STATES
from ptt.base import events
from ptt.base.numbers import LEASE_MS


def joined(badges=3, seed=1, **network):
    """A venue in which all badges have joined."""
    venue = Venue(badges, seed, **network).run(1000)
    for badge in venue.badges:
        assert badge.kinds() == ["joined", "settings"]
    return venue


def state(venue, name):
    return STATES[venue.badge(name).engine.floor.state]


def frames_sent(venue, name):
    """Frames of each burst of a badge."""
    return [sent for _, sent, _ in venue.badge(name).all(events.SENT)]


def check_complete(venue):
    """All is over, and every listener heard every frame of every burst."""
    oracle.check_all(venue)
    oracle.check_all_heard(venue)
    oracle.check_at_rest(venue)
    for talker in venue.badges:
        for lease, sent, dropped in talker.all(events.SENT):
            assert dropped == 0
            for listener in venue.badges:
                if listener is not talker:
                    assert listener.heard_of(lease) == list(range(sent))


def test_everybody_joins_with_a_number_of_its_own():
    venue = joined(20)
    nodes = [badge.last(events.JOINED) for badge in venue.badges]
    assert sorted(nodes) == list(range(2, 22))


def test_a_burst_is_heard_whole_by_all_others():
    venue = joined()
    venue.press("A")
    venue.run(1000)
    venue.release("A")
    venue.run(500)
    assert 50 <= frames_sent(venue, "A")[0] <= 53  # a second and the tail
    for name in "BC":
        kinds = venue.badge(name).kinds()
        assert kinds == ["joined", "settings", "taken", "hearing", "idle", "heard"]
    kinds = venue.badge("A").kinds()
    assert kinds == ["joined", "settings", "pending", "granted", "sent", "released", "receipt"]
    assert venue.badge("A").played == []
    check_complete(venue)


def test_listeners_hear_exactly_what_the_coder_made_of_it():
    """`played` is filled by comparing samples, so this proves that the oracle sees."""
    venue = joined()
    venue.press("A")
    venue.run(200)
    venue.release("A")
    venue.run(500)
    spoken = sorted(venue.prints.values())
    assert spoken == [(1, number) for number in range(frames_sent(venue, "A")[0])]
    assert venue.badge("B").played == spoken


def test_two_press_in_the_same_instant():
    venue = joined()
    venue.press("A", "C")
    venue.run(500)
    states = sorted([state(venue, "A"), state(venue, "C")])
    assert states == ["has permission", "queued"]
    first, second = ("A", "C") if state(venue, "A") == "has permission" else ("C", "A")
    assert venue.badge(second).all(events.QUEUED) == [1]
    venue.release(first)
    venue.run(300)
    assert state(venue, second) == "has permission"
    venue.run(500)
    venue.release(second)
    venue.run(500)
    check_complete(venue)


def test_the_queue_is_served_in_order():
    venue = joined(6)
    for name in "ABCDEF":
        venue.press(name)
        venue.run(20)
    for name in "ABCDEF":
        venue.run(200)
        assert state(venue, name) == "has permission"
        venue.release(name)
        venue.run(100)
    venue.run(500)
    assert venue.badge("D").all(events.QUEUED) == [3, 2, 1]
    check_complete(venue)


def test_a_press_released_before_the_grant_is_still_heard():
    venue = joined(delay_ms=30)
    venue.press("A")
    venue.run(40)
    assert state(venue, "A") == "pending request"
    venue.release("A")
    venue.run(1000)
    assert 3 <= frames_sent(venue, "A")[0] <= 5  # what was said in 40 ms, and the tail
    check_complete(venue)


def test_who_cancels_while_queued_is_passed_over():
    venue = joined()
    venue.press("A")
    venue.run(100)
    venue.press("B")
    venue.run(100)
    venue.press("C")
    venue.run(100)
    assert (state(venue, "B"), state(venue, "C")) == ("queued", "queued")
    venue.release("B")
    venue.run(100)
    assert state(venue, "B") == "no permission"
    assert venue.badge("C").last(events.QUEUED) == 1
    venue.release("A")
    venue.run(300)
    assert state(venue, "C") == "has permission"
    venue.release("C")
    venue.run(500)
    assert frames_sent(venue, "B") == []
    check_complete(venue)


def test_one_after_the_other_without_a_pause():
    """The next burst begins while the tail of the one before still plays."""
    venue = joined(jitter_ms=20)
    venue.press("A")
    venue.run(300)
    venue.press("B")
    venue.run(300)
    venue.release("A")
    venue.run(300)
    venue.release("B")
    venue.run(600)
    assert len(frames_sent(venue, "A")) == len(frames_sent(venue, "B")) == 1
    check_complete(venue)


def test_talking_on_within_the_tail_is_one_burst():
    venue = joined()
    venue.press("A")
    venue.run(200)
    venue.release("A")
    venue.run(5)
    venue.press("A")
    venue.run(200)
    venue.release("A")
    venue.run(500)
    assert len(frames_sent(venue, "A")) == 1
    assert frames_sent(venue, "A")[0] >= 20
    check_complete(venue)


def test_a_microphone_that_stops_does_not_keep_the_floor():
    venue = joined()
    venue.press("A")
    venue.run(200)
    venue.badge("A").hears_itself = False
    venue.release("A")
    venue.run(LEASE_MS // 2)
    assert "released" in venue.badge("A").kinds()
    oracle.check_all(venue)
    oracle.check_at_rest(venue)


def test_the_clock_wraps_in_the_middle_of_a_burst():
    venue = joined(start_ms=0x40000000 - 1500)
    venue.press("A")
    venue.run(1000)
    assert venue.now_ms < 1000
    venue.press("B")
    venue.run(100)
    venue.release("A")
    venue.run(300)
    venue.release("B")
    venue.run(500)
    assert venue.badge("B").kinds().count("granted") == 1
    assert "lost" not in venue.badge("A").kinds()
    check_complete(venue)


def test_twenty_press_at_once():
    """The last of them waits longer than a place in the queue lasts without a word."""
    venue = joined(20)
    venue.press(*"ABCDEFGHIJKLMNOPQRST")
    done = []
    for _ in range(20):
        venue.run(120)
        talking = [badge for badge in venue.badges if badge.engine.floor.may_send()]
        assert len(talking) == 1
        done.append(talking[0].name[0])
        venue.release(done[-1])
        venue.run(100)
    venue.run(500)
    assert sorted(done) == list("ABCDEFGHIJKLMNOPQRST")
    check_complete(venue)
