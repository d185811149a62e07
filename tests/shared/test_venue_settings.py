"""Settings on their way from the leader to all badges, and what they change there."""

from tests.shared import oracle
from tests.shared.venue import LEADER, Venue

from ptt.base import events
from ptt.base.defaults import TALK_MS
from ptt.base.numbers import MEMBER_TTL_MS
from ptt.leader.settings_in_force import Settings
from ptt.wire import codec, envelope, messages


class Watch:
    """Counts the datagrams of one kind and loses the first `lost` of them."""

    def __init__(self, kind, lost=0):
        self.kind = kind
        self.lost = lost
        self.seen = []

    def __call__(self, data, source, destination):
        if data[1] != self.kind:
            return False
        self.seen.append((source, destination))
        return len(self.seen) <= self.lost


def versions(venue):
    """The settings that each badge told of."""
    return [badge.all(events.SETTINGS) for badge in venue.badges]


def joined(**network):
    return Venue(**network).run(1500)


def test_they_follow_the_welcome():
    venue = Venue()
    order = []

    def note(data, source, destination):
        if destination == ("badge", 0):
            order.append(data[1])
        return False

    venue.loses = note
    venue.run(400)
    assert order[0:4] == [
        messages.CHALLENGE,
        messages.WELCOME,
        messages.GROUP_KEY,
        messages.SETTINGS_SNAPSHOT,
    ]
    assert venue.badge("A").kinds()[0:2] == ["joined", "settings"]


def test_they_are_sent_once_to_each_when_nothing_is_lost():
    watch = Watch(messages.SETTINGS_SNAPSHOT)
    joined(loses=watch).run(3000)
    assert sorted(watch.seen) == [(LEADER, ("badge", index)) for index in range(3)]


def test_a_lost_snapshot_comes_again():
    watch = Watch(messages.SETTINGS_SNAPSHOT, lost=7)
    venue = joined(loses=watch).run(1500)
    assert len(watch.seen) == 7 + 3
    assert versions(venue) == [[1]] * 3
    oracle.check_all(venue)


def test_a_lost_answer_is_given_again_and_nothing_is_told_twice():
    watch = Watch(messages.SETTINGS_ACK, lost=4)
    venue = joined(loses=watch).run(1500)
    assert len(watch.seen) == 4 + 3
    assert versions(venue) == [[1]] * 3
    oracle.check_settings(venue)


def test_a_change_reaches_everybody_whatever_is_lost():
    for seed in range(8):
        venue = Venue(6, seed, jitter_ms=40).run(1500)
        venue.loss_percent = 30
        venue.leader.publish(Settings(2, 100, 5000), venue.now_ms)
        venue.collect_leader()
        venue.run(1000)
        venue.leader.publish(Settings(3, 140, 7000), venue.now_ms)
        venue.run(3000)
        for badge in venue.badges:
            assert badge.last(events.SETTINGS) == 3
        oracle.check_all(venue)
        oracle.check_settings(venue)


def test_who_joins_later_gets_the_newest_only():
    venue = Venue()
    late = venue.badge("C")
    late.alive = False
    venue.run(1000)
    venue.leader.publish(Settings(2, 100), venue.now_ms)
    venue.run(MEMBER_TTL_MS)
    late.alive = True
    venue.run(3000)
    assert versions(venue) == [[1, 2], [1, 2], [2]]
    oracle.check_settings(venue)


def test_an_old_answer_that_comes_late_does_not_end_the_repeats():
    venue = Venue()
    kept = []

    def keep(data, source, destination):
        if data[1] == messages.SETTINGS_ACK and source == ("badge", 0):
            kept.append(data)
            return True
        return False

    venue.loses = keep
    venue.run(500)
    venue.leader.publish(Settings(2), venue.now_ms)
    venue.leader.receive_datagram(kept[0], ("badge", 0), venue.now_ms)
    assert venue.leader.refusals.as_dict()["stale"] == 1
    venue.run(100)
    (member,) = [m for m in venue.leader.members.all() if m.address == ("badge", 0)]
    assert member.settings.acknowledged == 0
    venue.loses = None
    venue.run(1000)
    assert member.settings.acknowledged == 2


def test_a_badge_that_refuses_is_seen_by_the_leader():
    """Ours can do all that the table allows; another build may not."""
    venue = joined(is_clear=True)
    venue.loses = Watch(messages.SETTINGS_ACK, lost=1000)
    venue.leader.publish(Settings(2), venue.now_ms)
    (first, second, third) = venue.leader.members.all()
    values = (2, messages.APPLIED_REFUSED)
    data = bytearray(40)
    end = codec.encode(data, 24, messages.SETTINGS_ACK, values)
    envelope.seal_header(data, end, messages.SETTINGS_ACK, first.session, first.node, 1, 1)
    venue.leader.receive_datagram(bytes(data[0:end]), first.address, venue.now_ms)
    assert (first.settings.refused, first.settings.acknowledged) == (True, 2)
    assert not second.settings.refused and not third.settings.refused


def test_the_delay_is_applied():
    """What A says is heard so much later; nothing of it is lost."""
    starts_ms = []
    for delay_ms in (20, 60, 200, 400):
        venue = joined()
        venue.leader.publish(Settings(2, delay_ms), venue.now_ms)
        venue.run(500)
        begun_ms = venue.now_ms
        venue.press("A")
        venue.run(600)
        venue.release("A")
        venue.run(2000)
        (lease, sent, _) = venue.badge("A").last(events.SENT)
        listener = venue.badge("B")
        (heard_ms,) = [now_ms for now_ms, kind, _ in listener.events if kind == events.HEARING]
        starts_ms.append(heard_ms - begun_ms - delay_ms)
        assert listener.heard_of(lease) == list(range(sent))
        oracle.check_all_heard(venue)
    assert max(starts_ms) - min(starts_ms) <= 20  # the speaker asks every 20 ms
    assert 0 <= min(starts_ms) <= 40


def test_settings_of_sound_that_change_amid_speech_cost_no_frame():
    """Every half a second of a burst others; all of it is heard, once and in order, and the next
    burst has the last ones."""
    for seed in range(3):
        venue = Venue(3, seed, jitter_ms=15).run(1500)
        venue.press("A")
        for version, values in enumerate(
            ((100, 340, 10), (20, 60, 100), (400, 60, 1), (60, 60, 1), (60, 340, 100)), start=2
        ):
            venue.run(500)
            least_ms, most_ms, late = values
            changed = Settings(
                version,
                least_ms,
                playout_delay_max_ms=most_ms,
                late_permille=late,
                gain=version & 1,
                high_pass=version & 1,
            )
            venue.leader.publish(changed, venue.now_ms)
            venue.collect_leader()
        venue.run(500)
        venue.release("A")
        venue.run(2000)
        (lease, sent, dropped) = venue.badge("A").last(events.SENT)
        assert sent >= 140 and dropped == 0
        for name in "BC":
            badge = venue.badge(name)
            assert badge.heard_of(lease) == list(range(sent)), seed
            assert badge.last(events.HEARD)[3] == 0  # nothing was made up
            path = badge.engine.playout.path
            assert (path.least_ms, path.most_ms, path.late_permille) == (60, 340, 100)
        oracle.check_all(venue)
        oracle.check_settings(venue)


def test_the_longest_burst_is_granted_and_enforced():
    venue = joined()
    granted = []

    def note(data, source, destination):
        if data[1] == messages.FLOOR_GRANT:
            granted.append(codec.decode(messages.FLOOR_GRANT, data, 24, len(data))[5])
        return False

    venue.loses = note
    venue.leader.publish(Settings(2, 60, 1000), venue.now_ms)
    venue.press("A")
    venue.run(990)
    assert venue.badge("A").engine.floor.may_send()
    venue.run(100)
    assert set(granted) == {1000}
    assert venue.badge("A").last(events.REVOKED) == messages.REVOCATION_TALK_LIMIT


def test_a_running_burst_keeps_what_it_was_granted():
    """Its talker was told how long it may talk; the next one gets the new limit."""
    venue = joined()
    venue.press("A")
    venue.run(1500)
    venue.leader.publish(Settings(2, 60, 1000), venue.now_ms)
    venue.run(1500)
    assert venue.badge("A").engine.floor.may_send()
    venue.release("A")
    venue.run(200)
    venue.press("A")
    venue.run(1200)
    assert venue.badge("A").last(events.REVOKED) == messages.REVOCATION_TALK_LIMIT
    oracle.check_all(venue)


def test_a_grant_repeated_says_the_same_as_the_first():
    venue = joined()
    granted = []

    def note(data, source, destination):
        if data[1] != messages.FLOOR_GRANT:
            return False
        granted.append(codec.decode(messages.FLOOR_GRANT, data, 24, len(data))[5])
        return len(granted) < 3

    venue.loses = note
    venue.press("A")
    venue.run(50)
    venue.leader.publish(Settings(2, 60, 1000), venue.now_ms)
    venue.run(500)
    assert len(granted) >= 3
    assert set(granted) == {TALK_MS}


def test_what_was_kept_is_heard_whatever_the_delay():
    """Requests are lost, what was said goes out in a flood, and the listener does not play yet: its
    buffer must not overflow meanwhile, or the first word is gone."""
    for delay_ms in (100, 200, 300, 400):
        for lost in (2, 3):
            venue = joined()
            venue.leader.publish(Settings(2, delay_ms), venue.now_ms)
            venue.run(300)
            venue.loses = Watch(messages.FLOOR_REQUEST, lost)
            venue.press("A")
            venue.run(1500)
            venue.release("A")
            venue.run(2500)
            (lease, sent, dropped) = venue.badge("A").last(events.SENT)
            assert dropped == 0
            for name in "BC":
                assert venue.badge(name).heard_of(lease) == list(range(sent)), (delay_ms, lost)
            oracle.check_all(venue)
