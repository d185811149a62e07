"""What else goes on after a takeover, and who is not obeyed any more."""

from tests.shared import oracle
from tests.shared.datagrams import datagram, drain
from tests.shared.failover_venue import HOST, Failover, address_of, bytes_of, talking
from tests.shared.fixed_roster import FixedRoster
from tests.shared.keys import make_leader
from tests.shared.venue import LEADER

from ptt.badge.floor import HAS_PERMISSION
from ptt.badge.join import JOINED
from ptt.base import events, features
from ptt.base.numbers import (
    CALL_GROUP_FIRST,
    CLOCK_TERM_MAX,
    HELLO_RETRY_MS_MAX,
    INT_MAX,
    LEADER_LOST_MS,
    LEASE_GAP,
    LEASE_MS,
    LEASE_TAKEN_OVER_MAX,
    MEMBER_TTL_MS,
)
from ptt.cluster import floor_record, record_numbers, records
from ptt.leader.roster import Grants
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages

OUTAGE_MS = 600


def fail_over(venue, outage_ms=OUTAGE_MS, **facts):
    venue.kill()
    venue.run(outage_ms)
    return venue.take_over(**facts)


def test_the_old_leader_is_not_obeyed_any_more():
    """It stood still, wakes up and passes voice on: nobody hears it from there."""
    venue = talking()
    venue.run(OUTAGE_MS)
    venue.take_over()
    venue.run(500)
    old = venue.old[LEADER]
    for badge in venue.badges:
        assert badge.engine.join.term == 2
    old.resign(venue.now_ms)
    for data, destination in drain(old):
        badge = venue.badges[destination[1]]
        badge.engine.receive_datagram(data, LEADER, venue.now_ms)
        assert badge.engine.join.state == JOINED
        assert badge.engine.refusals.as_dict()["source"] > 0
    venue.run(1000)
    oracle.check_one_talks(venue)
    oracle.check_hearing(venue)


def test_row_46_a_host_of_which_nobody_tells_any_more_is_asked_too():
    """Each of three has led and died; the one that comes back is neither the first nor the last."""
    venue = Failover(badges=2, standbys=2).run(3000)
    for number in (1, 2):
        fail_over(venue, number=number, term=1 + number)
        venue.run(3000)
    venue.kill()
    venue.run(LEADER_LOST_MS + HELLO_RETRY_MS_MAX)
    venue.leader_address = ("standby", 1)
    venue.leader_alive = True
    venue.lead(venue.make_leader(4, 504))
    venue.run(2 * HELLO_RETRY_MS_MAX)
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
        assert badge.engine.link.address == ("standby", 1)


def test_no_host_is_asked_twice_and_few_are_remembered():
    engine = Failover(badges=1).badges[0].engine
    engine.join.term, engine.join.state = 1, JOINED
    for port in range(50, 60):
        for place in (0, 1):
            values = (HOST, port + place, place, 2)
            assert not engine.membership._on_standby(values, b"", LEADER, 0)
    asked = engine.membership.hosts()
    assert asked == [LEADER] + [("standby", port) for port in (59, 60, 58, 57, 56, 55, 54)]


def test_a_leader_that_hears_of_a_higher_term_gives_up_its_leases():
    venue = talking()
    leader = venue.leader
    leader.depose(9, venue.now_ms)
    leader.depose(9, venue.now_ms)
    told = []
    while (event := leader.next_event()) is not None:
        told.append(event[0])
    assert told.count(events.DEPOSED) == 1
    assert events.FLOOR_FREED in told
    kinds = [data[1] for data, _ in drain(leader)]
    assert messages.FLOOR_REVOKED in kinds
    assert messages.ROLE_ANNOUNCE in kinds
    node = venue.badge("B").engine.join.node
    session = venue.badge("B").engine.join.session
    data = datagram(messages.FLOOR_REQUEST, (1, 1), session, node)
    leader.receive_datagram(data, venue.badge("B").address, venue.now_ms)
    assert drain(leader) == []


def test_a_badge_that_saw_a_higher_term_says_so():
    venue = Failover().run(1500)
    badge = venue.badge("A")
    badge.engine.join.term = 8
    venue.run(1100)
    assert (events.HIGHER_TERM, (badge.engine.device, 8)) in [
        each[1:] for each in venue.leader_events
    ]


def test_a_record_near_the_last_lease_uses_none_up():
    """Whoever wrote it: all join anew, and their leases count from the start."""
    for group, lease in ((None, INT_MAX), (1, INT_MAX), (None, LEASE_TAKEN_OVER_MAX)):
        venue = talking()
        state = venue.replicas[("standby", 1)].state
        if group is None:
            values = (lease, 5, 0, CALL_GROUP_FIRST)
            body = record_numbers.write_numbers(records.COUNTERS_SIZES, values)
            state.records[records.COUNTERS << 16] = (body, venue.now_ms)
        else:
            floor = floor_record.FloorRecord(group)
            floor.lease = lease
            state.records[records.FLOOR << 16 | group] = (
                floor_record.write_floor(floor),
                venue.now_ms,
            )
        leader = fail_over(venue)
        check_leases_begin_anew(venue, leader)


def test_terms_that_lie_far_apart_use_no_lease_up():
    """The first leader began at 1, the second one by its clock."""
    venue = talking()
    venue.kill()
    venue.run(OUTAGE_MS)
    leader = venue.take_over(term=CLOCK_TERM_MAX)
    check_leases_begin_anew(venue, leader)


def check_leases_begin_anew(venue, leader):
    assert leader.groups.lease == 0
    venue.release("A")
    venue.run(LEADER_LOST_MS + 2 * HELLO_RETRY_MS_MAX)
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
    before = leader.groups.lease
    for name in ("B", "C", "A"):
        venue.press(name)
        venue.run(300)
        assert venue.badge(name).engine.floor.state == HAS_PERMISSION
        venue.release(name)
        venue.run(1500)
    assert leader.groups.lease == before + 3
    for heard, talker in (("A", "B"), ("B", "C"), ("C", "A")):
        assert venue.badge(heard).heard_of(venue.badge(talker).last(events.GRANTED))


def test_the_last_lease_that_is_taken_over_leaves_room_above():
    venue = talking()
    state = venue.replicas[("standby", 1)].state
    newest = LEASE_TAKEN_OVER_MAX - LEASE_GAP
    body = record_numbers.write_numbers(records.COUNTERS_SIZES, (newest, 5, 0, CALL_GROUP_FIRST))
    state.records[records.COUNTERS << 16] = (body, venue.now_ms)
    leader = fail_over(venue)
    assert leader.groups.lease == LEASE_TAKEN_OVER_MAX
    assert len(leader.members.all()) == 3


def test_who_missed_every_announcement_finds_the_new_leader_by_its_heartbeats():
    venue = talking(badges=4)
    venue.run(4000)  # all have been told of the standby
    badge = venue.badge("D")
    venue.loses = lambda data, source, destination: (
        destination == badge.address and data[1] == messages.ROLE_ANNOUNCE
    )
    fail_over(venue)
    venue.run(300)
    assert badge.engine.join.term == 1
    venue.loses = None
    venue.leader.announcer.heard(badge.engine.join.node)  # as if it had said so often enough
    venue.run(1500)
    assert badge.engine.join.term == 2
    assert badge.all(events.LOST) == []


def test_who_is_unknown_to_the_new_leader_joins_it_by_the_addresses_it_was_told():
    venue = talking(badges=4)
    venue.run(4000)
    badge = venue.badge("D")
    record = venue.replicas[("standby", 1)].state.records
    del record[1 << 16 | badge.engine.join.node]
    fail_over(venue)
    venue.run(3500)
    assert badge.engine.join.state == JOINED
    assert badge.engine.join.term == 2


def test_who_has_only_its_last_leader_left_asks_it():
    """The leader that it was told of is gone for good, and is the standby of the one that it has
    moved to. When that one restarted, badges asked only the other, never the one that had
    restarted."""
    venue = Failover(standbys=1).run(1500)
    fail_over(venue).standby_hosts = [(HOST, 9)]  # where nobody is
    venue.run(3000)
    for badge in venue.badges:
        assert badge.engine.link.address == ("standby", 1)
    venue.kill()
    venue.run(LEADER_LOST_MS + 3000)
    for badge in venue.badges:
        assert badge.engine.join.state != JOINED
    venue.leader_alive = True
    venue.lead(venue.make_leader(3, 503))
    venue.run(HELLO_RETRY_MS_MAX + 2000)
    for badge in venue.badges:
        assert badge.engine.join.state == JOINED
        assert badge.engine.link.address == ("standby", 1)


def test_settings_texts_and_groups_go_on():
    venue = Failover(3)
    groups = {venue.badge("B").engine.device: Grants((1, 7))}
    venue.leader.joining.roster = FixedRoster(groups)
    venue.run(1500)
    venue.leader.publish(Settings(5, 100, 30000), venue.now_ms)
    venue.leader.send_text(1, messages.TEXT_OPERATOR, b"", b"one", venue.now_ms)
    venue.run(500)
    fail_over(venue)
    drain(venue.leader)
    leader = venue.leader
    assert leader.settings.settings.fields() == Settings(5, 100, 30000).fields()
    assert sorted(leader.floors) == [1, 7]
    venue.run(300)
    leader.send_text(1, messages.TEXT_OPERATOR, b"", b"two", venue.now_ms)
    venue.run(300)
    for badge in venue.badges:
        assert [value[3] for value in badge.all(events.TEXT)] == [b"one", b"two"]
        assert badge.all(events.SETTINGS)[-2:] == [5, 5]  # of each of the two leaders
        assert badge.all(events.JOINED) == [badge.engine.join.node]
    oracle.check_settings(venue)


def test_a_host_that_knew_newer_settings_than_its_replica_leads_with_them():
    venue = Failover(2).run(1500)
    newer = Settings(7, 120, 40000)
    leader = make_leader(2, 900, newer, directory=venue.directory)
    leader.bytes_of, leader.address_of = bytes_of, address_of
    leader.take_over(venue.replicas[("standby", 1)].state, venue.now_ms)
    assert leader.settings.settings.values() == newer.values()
    older = make_leader(3, 901, Settings(1, 120, 40000), directory=venue.directory)
    older.bytes_of, older.address_of = bytes_of, address_of
    older.take_over(venue.replicas[("standby", 1)].state, venue.now_ms)
    assert older.settings.settings.values() == Settings(1).values()


def test_a_private_call_goes_on():
    venue = Failover(3).run(1500)
    a, b = venue.badge("A").engine, venue.badge("B").engine
    assert a.call(b.join.node, venue.now_ms)
    venue.collect(venue.badge("A"))
    venue.run(500)
    fail_over(venue)
    venue.run(500)
    assert a.scan.call_group == b.scan.call_group == 128
    lease = venue.badge("A").last(events.GRANTED)
    assert len(venue.badge("B").heard_of(lease)) > 30
    assert venue.badge("C").heard_of(lease) == []
    venue.release("A")
    venue.run(12000)
    assert venue.badge("B").all(events.CALL_OVER) == [messages.CALL_QUIET]
    assert a.call(b.join.node, venue.now_ms)  # who did not answer is not known, so nobody waits
    venue.collect(venue.badge("A"))
    venue.run(500)
    assert len(venue.badge("B").all(events.CALL)) == 2


def test_a_call_that_was_quiet_for_ever_ends_at_once():
    """So says a record that no honest leader wrote."""
    venue = Failover(3).run(1500)
    a, b = venue.badge("A").engine, venue.badge("B").engine
    assert a.call(b.join.node, venue.now_ms)
    venue.collect(venue.badge("A"))
    venue.run(500)
    venue.release("A")
    venue.run(300)
    state = venue.replicas[("standby", 1)].state
    values = (a.join.node, b.join.node, INT_MAX - 1000)
    body = record_numbers.write_numbers(records.CALL_SIZES, values)
    state.records[records.CALL << 16 | 128] = (body, venue.now_ms)
    fail_over(venue)
    venue.run(1500)
    assert venue.badge("B").all(events.CALL_OVER) == [messages.CALL_QUIET]


def test_a_talker_that_vanished_with_the_leader_frees_the_floor():
    venue = talking()
    venue.press("B")
    venue.run(200)
    venue.badge("A").alive = False
    fail_over(venue)
    venue.run(LEASE_MS + 300)
    assert venue.badge("B").engine.floor.state == HAS_PERMISSION
    venue.run(MEMBER_TTL_MS)
    assert len(venue.leader.members) == 2


def test_the_talk_limit_counts_what_was_talked_before():
    venue = Failover()
    venue.leader.publish(Settings(2, 60, 3000), venue.now_ms)
    venue.run(1500)
    venue.press("A")
    venue.run(1500)
    fail_over(venue)
    venue.run(800)
    assert venue.badge("A").engine.floor.state == HAS_PERMISSION
    venue.run(400)
    assert venue.badge("A").all(events.REVOKED) == [messages.REVOCATION_TALK_LIMIT]


def test_two_failovers_in_one_burst():
    venue = talking(standbys=2)
    fail_over(venue)
    venue.run(500)
    fail_over(venue, number=2, term=3)
    venue.run(500)
    a = venue.badge("A")
    assert a.all(events.MOVED) == [2, 3]
    assert a.all(events.GRANTED) == [1]
    assert a.engine.floor.state == HAS_PERMISSION
    oracle.check_one_talks(venue)
    oracle.check_hearing(venue)


def test_any_loss_on_either_network():
    for seed in range(1, 4):
        venue = Failover(4, seed=seed, loss_percent=10, jitter_ms=40).run(3000)
        venue.host_loses.loses = lambda data, venue=venue: venue.prng.below(100) < 20
        venue.press("A", "B")
        venue.run(1000)
        fail_over(venue)
        venue.run(1500)
        for badge in venue.badges:
            assert badge.engine.join.term == 2, (seed, badge.name)
        venue.release("A", "B")
        venue.run(8000)
        oracle.check_hearing(venue)
        oracle.check_one_talks(venue)
        oracle.check_at_rest(venue)


def test_what_a_badge_says_it_has_is_known_to_every_leader():
    venue = Failover(2)
    venue.run(1500)
    engine = venue.badge("A").engine
    engine.membership.claims = 5
    engine.join.on_forgotten(venue.now_ms)  # it says HELLO anew
    venue.run(1500)
    said = [5, features.OF_ENGINES]
    assert sorted(member.features for member in venue.leader.members.all()) == said
    fail_over(venue)
    assert sorted(member.features for member in venue.leader.members.all()) == said


def test_a_badge_that_knows_many_hosts_asks_the_first_ones_always_and_all_others_in_turn():
    """More at once than an outbox holds would throw out the first of them."""
    engine = Failover(badges=1).badges[0].engine
    engine.membership.known = [("former", port) for port in range(6)]
    asked = []
    for turn in range(8):
        engine.membership.send_hello(turn)
        asked.append([each[1] for each in drain(engine)])
    assert engine.outbox.overrun == 0
    assert all(each[0] == LEADER for each in asked)
    known = set([LEADER] + engine.membership.known)
    assert {address for each in asked for address in each} == known
