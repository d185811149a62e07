"""Engines say when they want to be called next: called then and only then, nothing is different."""

from tests.shared.venue import Venue

from ptt.base import clock

SEEDS_AND_STARTS_MS = ((1, 1000), (2, 0x40000000 - 3000))


def live(venue):
    """Bursts, a queue, a silent talker, a vanished badge, a leader that goes and comes back."""
    venue.run(1500)
    venue.press("A")
    venue.run(200)
    venue.press("B", "C")
    venue.run(300)
    venue.release("A")
    venue.run(300)
    venue.badge("B").hears_itself = False
    venue.run(200)
    venue.release("B")
    venue.run(500)
    venue.badge("D").alive = False
    venue.badge("C").hears_itself = False
    venue.run(6000)
    venue.release("C")
    venue.leader_alive = False
    venue.press("A")
    venue.run(4000)
    venue.restart_leader(term=2)
    venue.run(3000)
    return venue.trace


def test_a_timer_asked_for_is_neither_late_nor_missing():
    for seed, start_ms in SEEDS_AND_STARTS_MS:
        lazy = live(Venue(4, seed, 3, jitter_ms=30, start_ms=start_ms))
        eager = live(Venue(4, seed, 3, jitter_ms=30, start_ms=start_ms, is_eager=True))
        assert len(eager) > 300
        for index in range(min(len(eager), len(lazy))):
            assert eager[index] == lazy[index]
        assert len(eager) == len(lazy)


def test_an_engine_at_rest_is_not_called_in_a_loop():
    """After its work is done, an engine never asks for the same instant again."""
    venue = Venue(3).run(1500)
    venue.press("A", "B")
    for _ in range(100):
        venue.run(5)
        engines = [badge.engine for badge in venue.badges] + [venue.leader]
        for engine in engines:
            for _ in range(3):  # voice, its end and a repetition may be due together
                engine.handle_timeout(venue.now_ms)
            due_ms = engine.next_timeout_ms()
            assert due_ms == clock.NEVER or clock.since(due_ms, venue.now_ms) > 0
