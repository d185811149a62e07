"""A talker is told that everything was heard only when that is so."""

from tests.shared.venue import Venue

from ptt.base import events
from ptt.wire import voice
from ptt.wire.messages import VOICE_FRAME


def receipt_when(loses):
    """(listeners, heard, whole) of a burst of which `loses(first)` packets never reach B."""

    def is_lost(data, source, destination):
        return data[1] == VOICE_FRAME and destination == ("badge", 1) and loses(voice.first(data))

    venue = Venue(badges=3)
    venue.loses = is_lost
    venue.run(1500)
    venue.press("A")
    venue.run(600)
    venue.release("A")
    venue.run(3000)
    return venue.badge("A").last(events.RECEIPT)[1:]


def test_nothing_lost():
    assert receipt_when(lambda first: False) == (2, 2, 2)


def test_the_first_packet_lost():
    assert receipt_when(lambda first: first < 2) == (2, 2, 1)


def test_a_packet_in_the_middle_lost():
    assert receipt_when(lambda first: 10 < first < 13) == (2, 2, 1)


def test_the_end_lost():
    assert receipt_when(lambda first: first > 20) == (2, 2, 1)


def test_all_lost():
    assert receipt_when(lambda first: True) == (2, 1, 1)
