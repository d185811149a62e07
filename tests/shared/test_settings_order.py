"""Settings that come late, or from a leader that began anew."""

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
