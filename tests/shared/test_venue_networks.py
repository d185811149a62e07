"""Badges change their Wi-Fi network when the leader says so, and come back when it was wrong."""

from tests.shared.venue import LEADER, Venue

from ptt.badge.networks import STAYING, TRYING, WANTING, Networks
from ptt.base import features
from ptt.base.clock import since
from ptt.base.numbers import CONFIRM_MS, WIFI_TRIAL_MS
from ptt.leader.settings_in_force import Settings
from ptt.wire import messages

FLASHED = (0, b"", b"")
RIGHT = (7, b"venue 2", b"correct horse")
WRONG = (8, b"venue 2", b"correct hose")  # there is no such network
KNOWN = {number: (name, password) for number, name, password in (RIGHT, WRONG)}
ALL = features.NETWORKS | features.SECRET_TEXTS


class Equipped(Venue):
    """Its badges claim `claims`, in turn, and have a room for networks each."""

    def __init__(self, badges, claims):
        self.claims = claims
        self.rooms = {}
        super().__init__(badges)

    def equip(self, badge):
        badge.engine.membership.claims = self.claims[badge.index % len(self.claims)]
        self.rooms[badge.address] = Networks(badge.engine, FLASHED, FLASHED)
        badge.engine.take_room(self.rooms[badge.address])


class Radio:
    """A venue whose badges change their network; only those in `reached` lead to the leader. `sent`
    has the bytes of each WIFI_NETWORK."""

    def __init__(self, badges=3, claims=(ALL,), knows=True):
        self.venue = venue = Equipped(badges, claims)
        self.reached = {0, RIGHT[0]}
        self.is_talking = False
        self.sent = []
        self.rooms = venue.rooms
        venue.loses = self.loses
        if knows:
            venue.leader.settings.learn(KNOWN)
        self.run(1500)

    def loses(self, data, source, destination):
        if data[1] == messages.WIFI_NETWORK:
            self.sent.append(data)
        address = destination if source == LEADER else source
        return self.rooms[address].used[0] not in self.reached

    def run(self, milliseconds):
        for _ in range(milliseconds // 100):
            self.venue.run(100)
            for room in self.rooms.values():
                if room.state == WANTING and not self.is_talking:
                    room.begin(self.venue.now_ms)
        return self

    def publish(self, version, network):
        self.venue.leader.publish(Settings(version, network=network), self.venue.now_ms)
        self.venue.collect_leader()

    def try_out(self, version, network, count):
        leader = self.venue.leader
        chosen = frozenset([member.device for member in leader.members.all()[0:count]])
        leader.try_out(Settings(version, network=network), chosen, self.venue.now_ms)
        self.venue.collect_leader()

    def said(self):
        """(version answered, refused, network) of each member that is here."""
        members = self.venue.leader.members.all()
        found = [member.settings for member in members]
        return [(each.acknowledged, each.refused, each.network) for each in found]

    def states(self):
        return [(room.state, room.used[0]) for room in self.rooms.values()]


def test_a_right_one_is_tried_and_kept():
    radio = Radio()
    radio.publish(2, RIGHT[0])
    radio.run(CONFIRM_MS - 2000)
    assert radio.states() == [(TRYING, RIGHT[0])] * 3
    assert radio.said() == [(1, False, -1)] * 3  # not before they use it for good
    radio.run(4000)
    assert radio.states() == [(STAYING, RIGHT[0])] * 3
    assert radio.said() == [(2, False, RIGHT[0])] * 3
    for room in radio.rooms.values():
        assert (room.present, room.spare) == (RIGHT, FLASHED)


def test_name_and_password_are_never_in_the_clear():
    radio = Radio()
    radio.publish(2, RIGHT[0])
    radio.run(20000)
    assert len([data for data in radio.sent if data[24:28] != bytes(4)]) >= 3
    for data in radio.sent:
        assert RIGHT[1] not in bytes(data) and RIGHT[2] not in bytes(data)
    assert len(set([bytes(data[24:]) for data in radio.sent])) == len(radio.sent)


def test_one_without_a_leader_reaches_the_canary_and_is_gone_after_its_trial():
    radio = Radio()
    radio.try_out(2, WRONG[0], 1)
    radio.run(1000)
    assert [state for state, _ in radio.states()] == [TRYING, STAYING, STAYING]
    (tried,) = [room for room in radio.rooms.values() if room.state == TRYING]
    begun_ms = tried.since_ms
    while tried.state == TRYING:
        radio.run(100)
        assert since(radio.venue.now_ms, begun_ms) <= WIFI_TRIAL_MS + 200
    radio.run(6000)
    assert radio.states() == [(STAYING, 0)] * 3
    assert sorted(radio.said()) == [(1, False, 0), (1, False, 0), (2, True, -1)]
    radio.run(60000)  # it is asked again when it joins anew, and does not go there again
    assert radio.states() == [(STAYING, 0)] * 3
    assert radio.venue.badges[1].kinds().count("lost") == 0


def test_who_tries_one_that_is_taken_back_returns_at_once():
    radio = Radio()
    radio.try_out(2, RIGHT[0], 2)
    radio.run(5000)
    radio.publish(3, 0)
    radio.run(2000)
    assert radio.states() == [(STAYING, 0)] * 3
    assert radio.said() == [(3, False, 0)] * 3


def test_it_waits_while_somebody_talks():
    radio = Radio()
    radio.is_talking = True
    radio.publish(2, RIGHT[0])
    radio.run(30000)
    assert radio.states() == [(WANTING, 0)] * 3
    radio.is_talking = False
    radio.run(20000)
    assert radio.said() == [(2, False, RIGHT[0])] * 3


def test_who_cannot_change_or_cannot_read_it_is_not_told():
    radio = Radio(claims=(0, features.NETWORKS, features.SECRET_TEXTS))
    radio.publish(2, RIGHT[0])
    radio.run(20000)
    assert radio.sent == []
    assert radio.said() == [(2, False, -1)] * 3  # of what concerns them they have all


def test_one_that_this_leader_does_not_know_yet_is_waited_for():
    radio = Radio(knows=False)
    radio.publish(2, RIGHT[0])
    radio.run(5000)
    assert radio.said() == [(1, False, 0)] * 3
    radio.venue.leader.settings.learn(KNOWN)
    radio.run(30000)
    assert radio.said() == [(2, False, RIGHT[0])] * 3


def test_the_spare_one_when_the_present_one_is_gone():
    radio = Radio()
    radio.publish(2, RIGHT[0])
    radio.run(20000)
    radio.reached = {0}  # its access points are switched off for good
    radio.run(10000)
    for room in radio.rooms.values():
        room.fall_back()
    radio.run(WIFI_TRIAL_MS + 10000)  # and the leader says once more what it wants, in vain
    assert radio.states() == [(STAYING, 0)] * 3
    assert radio.said() == [(2, True, -1)] * 3
