"""Who has the settings, and to whom they are sent again."""

from ptt.base import features
from ptt.base.clock import NEVER, add, since
from ptt.base.numbers import REQUEST_RETRY_MS, REQUEST_RETRY_MS_MAX
from ptt.leader.delivery import Delivery
from ptt.leader.publisher import Publisher
from ptt.leader.settings_in_force import Settings

NOW_MS = 5000


class Member:
    def __init__(self, node, now_ms=NOW_MS):
        self.node = node
        self.device = bytes([node])
        self.groups = (1,)
        self.features = 0
        self.settings = Delivery()
        self.settings.due_ms = now_ms
        self.heard_ms = now_ms


class Venue:
    """A publisher with two members; `sent` has (node, version, time) of each snapshot."""

    def __init__(self, now_ms=NOW_MS):
        self.sent = []
        self.publisher = Publisher(Settings(1), self)
        self.members = [Member(2, now_ms), Member(3, now_ms)]
        self.now_ms = now_ms

    def send_settings(self, node, values, now_ms):
        settings = self.publisher.settings
        if values != settings.fields():
            assert self.publisher.candidate is not None
            settings = self.publisher.candidate
        assert values == settings.fields()
        self.sent.append((node, settings.version, now_ms))

    def send_network(self, node, values, now_ms):
        raise AssertionError("no member here can change its network")

    def publish(self, version):
        self.publisher.settings = Settings(version)
        self.publisher.handle_timeout(self.members, self.now_ms)

    def acknowledge(self, index, version, was_applied=True):
        return self.publisher.on_ack(self.members[index], version, was_applied)

    def wait(self):
        """Let time pass until something is due, and do it; how long that was."""
        before_ms = self.now_ms
        self.now_ms = self.publisher.next_timeout_ms(self.members)
        self.publisher.handle_timeout(self.members, add(self.now_ms, -1))
        self.publisher.handle_timeout(self.members, self.now_ms)
        return self.now_ms - before_ms

    def nodes(self):
        """To whom snapshots went since the last look."""
        nodes = [node for node, _, _ in self.sent]
        self.sent = []
        return nodes


def started(now_ms=NOW_MS):
    venue = Venue(now_ms)
    venue.publisher.handle_timeout(venue.members, now_ms)
    assert venue.nodes() == [2, 3]
    return venue


def test_everybody_gets_them_once_and_then_silence_is_waited_for():
    venue = started()
    venue.publisher.handle_timeout(venue.members, NOW_MS + REQUEST_RETRY_MS - 1)
    assert venue.nodes() == []
    assert venue.publisher.next_timeout_ms(venue.members) == NOW_MS + REQUEST_RETRY_MS


def test_what_was_never_sent_is_due_at_once_whatever_the_clock_shows():
    """A leader that took over has not sent anything yet; one that has did so long ago."""
    for now_ms in (NOW_MS, 529_900_000, 540_000_000, 900_000_000):
        for sent_ms in (0, add(now_ms, -540_000_000)):
            venue = Venue(now_ms)
            for member in venue.members:
                member.settings.due_ms = sent_ms
            assert since(now_ms, venue.publisher.next_timeout_ms(venue.members)) >= 0
            venue.publisher.handle_timeout(venue.members, now_ms)
            assert venue.nodes() == [2, 3]


def test_repeats_come_ever_slower_and_do_not_end():
    venue = started()
    assert venue.acknowledge(0, 1)
    waits = [venue.wait() for _ in range(12)]
    assert waits[0:4] == [60, 120, 240, 480]
    assert waits[4:] == [REQUEST_RETRY_MS_MAX] * 8
    assert venue.nodes() == [3] * 12


def test_who_has_answered_is_left_alone():
    venue = started()
    assert venue.acknowledge(0, 1)
    venue.wait()
    assert venue.nodes() == [3]
    assert venue.acknowledge(1, 1)
    assert venue.publisher.next_timeout_ms(venue.members) == NEVER
    venue.publisher.handle_timeout(venue.members, NOW_MS + 100000)
    assert venue.nodes() == []


def test_an_answer_that_comes_twice_changes_nothing():
    venue = started()
    for _ in range(2):
        assert venue.acknowledge(0, 1)
        assert venue.acknowledge(1, 1)
    assert venue.publisher.next_timeout_ms(venue.members) == NEVER


def test_changed_settings_go_to_everybody_again_and_at_once():
    venue = started()
    venue.acknowledge(0, 1)
    for _ in range(5):
        venue.wait()
    venue.sent = []
    venue.publish(2)
    assert venue.sent == [(2, 2, venue.now_ms), (3, 2, venue.now_ms)]
    assert venue.wait() == REQUEST_RETRY_MS  # no matter how slow the last ones had become
    assert venue.nodes() == [2, 3] * 2


def test_an_answer_about_old_settings_is_not_one_about_the_new():
    venue = started()
    venue.publish(2)
    venue.nodes()
    assert not venue.acknowledge(0, 1)
    assert not venue.acknowledge(0, 3)
    venue.wait()
    assert venue.nodes() == [2, 3]
    assert venue.members[0].settings.acknowledged == 0


def test_a_refusal_is_an_answer_and_remembered():
    venue = started()
    assert venue.acknowledge(0, 1, was_applied=False)
    assert venue.members[0].settings.refused
    venue.wait()
    assert venue.nodes() == [3]
    venue.publish(2)
    assert venue.acknowledge(0, 2)
    assert not venue.members[0].settings.refused


def test_across_the_wrap_of_the_clock():
    venue = started(now_ms=0x40000000 - 20)
    assert venue.publisher.next_timeout_ms(venue.members) == REQUEST_RETRY_MS - 20
    venue.publisher.handle_timeout(venue.members, REQUEST_RETRY_MS - 21)
    assert venue.nodes() == []
    venue.publisher.handle_timeout(venue.members, REQUEST_RETRY_MS - 20)
    assert venue.nodes() == [2, 3]


def test_nobody_is_waited_for_without_members():
    venue = Venue()
    assert venue.publisher.next_timeout_ms([]) == NEVER
    venue.publisher.handle_timeout([], NOW_MS)
    assert venue.nodes() == []


def test_the_fields_are_those_of_the_message():
    told = Settings(3, 80, 9000, playout_delay_max_ms=200, late_permille=20, gain=0, high_pass=0)
    assert told.fields() == (3, 80, 9000, 200, 20, 0, 0, 0)


def test_a_candidate_goes_to_those_that_are_chosen_and_stays_there():
    venue = started()
    for index in (0, 1):
        venue.acknowledge(index, 1)
    venue.publisher.try_out(Settings(2, 80), frozenset((bytes([3]),)))
    venue.publisher.handle_timeout(venue.members, venue.now_ms)
    assert venue.sent == [(3, 2, venue.now_ms)]
    assert venue.acknowledge(1, 2)
    assert not venue.acknowledge(0, 2)  # it was never told of it
    assert venue.publisher.next_timeout_ms(venue.members) == NEVER
    venue.nodes()
    venue.publisher.try_out(Settings(2, 80), frozenset((bytes([2]), bytes([3]))))
    venue.publisher.handle_timeout(venue.members, venue.now_ms)
    assert venue.nodes() == [2]


def test_a_candidate_that_was_taken_back_is_followed_by_a_higher_version():
    """A badge takes none that is lower than what it has."""
    venue = started()
    venue.publisher.try_out(Settings(2, 80), frozenset((bytes([3]),)))
    venue.publisher.handle_timeout(venue.members, venue.now_ms)
    venue.acknowledge(1, 2)
    venue.nodes()
    venue.publisher.try_out(None, frozenset())
    venue.publish(3)
    assert venue.nodes() == [2, 3]
    assert venue.acknowledge(1, 3)


def test_who_uses_the_network_is_not_told_its_password_again():
    venue = Venue()
    for member in venue.members:
        member.features = features.NETWORKS | features.SECRET_TEXTS
        member.settings.network = 0
    venue.publish(2)
    assert venue.nodes() == [2, 3]
