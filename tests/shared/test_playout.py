"""When frames are heard: the delay, losses, stalls, one burst after the other."""

from array import array

from tests.shared.raising import raised

from ptt.base.clock import add
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import (
    ADPCM_FRAME_BYTES,
    BURST_STALL_MS,
    CONCEAL_FRAMES_MAX,
    FRAME_MS,
    KEPT_FRAMES_MAX,
)
from ptt.media import adpcm, playout
from ptt.media.frame_store import FrameStore
from ptt.media.path_delay import PathDelay
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


def waiting(ahead=0):
    """Silence while the delay runs, a listener's first frames: `ahead` is how many frames of kept
    speech came with the first."""
    return [None] * (PLAYOUT_DELAY_MS // FRAME_MS - ahead)


def heard(lease, played, concealed=0, late=0, duplicate=0, dropped=0):
    return ("heard", (TALKER, lease, played, concealed, late, duplicate, dropped))


HEARING = ("hearing", (TALKER, 1))


def test_a_burst_after_the_delay():
    listener = Listener()
    listener.take(1, 0, 1, 2, last=2)
    assert listener.play(5) == waiting(2) + levels(1, 0, 1, 2) + [None]
    assert listener.told() == [HEARING, heard(1, 3)]


def test_across_the_wrap_of_the_clock():
    listener = Listener(start_ms=0x40000000 - 30)
    listener.take(1, 0, 1, 2, last=2)
    assert listener.play(5) == waiting(2) + levels(1, 0, 1, 2) + [None]


def test_a_burst_shorter_than_the_delay():
    listener = Listener()
    listener.take(1, 0, last=0)
    assert listener.play(5) == waiting() + levels(1, 0) + [None]
    assert listener.told() == [HEARING, heard(1, 1)]


def test_frames_in_any_order():
    listener = Listener()
    listener.take(1, 2, 0, 1, last=2)
    assert listener.play(4)[1:] == levels(1, 0, 1, 2)


def test_the_last_packet_repeated_is_heard_once():
    listener = Listener()
    listener.take(1, 0, 1, last=1)
    listener.take(1, 0, 1, last=1)
    assert listener.play(5) == waiting(1) + levels(1, 0, 1) + [None]
    listener.take(1, 1, last=1)
    assert listener.play(10) == [None] * 10
    assert listener.told() == [HEARING, heard(1, 2, duplicate=2)]
    assert listener.playout.stale == 1


def test_a_gap_is_concealed_and_fades():
    listener = Listener()
    listener.take(1, 0, 6, last=6)
    first = level_of(1, 0)
    faded = [first >> 1, first >> 2, first >> 3, 0, 0]
    assert listener.play(7) == levels(1, 0) + faded + levels(1, 6)
    assert listener.play(1) == [None]
    assert listener.told()[1] == heard(1, 2, concealed=5)


def test_a_frame_that_comes_too_late():
    listener = Listener()
    listener.take(1, 0, 2, 3, last=3)
    listener.play(2)
    listener.take(1, 1)
    listener.play(3)
    assert listener.told()[1] == heard(1, 3, concealed=1, late=1)


def test_a_frame_that_is_late_is_waited_for():
    """Nothing later has come: the path is slower than it was known to be."""
    listener = Listener()
    listener.take(1, 0)
    heard_first = listener.play(3 + 1 + 2)
    listener.take(1, 1, 2, last=2)
    assert heard_first[3:] + listener.play(3) == (
        levels(1, 0) + [level_of(1, 0) >> 1, level_of(1, 0) >> 2] + levels(1, 1, 2) + [None]
    )
    assert listener.told()[1] == heard(1, 3, concealed=2)


def test_a_frame_that_was_lost_is_not_waited_for_twice():
    """It was waited for, then a later one came: that one sounds at its own time."""
    listener = Listener()
    for number in range(8):
        if number not in (4, 5):
            listener.take(1, number, last=7)
        listener.playout.path.delay_ms = 0
        listener.play(1)
    listener.play(1)
    assert listener.told() == [HEARING, heard(1, 6, concealed=2)]


def test_an_outage_costs_no_frame_and_no_second_gap():
    """What the network held for 160 ms comes at once; the rest comes as before."""
    listener = Listener()
    sounds = []
    for number in range(40):
        if number < 20 or number > 28:
            listener.take(1, number, last=39)
        if number == 28:
            listener.take(1, *range(20, 29))
        sounds += listener.play(1)
    sounds += listener.play(10)
    assert [each for each in sounds if each in levels(1, *range(40))] == levels(1, *range(40))
    assert listener.told()[1][1][3] <= 8  # concealed


def test_the_delay_of_the_next_burst_is_what_the_path_needs():
    """Every fifth frame comes 100 ms late, with those behind it, as when multicast waits."""
    listener = Listener()
    gaps = []
    for lease in (1, 2, 3):
        for number in range(100):
            if number % 5 == 4:
                listener.take(lease, *range(number - 4, number + 1), last=99)
            listener.play(1)
        listener.play(30)
        gaps.append(next(told[1][3] for told in listener.told() if told[0] == "heard"))
    assert gaps[0] <= 5  # it grew once
    assert gaps[1:] == [0, 0]
    assert 100 <= listener.playout.path.delay_ms <= 140


def test_the_delay_keeps_within_its_bounds_and_the_share_that_may_be_late():
    """A tenth of the packets come 100 ms late."""
    path = PathDelay()
    for number in range(400):
        path.add(100 if number % 10 == 9 else 0)
    assert path.delay_ms == 130
    path.most_ms = 90
    path.set_least(60)
    assert path.delay_ms == 90
    path.set_least(200)  # who wants both means the least
    assert path.delay_ms == 200
    path.most_ms = 340
    path.late_permille = 100
    path.set_least(20)
    assert path.delay_ms == 30
    path.late_permille = 99
    path.set_least(20)
    assert path.delay_ms == 130


def test_how_near_a_listener_may_come_keeps_within_the_same_bounds():
    """A frame less than half the share that may be late would need."""
    path = PathDelay()
    for number in range(400):
        path.add(100 if number % 10 == 9 else 0)
    assert path.near_ms == 90
    path.most_ms = 90
    path.set_least(60)
    assert path.near_ms == 50
    path.set_least(200)
    assert path.near_ms == 180
    path.most_ms = 340
    for permille, near_ms in ((199, 90), (200, 10)):  # never 0: nobody would ever be near enough
        path.late_permille = permille
        path.set_least(20)
        assert path.near_ms == near_ms


def test_pauses_are_left_out_until_the_delay_is_what_the_path_needs():
    """Speech that was kept for 200 ms: the pause behind its first word is shorter then."""
    listener = Listener()

    def take(number):
        step = 0 if 20 <= number < 40 else 60
        data = bytes([0, number, step, 0]) + bytes(160)
        listener.playout.insert(1, TALKER, number, False, data, 0, listener.now_ms)

    for number in range(10):
        take(number)
    for number in range(10, 60):
        take(number)
        listener.play(1)
    current = listener.playout.current
    assert 4 <= listener.playout.skipped <= 9
    assert current.lag_ms(current.upcoming, listener.now_ms) <= PLAYOUT_DELAY_MS


def sound(state, swing, period):
    """A coded frame of a square voice."""
    pcm = array("h", [swing if n % period < period // 2 else -swing for n in range(SAMPLES)])
    out = bytearray(ADPCM_FRAME_BYTES)
    adpcm.encode(state, pcm, out, 0)
    return out


def test_no_word_is_taken_for_a_pause():
    """Speech that was kept for 200 ms. A sharp sound makes the coder's steps large, the vowel
    behind it is 12 dB below; the talker of the next burst is quiet from the start. All of it is
    heard."""
    listener = Listener()
    sharp, vowel, quiet, rest = (8000, 4), (2000, 128), (700, 64), (20, 64)
    bursts = ((1, [sharp] * 6 + [vowel] * 24), (2, [quiet] * 30 + [rest] * 20 + [quiet] * 10))
    for lease, said in bursts:
        skipped = listener.playout.skipped
        state = array("i", [0, 0])
        for number, what in enumerate(said):
            data, is_last = sound(state, *what), number + 1 == len(said)
            listener.playout.insert(lease, TALKER, number, is_last, data, 0, listener.now_ms)
            if number >= 10:
                listener.play(1)
            if number < 30:
                assert listener.playout.skipped == skipped, (lease, number)
        if lease == 1:
            listener.play(20)
    assert listener.playout.skipped > 4  # of the rest


def test_lost_frames_are_left_out_while_speech_is_later_than_its_path_needs():
    """Speech that was kept for 140 ms and has no pause: of the frames that are lost, those are made
    up that come right behind another one, or when it is late no more. All count as missing. A
    smooth playout makes good otherwise what is late."""
    lost = (20, 25, 26, 31, 60, 70, 80)
    for is_smooth, lag_ms in ((False, 60), (True, 140)):
        listener = Listener()
        listener.playout.is_smooth = is_smooth
        for number in range(90):
            if number not in lost:
                data = bytes([0, number, 60, 0]) + bytes(160)
                listener.playout.insert(1, TALKER, number, False, data, 0, listener.now_ms)
            assert number < 7 or listener.play(1) != [None]
        current = listener.playout.current
        assert current.lag_ms(current.upcoming, listener.now_ms) == lag_ms
        heard = (current.played, current.concealed)
        assert heard == (current.upcoming - len(lost), len(lost)), is_smooth


def test_what_was_lost_while_nothing_came_is_counted_once():
    """Frame 5 is lost, and those behind it are three frames late; so much was made up."""
    listener = Listener()
    listener.playout.path.most_ms = 100
    listener.take(1, 0, 1, 2, 3, 4)
    listener.play(8)
    current = listener.playout.current
    assert (current.played, current.concealed, current.held) == (5, 3, 3)
    listener.take(1, 6, 7, 8)
    assert current.lag_ms(5, listener.now_ms) > listener.playout.path.delay_ms
    assert listener.play(1) == [level_of(1, 6)]
    assert (current.played, current.concealed) == (6, 3)


def test_clocks_that_differ_are_followed():
    """A talker's crystal is 0.07 % faster or slower; its speech has a pause every two seconds."""
    for ppm in (-700, 700):
        listener = Listener()
        due_us = listener.now_ms * 1000
        number = 0
        most = 0
        for _ in range(3000):
            while due_us <= listener.now_ms * 1000:
                step = 60 if number % 100 < 90 else 0
                data = bytes([0, number & 127, step, 0]) + bytes(160)
                listener.playout.insert(1, TALKER, number, False, data, 0, listener.now_ms)
                number += 1
                due_us += FRAME_MS * 1000 - FRAME_MS * ppm // 1000
            listener.playout.read(listener.now_ms)
            listener.now_ms = add(listener.now_ms, FRAME_MS)
            most = max(most, listener.playout.current.waiting)
        current = listener.playout.current
        assert most <= 6, (ppm, most)
        assert current.concealed <= 4 and current.dropped == 0, (ppm, current.concealed)
        if ppm > 0:
            assert listener.playout.skipped, "it was never needed"


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
        listener.play(4 + BURST_STALL_MS // FRAME_MS + 5)
        assert listener.playout.state == SILENT
        listener.take(1, number, number + 1, last=number + 1)
        assert listener.play(5) == waiting(1) + levels(1, number, number + 1) + [None], number
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
    listener.play(3)
    listener.take(2, 0, last=0)
    assert listener.play(4) == levels(1, 2) + [None, None] + levels(2, 0)
    listener.play(1)
    assert [value[1] for _, value in listener.told()] == [1, 1, 2, 2]


def test_the_next_burst_follows_at_once_when_its_delay_is_over():
    listener = Listener()
    listener.take(1, 0, 1, 2, 3, last=3)
    listener.take(2, 0, 1, last=1)
    assert listener.play(6) == levels(1, 0, 1, 2, 3) + levels(2, 0, 1)


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
    played = listener.play(2 + CONCEAL_FRAMES_MAX + 3)
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
