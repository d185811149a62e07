"""Somebody goes away: a talker, a listener, the leader; and comes back, or not."""

from tests.shared import oracle
from tests.shared.venue import LEADER, Venue

from ptt.badge.floor import HAS_PERMISSION, QUEUED
from ptt.badge.join import JOINED, SEARCHING
from ptt.base import events
from ptt.base.numbers import CONCEAL_FRAMES_MAX, LEADER_LOST_MS, LEASE_MS, MEMBER_TTL_MS
from ptt.wire import messages


def talking(name="A", **network):
    """A venue in which `name` has the floor."""
    venue = Venue(**network).run(1500)
    venue.press(name)
    venue.run(300)
    assert venue.badge(name).engine.floor.state == HAS_PERMISSION
    return venue


def unreachable(venue, badge):
    """Lose everything from and to a badge."""
    venue.loses = lambda data, source, destination: badge.address in (source, destination)


def test_a_vanished_talker_frees_the_floor_after_the_lease():
    venue = talking()
    venue.press("B")
    venue.run(100)
    venue.badge("A").alive = False
    venue.run(LEASE_MS - 200)
    assert venue.badge("B").engine.floor.state == QUEUED
    venue.run(300)
    assert venue.badge("B").engine.floor.state == HAS_PERMISSION
    venue.run(300)
    venue.release("B")
    venue.run(MEMBER_TTL_MS)
    oracle.check_all(venue)
    oracle.check_at_rest(venue)
    oracle.check_all_heard(venue)
    assert [kind for _, kind, _ in venue.leader_events].count(events.MEMBER_LEFT) == 1
    assert len(venue.leader.members) == 2


def test_nothing_is_kept_of_a_vanished_talker():
    venue = talking()
    venue.badge("A").alive = False
    venue.run(MEMBER_TTL_MS + 1000)
    (floor,) = venue.leader.floors.values()
    for node in floor._over:
        assert venue.leader.members.by_node(node) is not None


def test_a_talker_that_leaves_and_joins_anew_frees_its_floor_at_once():
    venue = talking()
    badge = venue.badge("A")
    badge.engine.join.on_forgotten(venue.now_ms)
    venue.collect(badge)
    venue.run(100)
    (floor,) = venue.leader.floors.values()
    assert floor.holder == 0
    oracle.check_all(venue)


def test_a_vanished_leader_is_noticed():
    venue = talking()
    venue.leader_alive = False
    venue.run(LEADER_LOST_MS + 100)
    for badge in venue.badges:
        assert badge.engine.join.state == SEARCHING
        assert LEADER_LOST_MS <= badge.last(events.LOST) < LEADER_LOST_MS + 50
    assert venue.badge("A").last(events.DENIED) == 128
    venue.press("B")
    assert venue.badge("B").last(events.DENIED) == 128  # at once, not after a wait


def test_a_restarted_leader_has_everybody_back_and_a_floor():
    """Nobody waits for silence: the new leader says at once that it knows none of them."""
    venue = talking()
    venue.restart_leader(term=2)
    venue.run(5000)
    assert len(venue.leader.members) == 3
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
        assert badge.engine.join.term == 2
    venue.leader_events.clear()
    venue.press("B")
    venue.run(500)
    venue.release("B")
    venue.run(1000)
    (lease, sent, _) = venue.badge("B").last(events.SENT)
    assert lease == 1
    for name in "AC":
        assert venue.badge(name).heard_of(lease)[-sent:] == list(range(sent))
    oracle.check_floor(venue)
    oracle.check_at_rest(venue)


def test_a_leader_of_an_older_term_is_not_joined():
    venue = Venue().run(1500)
    venue.restart_leader(term=2)
    venue.run(5000)
    venue.restart_leader(term=1)
    venue.run(5000)
    for badge in venue.badges:
        assert badge.engine.join.state == SEARCHING
        assert badge.engine.join.term == 2


def test_a_listener_that_was_away_hears_the_rest_of_the_burst():
    """A roam takes up to 1.5 s; whatever it took, what comes afterwards is heard."""
    for away_ms in (100, 300, 480, 600, 800, 1000, 1500, 2500):
        venue = talking()
        listener = venue.badge("B")
        unreachable(venue, listener)
        venue.run(away_ms)
        venue.loses = None
        venue.run(1000)
        venue.release("A")
        venue.run(1000)
        (lease, sent, _) = venue.badge("A").last(events.SENT)
        after = range(sent - 900 // 20, sent)
        missing = set(after) - set(listener.heard_of(lease))
        assert not missing, "away for %d ms: %s not heard" % (away_ms, sorted(missing))
        oracle.check_all(venue)
        oracle.check_at_rest(venue)


def test_a_talker_that_roams_keeps_its_lease():
    venue = talking()
    talker = venue.badge("A")
    unreachable(venue, talker)
    venue.run(1500)
    venue.loses = None
    venue.run(500)
    venue.release("A")
    venue.run(1000)
    (lease, sent, _) = talker.last(events.SENT)
    assert venue.badge("B").heard_of(lease)[-20:] == list(range(sent - 20, sent))
    oracle.check_all(venue)
    oracle.check_at_rest(venue)


def test_a_path_that_becomes_slower_is_followed():
    """Frames come later than the delay covers: a few are late, then playing goes on with more
    delay."""
    for delay_ms in (40, 60, 100, 200, 300, 600):
        venue = talking()
        venue.delay_ms = delay_ms
        venue.run(1000)
        venue.release("A")
        venue.run(2000)
        (lease, sent, _) = venue.badge("A").last(events.SENT)
        for name in "BC":
            listener = venue.badge(name)
            _, _, played, _, late, _, dropped = listener.last(events.HEARD)
            assert late <= CONCEAL_FRAMES_MAX
            assert (played, dropped) == (sent - late, 0)
            assert listener.heard_of(lease)[-30:] == list(range(sent - 30, sent))
        oracle.check_all(venue)


def test_the_next_burst_does_not_wait_for_a_last_packet_that_never_came():
    """All three copies of the last packet are lost, and B begins at once: no word of B is."""
    venue = talking()
    venue.press("B")
    venue.run(100)
    floor = venue.badge("A").engine.floor

    def loses(data, source, destination):
        is_tail = floor.is_let_go() or not floor.may_send()
        return is_tail and data[1] == messages.VOICE_FRAME and source == ("badge", 0)

    venue.release("A")
    venue.loses = loses
    venue.run(1500)
    venue.release("B")
    venue.run(1500)
    (lease, sent, _) = venue.badge("B").last(events.SENT)
    for name in "AC":
        assert venue.badge(name).heard_of(lease) == list(range(sent)), name
    oracle.check_all(venue)
    oracle.check_at_rest(venue)


def test_a_burst_without_end_is_stopped_by_the_leader():
    venue = talking()
    (floor,) = venue.leader.floors.values()
    floor.begun_ms = (floor.begun_ms - 59000) & 0x3FFFFFFF  # a minute is long to simulate
    venue.run(1000)
    assert venue.badge("A").last(events.REVOKED) == messages.REVOCATION_TALK_LIMIT
    assert venue.leader_events[-1][2] == (2, 1, messages.REVOCATION_TALK_LIMIT)
    venue.run(500)
    oracle.check_all(venue)
    oracle.check_at_rest(venue)


def test_a_late_release_of_the_press_before_takes_no_place_in_the_queue():
    """A's first release is repeated and overtaken by A's next request."""
    venue = talking()
    venue.press("B")
    venue.run(100)
    late = []
    venue.loses = lambda data, source, destination: keep(late, data, source)
    venue.release("B")
    venue.run(100)
    venue.loses = None
    venue.run(200)
    assert late
    venue.press("B")
    venue.run(100)
    assert venue.badge("B").engine.floor.state == QUEUED
    venue.leader.receive_datagram(late[0], venue.badge("B").address, venue.now_ms)
    (floor,) = venue.leader.floors.values()
    assert [each.node for each in floor.queue] == [venue.badge("B").engine.join.node]


def keep(kept, data, source):
    if data[1] == messages.FLOOR_RELEASE and source != LEADER:
        kept.append(data)
        return True
    return False
