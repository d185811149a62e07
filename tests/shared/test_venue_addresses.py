"""A badge whose address or port changes under it: it talks on, and hears on."""

from tests.shared.venue import Venue

from ptt.base import events
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
