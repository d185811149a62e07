"""The clock turns after 12.4 days, and a difference changes its sign after 6.2: what happened
longer ago than that is still long ago, to whoever is asked rarely."""

from tests.shared.aes import block_cipher
from tests.shared.floor_stage import idle
from tests.shared.hosts import Hosts, host_id
from tests.shared.test_leader_groups import Stage

from ptt.badge.key_ring import KeyRing
from ptt.base import clock
from ptt.base.numbers import FORMER_KEYS_MS, HOST_LOST_MS, MEMBER_TTL_MS
from ptt.cluster import host_messages, records
from ptt.cluster.ballot import next_term
from ptt.cluster.replica import State
from ptt.cluster.voters import Voters
from ptt.leader.heartbeats import Heartbeats
from ptt.link import derive
from ptt.link.hmac import Hmac
from ptt.link.link import Link

DAY_MS = 24 * 3600 * 1000
LONG = (1, 5, 6, 7, 9, 12)  # days


def later(now_ms, days):
    return clock.add(now_ms, days * DAY_MS)


def test_an_age_is_right_for_twelve_days():
    for start_ms in (0, 5000, 0x3FFFFFFF):
        for days in LONG:
            assert clock.age(later(start_ms, days), start_ms) == days * DAY_MS
        assert clock.age(start_ms, start_ms) == 0


def test_a_leader_of_three_steps_down_though_one_host_was_away_for_days():
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
    assert voter._judge(host_id(2), term, now_ms) == host_messages.VOTE_GRANTED


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
    data = bytearray(40)
    hmac.load(data)
    data[32:] = hmac.digest_loaded(former.up, 32)[0:8]
    for days in LONG:
        link.begin(1, former, 5000)
        link.renew(derive.session_keys(hmac, bytes(32), 2, 1), 5000)
        hmac.load(data)
        assert link.is_sealed_by_former(data, 32, clock.add(5000, FORMER_KEYS_MS - 1))
        assert not link.is_sealed_by_former(data, 32, later(5000, days)), days


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
