"""A badge whose address or port changes under it: it talks on, and hears on."""

from tests.shared.keys import make_participant
from tests.shared.venue import LEADER, Venue

from ptt.badge.join import JOINED
from ptt.base import events
from ptt.base.numbers import HELD_OFF_MAX
from ptt.leader.swaps import Swaps
from ptt.wire import envelope, messages

FORMER = ("badge", 0)
LATER = ("badge", 0, "later")


def moved(venue, at_ms):
    """A talks for `at_ms`; then all that it sends has another source."""
    venue.run(1500)
    venue.press("A")
    venue.run(at_ms)
    venue.badge("A").address = LATER
    return venue.badge("A")


def test_row_18_who_talks_is_heard_on_from_another_port_and_the_receipt_is_true():
    venue = Venue()
    badge = moved(venue, 7500)
    lease = badge.last(events.GRANTED)
    before = len(venue.badge("B").heard_of(lease))
    venue.run(1000)
    assert len(venue.badge("B").heard_of(lease)) - before >= 45  # of 50 in a second
    session = badge.engine.join.session
    venue.release("A")
    venue.run(1500)
    spoken = venue.badge("B").heard_of(lease)
    assert spoken == list(range(len(spoken)))  # not a frame is missing
    (receipt,) = badge.all(events.RECEIPT)
    assert receipt[1:4] == (2, 2, 2)
    assert badge.engine.join.session == session  # it did not have to join again


def test_row_18_who_listens_hears_on_with_its_next_word():
    venue = Venue().run(1500)
    venue.badge("B").address = ("badge", 1, "later")
    venue.run(1200)  # its heartbeat comes once a second
    venue.press("A")
    venue.run(1000)
    lease = venue.badge("A").last(events.GRANTED)
    assert len(venue.badge("B").heard_of(lease)) >= 40


def test_row_18_what_comes_late_from_the_former_port_moves_nobody_back():
    venue = Venue()
    held = []

    def hold(data, source, destination):
        if source == FORMER and data[1] == messages.VOICE_FRAME and len(held) < 1:
            held.append((data, destination))
            return True
        return False

    badge = venue.run(1500).badge("A")
    venue.press("A")
    venue.run(500)
    venue.loses = hold
    venue.run(40)
    badge.address = LATER
    venue.run(60)
    member = venue.leader.members.by_device(badge.engine.device)
    assert member is not None
    assert member.address == LATER
    ((data, _),) = held
    venue.leader.receive_datagram(data, FORMER, venue.now_ms)
    assert member.address == LATER
    assert venue.leader.refusals.as_dict().get("source", 0) == 0


def test_row_18_nobody_is_followed_by_what_he_has_not_sealed():
    venue = Venue()
    seen = []

    def look(data, source, destination):
        if source == FORMER:
            seen.append(data)
        return False

    venue.loses = look
    venue.run(1500)
    venue.press("A")
    venue.run(200)
    member = venue.leader.members.by_device(venue.badge("A").engine.device)
    assert member is not None
    forged = bytearray(seen[-1])  # of the session, with a number to come, and without its key
    envelope.put32(forged, envelope.SEQ_AT, 1000000)
    envelope.put_crc(forged, envelope.header_crc(forged, envelope.payload_crc(forged)))
    for data in (bytes(forged), seen[-9]):  # and one that came, said again
        venue.leader.receive_datagram(data, ("stranger", 0), venue.now_ms)
    assert member.address == FORMER
    assert venue.leader.refusals.as_dict()["source"] == 2


class Cloned(Venue):
    """The second badge has the first one's identity and key."""

    def equip(self, badge):
        if badge.index == 1:
            own = self.badges[0].engine
            badge.engine = make_participant(own.device, own.name, b"test", LEADER, 99)


def doubles(venue):
    return [value for _, kind, value in venue.leader_events if kind == events.DOUBLE]


def test_row_19_two_badges_of_one_identity_are_told_and_not_again_and_again():
    venue = Cloned(badges=3).run(20_000)
    own = venue.badges[0].engine
    assert doubles(venue) == [(own.device, own.name)]
    venue.run(30_000)
    assert len(doubles(venue)) == 1
    assert venue.badges[2].engine.join.state == JOINED
    venue.press("C")
    venue.run(500)
    assert venue.badge("C").engine.floor.may_send()


def test_row_19_who_restarts_or_moves_is_one_badge():
    """Also one that moves each time it joins, and one that goes away and comes back."""
    swaps = Swaps()
    device = bytes(8)
    for number in range(40):
        assert not swaps.moved(device, ("a", number), ("a", number + 1), 1000 * number)
    for number in range(9):
        there = ("b", number & 1), ("b", 1 - (number & 1))
        assert not swaps.moved(device, there[0], there[1], 100_000 + 31_000 * number)
    told = [
        swaps.moved(device, ("b", n & 1), ("b", 1 - (n & 1)), 500_000 + 1000 * n) for n in range(90)
    ]
    assert told.count(True) == 2  # once a minute
    for number in range(200):
        swaps.moved(bytes([number] * 8), ("a", 1), ("a", 2), 600_000)
    assert len(swaps._of) == HELD_OFF_MAX
