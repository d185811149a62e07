"""The clock turns after 12.4 days, and a difference changes its sign after 6.2: what happened
longer ago than that is still long ago, even for an engine that is asked rarely."""

from tests.shared.aes import block_cipher
from tests.shared.floor_stage import idle
from tests.shared.hosts import Hosts, host_id
from tests.shared.keys import make_participant
from tests.shared.test_leader_groups import Stage
from tests.shared.venue import Badge, Venue

from ptt.badge.key_ring import KeyRing
from ptt.base import clock
from ptt.base.numbers import CHALLENGE_MS, FORMER_KEYS_MS, HOST_LOST_MS, MEMBER_TTL_MS
from ptt.cluster import host_messages, host_wire, records
from ptt.cluster.ballot import NOBODY, next_term
from ptt.cluster.election import Election
from ptt.cluster.election_rules import LEADER
from ptt.cluster.replica import State
from ptt.cluster.voters import Voters
from ptt.leader.budget import Budget
from ptt.leader.door import Door
from ptt.leader.heartbeats import Heartbeats
from ptt.leader.quota import Quota
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.link.link import Link
from ptt.wire import refusal

DAY_MS = 24 * 3600 * 1000
LONG = (1, 5, 6, 7, 9, 12)  # days
STARTS_MS = [eighth << 27 for eighth in range(8)]


def later(now_ms, days):
    return clock.add(now_ms, days * DAY_MS)


def test_an_age_is_right_for_twelve_days():
    for start_ms in (0, 5000, 0x3FFFFFFF):
        for days in LONG:
            assert clock.age(later(start_ms, days), start_ms) == days * DAY_MS
        assert clock.age(start_ms, start_ms) == 0


def test_row_32_a_leader_of_three_steps_down_though_one_host_was_away_for_days():
    """One host is away for longer and longer, the other follows, until the network splits."""
    for days in LONG + (13, 20, 40):
        voters = Voters(host_id(1), (host_id(1), host_id(2), host_id(3)), 1, 0)
        now_ms = 7000
        voters.begin_hearing(now_ms)
        for _ in range(days * 24):
            now_ms = clock.add(now_ms, DAY_MS // 24)
            voters.hear(1, now_ms)
            assert voters.majority_silent_ms(now_ms) == 0
        now_ms = clock.add(now_ms, HOST_LOST_MS)
        assert voters.majority_silent_ms(now_ms) == HOST_LOST_MS, days


def test_a_promise_of_last_week_binds_nobody():
    hosts = Hosts([1, 2, 3])
    hosts.start()
    hosts.until_one_leads(2000)
    voter = hosts[3].engine
    now_ms = hosts.now_ms
    for _ in range(7 * 24 * 4):  # its leader is heard, so that no timer of it runs
        now_ms = clock.add(now_ms, DAY_MS // 96)
        voter.handle_timeout(now_ms)
    term = next_term(voter.term, host_id(2))
    asking = voter.voters.hosts.index(host_id(2))
    assert voter._judge(asking, term, 0, now_ms) == host_messages.VOTE_GRANTED


def test_the_tail_of_a_burst_is_not_passed_on_a_week_later():
    floor = idle()
    floor.on_request(2, 1, 5000)
    floor.on_voice(2, floor.lease, 5000)
    floor.on_release(2, 1, 5000)
    assert floor.on_voice(2, floor.lease, 5010)
    for days in LONG:
        assert not floor.on_voice(2, floor.lease, later(5010, days)), days


def test_former_keys_are_no_good_a_week_later():
    hmac = Hmac()
    link = Link(hmac, True)
    former = derive.session_keys(hmac, bytes(32), 1, 1)
    first, second = (bytearray(40), bytearray(40))
    for seq, data in enumerate((first, second)):
        data[15] = 1 + seq
        data[32:] = hmac.digest(former.up, data, 32)[0:8]
    for days in LONG:
        link.begin(1, former, 5000)
        link.renew(derive.session_keys(hmac, bytes(32), 2, 1), 5000)
        link.load(first)
        assert link.open(first, clock.add(5000, FORMER_KEYS_MS - 1)) == refusal.ACCEPTED
        link.load(second)
        assert link.open(second, later(5000, days)) == refusal.TAG, days


def test_a_key_of_last_week_is_the_newest():
    ring = KeyRing(block_cipher)
    ring.put(1, 1, bytes(16), 5000)
    ring.put(1, 2, bytes([1] * 16), 5000)
    for days in LONG:
        ring.own_cipher(1, later(5000, days))
        assert ring.epoch == 2, days


def test_a_record_of_last_week_is_old():
    state = State(1, 0)
    state.records[records.FLOOR << 16 | 1] = (b"", 5000)
    for days in LONG:
        assert state.age_ms(records.FLOOR, 1, later(5000, days)) == days * DAY_MS


def test_a_claim_is_told_again_a_week_later():
    told = []

    class Told:
        def push(self, kind, value):
            told.append(kind)

    class Nothing:
        floors = {}

    for days in LONG:
        told.clear()
        heartbeats = Heartbeats(1, Nothing(), None, None, None, Told(), None)  # pyright: ignore
        heartbeats.on_claim(b"12345678", 9, 5000)
        heartbeats.on_claim(b"12345678", 9, 5001)
        assert len(told) == 1
        heartbeats.on_claim(b"12345678", 9, later(5000, days))
        assert len(told) == 2, days


def test_how_long_nobody_led_is_told_after_days():
    for days in LONG:
        host = Hosts([1, 2])
        host.start()
        engine = host[1].engine
        begun_ms = host.now_ms
        engine._found_leader(host_id(2), later(begun_ms, days))
        assert engine.convergence_ms == days * DAY_MS


def test_a_lease_of_the_former_leader_is_not_taken_up_days_later():
    """Its leader was quiet since: only its timer has looked, so that nobody claims it anew."""
    for days in LONG:
        stage = Stage()
        member = stage.leader.members.all()[0]
        groups = stage.leader.groups
        groups.go_on_from(9, 5000)
        end_ms = clock.add(5000, MEMBER_TTL_MS)
        stage.leader.handle_timeout(clock.add(end_ms, -1))
        assert groups.claimable == 9
        stage.leader.handle_timeout(end_ms)
        assert not groups.may_talk(member, 1, 9, later(end_ms, days)), days


def test_sessions_end_at_a_leader_that_had_no_member_for_days():
    for days in LONG:
        venue = Venue(1).run(1500)
        venue.loses = lambda data, source, destination: True
        venue.run(MEMBER_TTL_MS + 2000)
        assert len(venue.leader.sessions) == 0
        venue.now_ms = later(venue.now_ms, days)
        venue.badges[0] = Badge(0, 99, make_participant)
        venue.badges[0].next_frame_ms = venue.now_ms
        venue.badges[0].engine.start(venue.now_ms)
        venue.loses = None
        venue.run(1500)
        assert len(venue.leader.sessions) == 1
        venue.loses = lambda data, source, destination: True
        venue.run(MEMBER_TTL_MS + 2000)
        assert len(venue.leader.sessions) == 0, days


def test_a_challenge_of_last_week_keeps_nobody_out():
    for days in LONG:
        door = Door(bytes(32), Hmac())
        device = b"12345678"
        door.answered(device, door.challenge(device, 1, "here", 5000))
        now_ms = later(5000, days)
        again = door.challenge(device, 2, "here", now_ms)
        assert door.is_good(again, device, 2, "here", now_ms), days
        assert not door.is_good(again, device, 2, "here", clock.add(now_ms, CHALLENGE_MS))
        door.forget_old(now_ms)
        assert len(door) == 0


def test_what_was_used_up_last_week_is_there_again():
    for days in LONG:
        quota, budget = Quota(1, 60000), Budget(1, 1)
        assert quota.take(b"a", 5000) and not quota.take(b"a", 5001)
        assert quota.take(b"a", later(5000, days)), days
        assert budget.take(5000) and not budget.take(5001)
        assert budget.take(later(5000, days)), days


def test_an_answer_that_names_last_week_is_ignored():
    for days in LONG:
        hosts = Hosts([1, 2, 3])
        hosts.start()
        hosts.until_one_leads(2000)
        (leading,) = hosts.leader_marks()
        engine = hosts[leading].engine
        before = engine.voters.heard_ms
        other = 1 if leading != 1 else 2
        for echo_ms in (later(hosts.now_ms, -days), later(hosts.now_ms, days)):
            values = (engine.term, 0, 0, echo_ms)
            data = host_wire.encode(host_messages.LEADER_HEARTBEAT_ACK, values)
            engine.receive_datagram(data, host_id(other), hosts.now_ms)
            assert engine.voters.heard_ms == before, days


def test_whatever_the_clock_says_at_the_start():
    for start_ms in STARTS_MS:
        venue = Venue(2, start_ms=start_ms).run(1500)
        venue.press("A")
        venue.run(500)
        assert venue.badge("A").engine.floor.may_send(), start_ms
        alone = Election(host_id(1), (host_id(1),), (0, NOBODY), start_ms)
        for ms in range(0, 3000, 100):
            alone.handle_timeout(clock.add(start_ms, ms))
            while (record := alone.poll_store()) is not None:
                alone.on_stored(record, clock.add(start_ms, ms))
        assert alone.state == LEADER, start_ms
