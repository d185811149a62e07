"""When frames are heard: the delay, losses, stalls, one burst after the other."""

from array import array

from tests.shared.raising import raised

from ptt.base.clock import add
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import (
    BURST_STALL_MS,
    CONCEAL_FRAMES_MAX,
    FRAME_MS,
    KEPT_FRAMES_MAX,
)
from ptt.media import adpcm, playout
from ptt.media.frame_store import FrameStore
from ptt.media.playout import BUFFERING, PLAYING, RULES, SILENT, STATES, TRIGGERS, Playout

SAMPLES = 320
TALKER = 7


def frame(lease, number):
    """A frame that decodes to samples found nowhere else: predictor and smallest steps."""
    level = 100 * lease + number + 1
    return bytes([level >> 8, level & 255, 0, 0]) + bytes(160)


def level_of(lease, number):
    pcm = array("h", bytes(SAMPLES * 2))
    adpcm.decode(frame(lease, number), 0, pcm)
    return pcm[SAMPLES - 1]


class Listener:
    """A playout whose speaker asks every 20 ms."""

    def __init__(self, start_ms=1000):
        self.events = []
        self.playout = Playout(self, FrameStore(KEPT_FRAMES_MAX))
        self.now_ms = start_ms

    def take(self, lease, *numbers, last=-1):
        for number in numbers:
            data = b"xx" + frame(lease, number)
            self.playout.insert(lease, TALKER, number, number == last, data, 2, self.now_ms)

    def play(self, count):
        """The last sample of each of `count` frames, None for silence."""
        heard = []
        for _ in range(count):
            pcm = self.playout.read(self.now_ms)
            heard.append(None if pcm is None else pcm[SAMPLES - 1])
            self.now_ms = add(self.now_ms, FRAME_MS)
        return heard

    def burst_heard_from(self, talker, lease):
        self.events.append(("hearing", (talker, lease)))

    def burst_heard(self, buffer, now_ms):
        assert now_ms == self.now_ms
        counts = (buffer.played, buffer.concealed, buffer.late, buffer.duplicate, buffer.dropped)
        self.events.append(("heard", (buffer.talker, buffer.lease) + counts))

    def told(self):
        kept = self.events
        self.events = []
        return kept


def levels(lease, *numbers):
    return [level_of(lease, number) for number in numbers]


def waiting():
    """Silence while the delay runs, a listener's first three frames."""
    return [None] * (PLAYOUT_DELAY_MS // FRAME_MS)


def heard(lease, played, concealed=0, late=0, duplicate=0, dropped=0):
    return ("heard", (TALKER, lease, played, concealed, late, duplicate, dropped))


HEARING = ("hearing", (TALKER, 1))


def test_a_burst_after_the_delay():
    listener = Listener()
    listener.take(1, 0, 1, 2, last=2)
    assert listener.play(7) == waiting() + levels(1, 0, 1, 2) + [None]
    assert listener.told() == [HEARING, heard(1, 3)]


def test_across_the_wrap_of_the_clock():
    listener = Listener(start_ms=0x40000000 - 30)
    listener.take(1, 0, 1, 2, last=2)
    assert listener.play(7) == waiting() + levels(1, 0, 1, 2) + [None]


def test_a_burst_shorter_than_the_delay():
    listener = Listener()
    listener.take(1, 0, last=0)
    assert listener.play(5) == waiting() + levels(1, 0) + [None]
    assert listener.told() == [HEARING, heard(1, 1)]


def test_frames_in_any_order():
    listener = Listener()
    listener.take(1, 2, 0, 1, last=2)
    assert listener.play(6)[3:] == levels(1, 0, 1, 2)


def test_the_last_packet_repeated_is_heard_once():
    listener = Listener()
    listener.take(1, 0, 1, last=1)
    listener.take(1, 0, 1, last=1)
    assert listener.play(6)[3:] == levels(1, 0, 1) + [None]
    listener.take(1, 1, last=1)
    assert listener.play(10) == [None] * 10
    assert listener.told() == [HEARING, heard(1, 2, duplicate=2)]
    assert listener.playout.stale == 1


def test_a_gap_is_concealed_and_fades():
    listener = Listener()
    listener.take(1, 0, 6, last=6)
    first = level_of(1, 0)
    faded = [first >> 1, first >> 2, first >> 3, 0, 0]
    assert listener.play(10)[3:] == levels(1, 0) + faded + levels(1, 6)
    assert listener.play(1) == [None]
    assert listener.told()[1] == heard(1, 2, concealed=5)


def test_a_frame_that_comes_too_late():
    listener = Listener()
    listener.take(1, 0, 2, 3, last=3)
    listener.play(5)
    listener.take(1, 1)
    listener.play(3)
    assert listener.told()[1] == heard(1, 3, concealed=1, late=1)


def test_a_lost_last_packet_ends_in_silence_that_is_not_counted():
    listener = Listener()
    listener.take(1, 0, 1)
    listener.play(3 + 2 + BURST_STALL_MS // FRAME_MS)
    assert listener.play(1) == [None]
    assert listener.told() == [HEARING, heard(1, 2)]
    assert listener.playout.state == SILENT


def test_a_burst_that_stalls_and_resumes_waits_for_the_delay_again():
    for number in (4, 20, 28, 200):  # the next, those that played, those far ahead
        listener = Listener()
        listener.take(1, 0, 1, 2, 3)
        listener.play(3 + 4 + BURST_STALL_MS // FRAME_MS + 5)
        assert listener.playout.state == SILENT
        listener.take(1, number, number + 1, last=number + 1)
        assert listener.play(6) == waiting() + levels(1, number, number + 1) + [None], number
        told = listener.told()
        assert told[2] == HEARING
        assert told[3] == heard(1, 6)


def test_a_frame_that_comes_when_patience_ends_is_played_and_not_forgotten():
    listener = Listener()
    listener.take(1, 0)
    listener.play(3 + 1 + BURST_STALL_MS // FRAME_MS)  # the next read would end the burst
    listener.take(1, 5)
    assert listener.play(1) == levels(1, 5)
    listener.take(1, 6, last=6)
    listener.play(2)
    assert listener.told()[-1][1][2] == 3


def test_the_next_burst_waits_until_the_first_has_played():
    listener = Listener()
    listener.take(1, 0, 1, 2, last=2)
    listener.play(4)
    listener.take(2, 0, 1, last=1)
    assert listener.play(5) == levels(1, 1, 2) + [None] + levels(2, 0, 1)
    listener.play(1)
    assert [value[1] for _, value in listener.told()] == [1, 1, 2, 2]


def test_the_next_burst_follows_at_once_when_its_delay_is_over():
    listener = Listener()
    listener.take(1, 0, 1, 2, 3, last=3)
    listener.take(2, 0, 1, last=1)
    assert listener.play(9) == waiting() + levels(1, 0, 1, 2, 3) + levels(2, 0, 1)


def test_a_lost_end_does_not_hold_up_the_next_burst():
    listener = Listener()
    listener.take(1, 0, 1)
    listener.play(5)
    listener.take(2, 0)
    played = listener.play(CONCEAL_FRAMES_MAX + 1)
    assert played[-1] == level_of(2, 0)


def test_a_gap_before_the_last_frame_is_no_end():
    """The next burst waits already, but the end of the first is there."""
    listener = Listener()
    listener.take(1, 0, 1, 2 + CONCEAL_FRAMES_MAX + 2, last=2 + CONCEAL_FRAMES_MAX + 2)
    listener.take(2, 0)
    played = listener.play(3 + 2 + CONCEAL_FRAMES_MAX + 3)
    assert played[-1] == level_of(1, 2 + CONCEAL_FRAMES_MAX + 2)


def test_of_three_bursts_the_newest_follows():
    listener = Listener()
    listener.take(1, 0, 1, last=1)
    listener.take(2, 0, 1)
    listener.take(3, 0, 1, last=1)
    listener.take(2, 2)
    assert [each for each in listener.play(9) if each is not None] == levels(1, 0, 1) + levels(
        3, 0, 1
    )
    assert (listener.playout.crowded, listener.playout.stale) == (2, 1)


def test_an_older_burst_is_not_played_after_a_newer_one():
    listener = Listener()
    listener.take(2, 0, last=0)
    listener.play(5)
    listener.take(1, 0, 1)
    assert listener.play(5) == [None] * 5
    assert listener.playout.stale == 2


def test_a_new_term_begins_with_lease_1_again():
    listener = Listener()
    listener.take(9, 0, last=0)
    listener.play(5)
    listener.playout.restart()
    listener.take(1, 0, last=0)
    assert listener.play(4)[3:] == levels(1, 0)


# The rules, row by row

EXPECTED = (
    ("silent", "frame", "buffering", ""),
    ("buffering", "frame", "buffering", ""),
    ("buffering", "delay over", "playing", "announce"),
    ("playing", "frame", "playing", ""),
    ("playing", "burst over", "silent", "close"),
)
KINDS = {"": [], "announce": ["hearing"], "close": ["heard"]}


def test_the_table_is_the_expected_one():
    rows = [(STATES[a], TRIGGERS[b], STATES[c], action) for a, b, c, action in RULES]
    assert sorted(rows) == sorted(EXPECTED)


def test_every_rule_and_every_pair_without_one():
    rules = {(row[0], row[1]): row for row in RULES}
    for state in (SILENT, BUFFERING, PLAYING):
        for trigger in range(len(TRIGGERS)):
            listener = Listener()
            listener.playout.state = state
            row = rules.get((state, trigger), (state, trigger, state, ""))
            listener.playout._fire(trigger, listener.now_ms)
            assert listener.playout.state == row[2], (STATES[state], TRIGGERS[trigger])
            assert [kind for kind, _ in listener.told()] == KINDS[row[3]]


def test_two_rules_for_one_pair_are_a_bug():
    raised(ValueError, playout.compile_rules, RULES + RULES[0:1])
