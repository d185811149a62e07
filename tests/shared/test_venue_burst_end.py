"""The end of a burst on its way: marked, repeated, and missed only when every copy is lost."""

from tests.shared import oracle
from tests.shared.venue import LEADER, Venue

from ptt.base import events
from ptt.base.numbers import BURST_STALL_MS, LAST_REPEATS
from ptt.wire import messages, voice


def test_two_of_three_last_packets_may_be_lost():
    """Nobody waits for an end that came, and nothing is missing or heard twice."""
    for kept in range(1 + LAST_REPEATS):
        lasts = []

        def loses(data, source, destination, lasts=lasts, kept=kept):
            if data[1] != messages.VOICE_FRAME or destination != LEADER or not voice.is_last(data):
                return False
            lasts.append(data)
            return len(lasts) != kept + 1

        venue = Venue(loses=loses).run(1500)
        venue.press("A")
        venue.run(300)
        venue.release("A")
        venue.run(300)  # the tail, the repetitions and the delay, but no stall
        assert len(lasts) == 1 + LAST_REPEATS
        (lease, sent, _) = venue.badge("A").last(events.SENT)
        for name in "BC":
            assert venue.badge(name).heard_of(lease) == list(range(sent))
            assert len(venue.badge(name).all(events.HEARD)) == 1
        venue.run(1000)
        oracle.check_all(venue)
        oracle.check_at_rest(venue)
        oracle.check_all_heard(venue)


def test_a_last_packet_lost_altogether_is_a_stall_and_no_more():
    def loses(data, source, destination):
        return data[1] == messages.VOICE_FRAME and voice.is_last(data)

    venue = Venue(loses=loses).run(1500)
    venue.press("A")
    venue.run(300)
    venue.release("A")
    venue.run(300 + BURST_STALL_MS)
    (lease, sent, _) = venue.badge("A").last(events.SENT)
    for name in "BC":
        heard = venue.badge(name).heard_of(lease)
        assert heard == list(range(len(heard)))
        assert sent - 3 <= len(heard) < sent
        assert len(venue.badge(name).all(events.HEARD)) == 1
    oracle.check_all(venue)
