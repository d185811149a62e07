"""Texts that the network repeats."""

from tests.shared.venue import LEADER, Venue

from ptt.base import events
from ptt.wire.messages import TEXT_MESSAGE


def test_a_text_repeated_late_by_the_network_is_not_shown_again():
    kept = []

    def keep(data, source, destination):
        if data[1] == TEXT_MESSAGE and destination == LEADER:
            kept.append(data)
        return False

    venue = Venue(badges=2)
    venue.loses = keep
    venue.run(1500)
    for text in (b"one", b"two"):
        assert venue.badge("A").engine.keyboard.send(text, venue.now_ms)
        venue.collect(venue.badge("A"))
        venue.run(500)
    venue.leader.receive_datagram(kept[0], venue.badge("A").address, venue.now_ms)
    venue.collect_leader()
    venue.run(500)
    assert [value[3] for value in venue.badge("B").all(events.TEXT)] == [b"one", b"two"]
