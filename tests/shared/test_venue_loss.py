"""Random loss and jitter over many seeds: what must never happen does not, in any of them."""

import sys

from tests.shared import oracle
from tests.shared.venue import Venue

from ptt.base import events

# MicroPython is ten times slower here and walks the same paths: it gets the first seeds only.
SEEDS = 60 if sys.implementation.name == "cpython" else 4


def converse(seed, **network):
    """Two bursts and one queued behind them, on a network that loses; about 5 s."""
    venue = Venue(seed=seed, **network).run(2500)
    venue.press("A")
    venue.run(300)
    venue.release("A")
    venue.press("B", "C")
    venue.run(400)
    venue.release("B")
    venue.run(600)
    venue.release("C")
    return venue.run(3500)


def check_burst(venue, lease, sent):
    """All of a burst's frames that the network brought were played, the others concealed."""
    for (_, each), numbers in venue.arrived.items():
        if each == lease:
            assert max(numbers) < sent


def test_five_percent_loss():
    """Every frame that came is heard, once and in order; nobody talks over anybody."""
    for seed in range(SEEDS):
        venue = converse(seed, loss_percent=5, jitter_ms=10)
        oracle.check_all(venue)
        oracle.check_at_rest(venue)
        oracle.check_all_heard(venue)
        bursts = 0
        for badge in venue.badges:
            for lease, sent, dropped in badge.all(events.SENT):
                assert dropped == 0
                check_burst(venue, lease, sent)
                bursts += 1
        assert bursts >= 2, "seed %d" % seed


def test_thirty_percent_loss():
    """Bursts may fail, what a listener hears may not be wrong."""
    for seed in range(SEEDS // 2):
        venue = converse(seed, loss_percent=30, jitter_ms=40)
        oracle.check_all(venue)


def test_jitter_beyond_the_delay():
    """Frames overtake each other by more than the playout delay: some are late, but none is
    wrong."""
    for seed in range(SEEDS // 2):
        venue = converse(seed, delay_ms=5, jitter_ms=120)
        oracle.check_all(venue)
        oracle.check_at_rest(venue)


def test_every_datagram_twice():
    """What comes twice, half of it late, changes nothing."""
    for seed in range(SEEDS // 4):
        venue = Venue(seed=seed, jitter_ms=15)
        send = venue.send

        def send_twice(data, source, destination, send=send):
            send(data, source, destination)
            send(data, source, destination)

        venue.send = send_twice
        venue.run(1500)
        venue.press("A")
        venue.run(100)
        venue.press("B")
        venue.run(300)
        venue.release("A")
        venue.run(400)
        venue.release("B")
        venue.run(1500)
        oracle.check_all(venue)
        oracle.check_at_rest(venue)
        oracle.check_all_heard(venue)
        assert len(venue.badge("A").all(events.SENT)) == 1
        assert len(venue.badge("B").all(events.SENT)) == 1
