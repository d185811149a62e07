"""A playout whose losses are made up and whose lateness is made good, frame by frame of a voice."""

from array import array

from tests.shared.test_concealer import hum, loudness, steepest
from tests.shared.test_playout import TALKER

from ptt.base.clock import add
from ptt.base.numbers import FRAME_MS, KEPT_FRAMES_MAX
from ptt.media import adpcm
from ptt.media.frame_store import FrameStore
from ptt.media.playout import SILENT, Playout
from ptt.media.smooth_playout import SmoothPlayout

SAMPLES = 320


def coded(frames):
    """A hum as a talker codes it."""
    coder = adpcm.Encoder()
    packets = []
    for number in range(frames):
        data = bytearray(164)
        coder.encode(hum(number * SAMPLES), data, 0)
        packets.append(data)
    return packets


class Ear:
    def __init__(self):
        self.playout = Playout(self, FrameStore(KEPT_FRAMES_MAX))
        self.smooth = SmoothPlayout(self.playout)
        self.now_ms = 1000
        self.sound = array("h")
        self.counts = []

    def take(self, lease, packets, *numbers):
        for number in numbers:
            is_last = number == len(packets) - 1
            data = packets[number]
            self.playout.insert(lease, TALKER, number, is_last, data, 0, self.now_ms)

    def listen(self, count=1):
        for _ in range(count):
            pcm = self.smooth.read(self.now_ms)
            if pcm is not None:
                self.sound += pcm
            self.now_ms = add(self.now_ms, FRAME_MS)

    def burst_heard_from(self, talker, lease): ...

    def burst_heard(self, buffer, now_ms):
        self.counts.append((buffer.played, buffer.concealed, buffer.late, buffer.dropped))


def test_in_time_and_whole_it_is_the_playout():
    ear = Ear()
    packets = coded(20)
    for number in range(20):
        ear.take(1, packets, number)
        ear.listen()
    ear.listen(10)
    plain = array("h")
    pcm = array("h", bytes(2 * SAMPLES))
    for data in packets:
        adpcm.decode(data, 0, pcm)
        plain += pcm
    assert ear.sound == plain
    assert ear.counts == [(20, 0, 0, 0)]


def test_losses_are_made_up_at_full_strength():
    ear = Ear()
    packets = coded(30)
    for number in range(30):
        if number not in (10, 17, 18):
            ear.take(1, packets, number)
        ear.listen()
    ear.listen(10)
    assert ear.counts == [(27, 3, 0, 0)]
    lost = ear.sound[10 * SAMPLES : 11 * SAMPLES]
    assert loudness(lost) * 10 > loudness(hum(0)) * 8
    assert steepest(ear.sound) < 3 * steepest(hum(0, 640))


def test_who_is_late_catches_up_while_somebody_speaks():
    """12 frames were kept and come with the first; the voice never pauses."""
    ear = Ear()
    packets = coded(100)
    ear.take(1, packets, *range(12))
    for number in range(12, 100):
        ear.take(1, packets, number)
        ear.listen()
    current = ear.playout.current
    assert current.lag_ms(current.upcoming, ear.now_ms) <= 80
    ear.listen(10)
    assert ear.counts == [(100, 0, 0, 0)]
    assert ear.playout.state == SILENT
    assert 100 - 12 <= len(ear.sound) // SAMPLES <= 95
    assert steepest(ear.sound[2 * SAMPLES : -2 * SAMPLES]) < 3 * steepest(hum(0, 640))


def test_who_was_late_comes_as_near_as_the_packets_need():
    """Whatever the voice's period."""
    for kept in range(8, 13):
        ear = Ear()
        packets = coded(100)
        ear.take(1, packets, *range(kept))
        for number in range(kept, 100):
            ear.take(1, packets, number)
            ear.listen()
        current = ear.playout.current
        lag_ms = current.lag_ms(current.upcoming, ear.now_ms) + ear.smooth.line.lag_ms()
        need_ms = ear.playout.path.near_ms
        assert need_ms - 16 <= lag_ms <= need_ms, (kept, lag_ms)


def test_a_burst_begins_where_its_listener_stays():
    """Not a frame later, only to catch up during the first words."""
    ear = Ear()
    path = ear.playout.path
    for number in range(400):
        path.add(95 if number % 50 == 0 else 5)
    begin_ms = path.near_ms + FRAME_MS  # a speaker reads a frame ahead
    assert begin_ms == path.delay_ms - FRAME_MS
    packets = coded(40)
    for number in range(40):
        ear.take(1, packets, number)
        ear.listen()
        heard = len(ear.sound) // SAMPLES
        assert heard == max(0, number + 1 - begin_ms // FRAME_MS), number


def test_the_end_of_a_burst_and_the_start_of_the_next_are_both_heard():
    """What is left of the first in the line comes before the second, which nothing is taken from
    meanwhile."""
    ear = Ear()
    packets = coded(15)
    ear.take(1, packets, *range(15))
    ear.listen(8)
    ear.take(2, packets, *range(15))
    ear.listen(40)
    assert ear.counts == [(15, 0, 0, 0), (15, 0, 0, 0)]
    assert ear.smooth.line.count == 0
    assert ear.smooth.read(ear.now_ms) is None
