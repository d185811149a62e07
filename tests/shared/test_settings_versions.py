"""A version of the settings that no changes can have brought is believed of nobody."""

from tests.shared.hosts import START_MS, host_id
from tests.shared.test_venue_hosts import Cluster
from tests.shared.venue import Venue

from ptt.base.numbers import INT_MAX, SETTINGS_JUMP_MAX, SETTINGS_SURE
from ptt.cluster import host_messages, records, settings_body
from ptt.cluster import host_wire as wire
from ptt.cluster.ballot import NOBODY
from ptt.cluster.election import Election
from ptt.cluster.election_rules import FOLLOWER, PRE_CANDIDATE
from ptt.cluster.replica import State
from ptt.cluster.versions import VERSION_MAX, is_within_reach
from ptt.leader.settings_in_force import Settings

HIGHEST = SETTINGS_SURE + SETTINGS_JUMP_MAX


def test_what_is_within_reach():
    assert is_within_reach(HIGHEST, 0)
    assert not is_within_reach(HIGHEST + 1, 0)
    assert is_within_reach(HIGHEST + 1, SETTINGS_SURE + 1)
    assert is_within_reach(VERSION_MAX, VERSION_MAX)
    assert not is_within_reach(VERSION_MAX + 1, INT_MAX)


def test_who_takes_over_leaves_it():
    for version, talk_ms in ((HIGHEST, 70000), (HIGHEST + 1, 90000), (INT_MAX, 90000)):
        leader = Venue().leader
        leader.adopt(Settings(2, 60, 90000))
        state = State(1, 1)
        told = Settings(version, 60, 70000)
        state.records[records.SETTINGS << 16] = (settings_body.write_settings(told.values(), {}), 0)
        leader.take_over(state, 0)
        assert leader.settings.settings.talk_ms == talk_ms


def test_badges_and_hosts_go_on_when_a_leader_that_named_it_is_gone():
    venue = Cluster(3, 3)
    venue.run(3000)
    bad = venue.only()
    bad.engine.leader.publish(Settings(INT_MAX, 100, 70000), venue.now_ms)
    venue.settle(bad)
    venue.run(1500)
    assert [badge.engine.settings.version for badge in venue.badges] == [INT_MAX] * 3
    venue.kill(bad.number)
    venue.run(6000)
    now = venue.only()
    assert now.engine.election.settings <= 1
    now.engine.leader.publish(Settings(2, 80, 90000), venue.now_ms)
    venue.settle(now)
    venue.run(1500)
    assert [badge.engine.settings.version for badge in venue.badges] == [2] * 3


def test_who_names_it_is_not_let_in_front():
    """A rival of lower rank that keeps newer settings goes first; this one cannot have them."""
    for version, state in ((HIGHEST, FOLLOWER), (HIGHEST + 1, PRE_CANDIDATE)):
        hosts = (host_id(1), host_id(2), host_id(3))
        engine = Election(host_id(1), hosts, (0, NOBODY), START_MS)
        engine.keep_settings(2)
        now_ms = START_MS
        while engine.state != PRE_CANDIDATE:
            now_ms += 10
            engine.handle_timeout(now_ms)
        data = wire.encode(host_messages.PRE_VOTE_REQUEST, (0, 0, 0, 258, version))
        engine.receive_datagram(data, host_id(2), now_ms)
        assert engine.state == state
