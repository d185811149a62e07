"""Settings that come late, or from a leader that began anew."""

from tests.shared import oracle
from tests.shared.failover_venue import Failover
from tests.shared.venue import Venue

from ptt.leader.settings_in_force import Settings
from ptt.wire import messages


def test_an_old_snapshot_that_comes_late_changes_nothing():
    kept = []

    def keep(data, source, destination):
        if data[1] == messages.SETTINGS_SNAPSHOT and not kept:
            kept.append(data)
        return False

    venue = Venue(badges=1)
    venue.loses = keep
    venue.run(500)
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.run(500)
    engine = venue.badge("A").engine
    assert engine.playout.path.least_ms == 200
    engine.receive_datagram(kept[0], ("leader", 1), venue.now_ms)
    assert (engine.settings.version, engine.playout.path.least_ms) == (2, 200)


def test_a_new_leader_s_settings_are_applied_whatever_their_number():
    venue = Venue(badges=1)
    venue.run(500)
    venue.leader.publish(Settings(5, 200), venue.now_ms)
    venue.run(500)
    venue.restart_leader(2)
    venue.leader.settings.settings = Settings(5, 100)
    venue.run(5000)
    engine = venue.badge("A").engine
    assert engine.join.term == 2
    assert (engine.settings.version, engine.playout.path.least_ms) == (5, 100)


def test_a_change_that_dies_with_its_leader_is_gone_from_all_badges():
    """They had it, and no host knows: the next leader must not believe what it was told of them."""
    venue = Failover(2).run(1500)
    venue.host_loses.loses = lambda data: True
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    assert delays(venue) == [200, 200]
    venue.kill()
    venue.run(600)
    venue.host_loses.loses = None
    venue.take_over()
    venue.run(3000)
    assert venue.leader.settings.settings.version == 1
    assert delays(venue) == [60, 60]
    oracle.check_settings(venue)


def test_what_was_tried_out_is_gone_when_another_takes_over():
    venue = Failover(2).run(1500)
    chosen = frozenset((venue.badge("A").engine.device,))
    venue.leader.try_out(Settings(2, 200), chosen, venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    assert delays(venue) == [200, 60]
    venue.kill()
    venue.run(600)
    venue.take_over()
    venue.run(3000)
    assert delays(venue) == [60, 60]
    oracle.check_settings(venue)
    venue.leader.try_out(Settings(2, 200), chosen, venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    assert delays(venue) == [200, 60]


def delays(venue):
    return [badge.engine.playout.path.least_ms for badge in venue.badges]
