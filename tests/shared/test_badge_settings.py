"""A badge takes settings whole or not at all, and says which."""

from tests.shared.failover_venue import Failover
from tests.shared.venue import Venue

from ptt.base import events
from ptt.base.numbers import CONFIRM_MS, INT_MAX, LEADER_LOST_MS
from ptt.base.words import nth_word
from ptt.leader.settings_in_force import Settings
from ptt.wire import codec, envelope, messages, refusal

LEADER = ("leader", 1)
KNOWN = 10  # bytes of version, playout delay and talk limit, which all badges read
WHOLE = 16  # and of what only roomy ones do


def joined():
    venue = Venue(badges=1, is_clear=True).run(1500)
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    engine = venue.badge("A").engine
    assert in_force(engine) == (2, 200)
    return venue, engine


def in_force(engine):
    return engine.settings.version, engine.playout.path.least_ms


def snapshot(version, delay_ms, talk_ms=60000, most_ms=340, late=10, gain=1, high_pass=1, rests=0):
    """Its payload, whatever the table forbids."""
    data = bytearray(WHOLE)
    envelope.put32(data, 0, version)
    envelope.put16(data, 4, delay_ms)
    envelope.put32(data, 6, talk_ms)
    envelope.put16(data, 10, most_ms)
    data[12] = late
    data[13] = gain
    data[14] = high_pass
    data[15] = rests
    return bytes(data)


def tell(venue, engine, payload):
    """The leader sends `payload`; why it is refused, and what the badge answers."""
    at = envelope.HEADER_BYTES
    data = bytearray(at) + payload + bytes(envelope.TAG_BYTES)
    end = at + len(payload)
    envelope.seal_header(
        data, end, messages.SETTINGS_SNAPSHOT, engine.join.session, envelope.LEADER_NODE, 900, 1
    )
    while engine.poll_transmit() is not None:
        pass
    before = engine.refusals.as_dict()
    engine.receive_datagram(bytes(data[0:end]), LEADER, venue.now_ms)
    after = engine.refusals.as_dict()
    answers = []
    while True:
        datagram = engine.poll_transmit()
        if datagram is None:
            break
        sent = datagram.data
        if envelope.msg_type(sent) == messages.SETTINGS_ACK:
            answers.append(
                tuple(codec.decode(messages.SETTINGS_ACK, sent, at, envelope.payload_end(sent)))
            )
    return [name for name in after if after[name] != before.get(name, 0)], answers


def test_a_value_that_it_cannot_do_is_answered_and_changes_nothing():
    for payload in (
        snapshot(3, 19),
        snapshot(3, 401),
        snapshot(3, 100, 999),
        snapshot(3, 100, most_ms=59),
        snapshot(3, 100, late=0),
        snapshot(3, 100, gain=2),
        snapshot(3, 100, high_pass=2),
        snapshot(3, 100, rests=3),
    ):
        venue, engine = joined()
        told = engine.settings.told
        assert told == snapshot(2, 200)
        reasons, answers = tell(venue, engine, payload)
        assert reasons == [nth_word(refusal.WORDS, refusal.RANGE)]
        assert answers == [(3, messages.APPLIED_REFUSED)]
        assert in_force(engine) == (2, 200)
        assert engine.settings.told is told
        assert venue.badge("A").all(events.SETTINGS) == [1, 2]


def test_what_comes_after_a_refusal_is_applied():
    venue, engine = joined()
    tell(venue, engine, snapshot(3, 401))
    _, answers = tell(venue, engine, snapshot(4, 300))
    assert answers == [(4, messages.APPLIED_APPLIED)]
    assert in_force(engine) == (4, 300)


def test_a_version_that_cannot_be_is_not_answered():
    """The answer could not be written."""
    for version in (0, INT_MAX + 1, 0xFFFFFFFF):
        venue, engine = joined()
        _, answers = tell(venue, engine, snapshot(version, 100))
        assert answers == []
        assert in_force(engine) == (2, 200)


def test_a_part_of_them_is_none():
    whole = snapshot(3, 100)
    for size in list(range(KNOWN)) + [KNOWN + 1]:  # the last ends within a value
        venue, engine = joined()
        _, answers = tell(venue, engine, whole[0:size])
        assert answers == []
        assert in_force(engine) == (2, 200)


# --- what only roomy badges obey ---


def of_the_path(engine):
    path = engine.playout.path
    return path.least_ms, path.most_ms, path.late_permille


def test_all_of_them_are_obeyed_and_go_with_the_version_that_brought_them():
    venue, engine = joined()
    assert of_the_path(engine) == (200, 340, 10)
    tell(venue, engine, snapshot(3, 40, 60000, 100, 50, 0, 0, 2))
    assert of_the_path(engine) == (40, 100, 50)
    assert engine.settings.fields == [3, 40, 60000, 100, 50, 0, 0, 2]
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)  # none has passed its trial
    assert of_the_path(engine) == (60, 340, 10)
    assert engine.settings.fields == [0, 60, 60000, 340, 10, 1, 1, 0]


def test_an_older_leader_that_knows_none_of_them_means_the_defaults():
    venue, engine = joined()
    tell(venue, engine, snapshot(3, 40, 60000, 100, 50, 0, 0, 2))
    _, answers = tell(venue, engine, snapshot(4, 100)[0:KNOWN])
    assert answers == [(4, messages.APPLIED_APPLIED)]
    assert engine.settings.fields == [4, 100, 60000, 340, 10, 1, 1, 0]
    assert of_the_path(engine) == (100, 340, 10)


# --- on trial ---


def told_by_a_leader(delay_ms=200):
    venue = Venue(badges=1, is_clear=True).run(1500)
    engine = venue.badge("A").engine
    venue.run(CONFIRM_MS + 2000)  # the first ones are sure
    assert engine.settings.sure == engine.settings.told == snapshot(1, 60)
    venue.leader.publish(Settings(2, delay_ms), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    assert in_force(engine) == (2, delay_ms)
    return venue, engine


def test_a_badge_that_new_settings_cut_off_returns_alone_to_those_before():
    venue, engine = told_by_a_leader()
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)
    assert engine.playout.path.least_ms == 60
    assert engine.settings.told == engine.settings.sure == snapshot(1, 60)
    assert venue.badge("A").all(events.SETTINGS) == [1, 2, 1]
    venue.loses = None
    venue.run(5000)  # back with its leader, it has what the others have, on trial again
    assert in_force(engine) == (2, 200)
    assert engine.settings.sure == snapshot(1, 60)


def test_settings_with_which_the_leader_answers_are_sure():
    venue, engine = told_by_a_leader()
    venue.run(CONFIRM_MS - 2000)
    assert engine.settings.sure == snapshot(1, 60)
    venue.run(4000)
    assert engine.settings.sure == snapshot(2, 200)
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)
    assert engine.playout.path.least_ms == 200
    assert venue.badge("A").all(events.SETTINGS) == [1, 2]


def test_what_a_badge_is_told_again_is_on_trial_no_longer_for_that():
    """As by a leader that it has joined anew: of these settings it knows already that they do."""
    venue, engine = told_by_a_leader()
    venue.run(CONFIRM_MS - 2000)
    engine.settings.version = 0
    tell(venue, engine, snapshot(2, 200))
    assert in_force(engine) == (2, 200)
    venue.run(4000)
    assert engine.settings.sure == snapshot(2, 200)


def test_two_changes_in_a_row_are_on_trial_together():
    venue, engine = told_by_a_leader()
    venue.run(CONFIRM_MS - 2000)
    venue.leader.publish(Settings(3, 300), venue.now_ms)
    venue.collect_leader()
    venue.run(4000)
    assert in_force(engine) == (3, 300) and engine.settings.sure == snapshot(1, 60)
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)
    assert engine.playout.path.least_ms == 60


def test_without_any_before_the_defaults_hold_again():
    venue = Venue(badges=1, is_clear=True).run(500)
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    engine = venue.badge("A").engine
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)
    assert (engine.playout.path.least_ms, engine.settings.told) == (60, b"")


def test_what_was_kept_over_a_restart_is_sure():
    venue = Venue(badges=1, is_clear=True)
    engine = venue.badge("A").engine
    engine.settings.begin_with(snapshot(7, 300))
    venue.run(1500)
    assert in_force(engine) == (1, 60)
    venue.loses = lambda data, source, destination: True
    venue.run(LEADER_LOST_MS + 1000)
    assert engine.playout.path.least_ms == 300


def test_a_leader_that_another_one_follows_ends_no_trial():
    venue = Failover(2).run(CONFIRM_MS + 2000)
    venue.leader.publish(Settings(2, 200), venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    venue.kill()
    venue.run(600)
    venue.take_over()
    venue.run(1000)
    for badge in venue.badges:
        assert in_force(badge.engine) == (2, 200)
        assert badge.engine.settings.sure == snapshot(1, 60)
    venue.run(CONFIRM_MS + 1000)
    for badge in venue.badges:
        assert badge.engine.settings.sure == snapshot(2, 200)
