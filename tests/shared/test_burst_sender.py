"""From the microphone's frames to voice packets, without a floor and without a network."""

from array import array

from ptt.base.clock import NEVER, add
from ptt.base.numbers import (
    CAPTURE_FRAMES_MAX,
    FRAME_MS,
    FRAME_SAMPLES,
    LAST_REPEATS,
    RELEASE_TAIL_FRAMES,
    RELEASE_TAIL_MS_MAX,
    VOICE_PACE_MS,
)
from ptt.base.outbox import Datagram
from ptt.media import adpcm
from ptt.media.burst_sender import BurstSender
from ptt.media.frame_store import FrameStore
from ptt.wire import envelope, messages, voice

GROUP = 1
NODE = 7
LEASE = 9


class Badge:
    """A burst sender and the clock; `packets` has (first, count, is last) of what it sent."""

    def __init__(self, now_ms=5000):
        self.now_ms = now_ms
        self.slot = Datagram(1200)
        self.packets = []
        self.payloads = []
        self.out = []
        self.sender = BurstSender(self, FrameStore(CAPTURE_FRAMES_MAX))
        self.spoken = 0

    def reserve_voice(self):
        for at in range(len(self.slot.buffer)):
            self.slot.buffer[at] = 0xEE  # whatever was there before
        return self.slot

    def commit_voice(self, slot, end, now_ms):
        assert now_ms == self.now_ms
        envelope.seal_header(slot.buffer, end, messages.VOICE_FRAME, 1, NODE, 1, now_ms)
        data = bytes(slot.buffer[0:end])
        assert envelope.check_whole(data) == 0 and voice.check(data) == 0
        assert (voice.group(data), voice.talker(data)) == (GROUP, NODE)
        assert voice.lease(data) == LEASE
        self.packets.append((voice.first(data), voice.count(data), voice.is_last(data)))
        self.payloads.append(data[envelope.HEADER_BYTES :])

    def burst_is_out(self, lease, sent, dropped, now_ms):
        self.out.append((lease, sent, dropped))

    def speak(self, frames=1):
        for _ in range(frames):
            self.spoken += 1
            self.sender.write(pcm(self.spoken), self.now_ms)

    def grant(self):
        self.sender.begin(GROUP, NODE, LEASE, self.now_ms)

    def let_go(self):
        self.sender.end(self.now_ms)

    def wait(self, duration_ms):
        """Call it as an adapter does: when it has asked for it, and only then."""
        until_ms = add(self.now_ms, duration_ms)
        while self.now_ms != until_ms:
            self.now_ms = add(self.now_ms, 1)
            if self.sender.next_timeout_ms() == self.now_ms:
                self.sender.handle_timeout(self.now_ms)

    def live(self, frames):
        """Frames as a microphone gives them."""
        for _ in range(frames):
            self.wait(FRAME_MS)
            self.speak()


def pcm(number):
    """A frame unlike any other."""
    samples = array("h", bytes(FRAME_SAMPLES * 2))
    for n in range(FRAME_SAMPLES):
        samples[n] = (n * (number + 3) * 37) % 9000 - 4500
    return samples


def pressed(frames=0):
    badge = Badge()
    badge.sender.collect(badge.now_ms)
    badge.speak(frames)
    return badge


def talking():
    badge = pressed()
    badge.grant()
    return badge


def test_nothing_leaves_before_the_grant():
    badge = pressed(frames=5)
    badge.wait(1000)
    assert badge.packets == []
    assert badge.sender.next_timeout_ms() == NEVER


def test_what_was_kept_leaves_with_the_grant_packet_by_packet():
    badge = pressed(frames=7)
    badge.grant()
    assert badge.packets == [(0, 3, False)]
    badge.wait(VOICE_PACE_MS - 1)
    assert len(badge.packets) == 1
    badge.wait(1 + VOICE_PACE_MS)
    assert badge.packets == [(0, 3, False), (3, 3, False), (6, 1, False)]
    assert badge.out == []


def test_afterwards_each_frame_leaves_at_once():
    badge = talking()
    badge.live(4)
    assert badge.packets == [(number, 1, False) for number in range(4)]
    assert badge.sender.next_timeout_ms() == NEVER


def test_the_frames_are_what_the_coder_makes_of_them():
    badge = pressed(frames=4)
    badge.grant()
    badge.wait(50)
    coder = adpcm.Encoder()
    coded = bytearray(164 * 4)
    for number in range(4):
        coder.encode(pcm(number + 1), coded, number * 164)
    sent = b"".join([payload[voice.FRAMES_AT - 24 :] for payload in badge.payloads])
    assert sent == bytes(coded)


def test_a_burst_begins_with_a_fresh_coder_and_number():
    badge = talking()
    badge.live(3)
    badge.let_go()
    badge.live(3)
    badge.wait(100)
    badge.packets.clear()
    badge.payloads.clear()
    badge.sender.collect(badge.now_ms)
    badge.spoken = 0
    badge.speak()
    badge.grant()
    assert badge.packets == [(0, 1, False)]
    coded = bytearray(164)
    adpcm.Encoder().encode(pcm(1), coded, 0)
    assert badge.payloads[0][voice.FRAMES_AT - 24 :] == bytes(coded)


def test_the_end_is_marked_and_repeated():
    badge = talking()
    badge.live(2)
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    assert badge.packets[-1] == (3, 1, True)
    assert badge.out == [(LEASE, 4, 0)]
    for turn in range(1, LAST_REPEATS + 1):
        badge.wait(FRAME_MS - 1)
        assert len(badge.packets) == 3 + turn
        badge.wait(1)
        assert badge.packets[-1] == (3, 1, True)
        assert badge.payloads[-1] == badge.payloads[3]
    badge.wait(1000)
    assert len(badge.packets) == 4 + LAST_REPEATS
    assert badge.out == [(LEASE, 4, 0)]
    assert badge.sender.next_timeout_ms() == NEVER


def test_no_more_than_the_tail_is_taken():
    badge = talking()
    badge.live(1)
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES + 5)
    assert badge.out == [(LEASE, 1 + RELEASE_TAIL_FRAMES, 0)]


def test_a_microphone_that_has_stopped_ends_the_tail():
    badge = talking()
    badge.live(1)
    badge.let_go()
    assert badge.sender.next_timeout_ms() == badge.now_ms + RELEASE_TAIL_MS_MAX
    badge.wait(RELEASE_TAIL_MS_MAX - 1)
    assert badge.out == []
    badge.wait(1)
    assert badge.out == [(LEASE, 1, 0)]
    badge.live(3)
    assert badge.packets == [(0, 1, False)]


def test_let_go_before_the_grant():
    badge = pressed(frames=2)
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES + 1)
    assert badge.packets == []
    badge.grant()
    badge.wait(200)
    assert badge.packets == [(0, 3, False)] + [(3, 1, True)] * (1 + LAST_REPEATS)
    assert badge.out == [(LEASE, 4, 0)]


def test_nothing_said_at_all():
    badge = pressed()
    badge.let_go()
    badge.wait(RELEASE_TAIL_MS_MAX)
    badge.grant()
    badge.wait(1000)
    assert badge.packets == []
    assert badge.out == [(LEASE, 0, 0)]


def test_going_on_within_the_tail():
    badge = talking()
    badge.live(1)
    badge.let_go()
    badge.live(1)
    badge.sender.go_on()
    badge.live(5)
    assert badge.packets == [(number, 1, False) for number in range(7)]
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    assert badge.packets[-1] == (8, 1, True)
    assert badge.out == [(LEASE, 9, 0)]


def test_what_is_discarded_is_never_sent():
    badge = pressed(frames=10)
    badge.grant()
    badge.sender.discard()
    badge.wait(1000)
    assert badge.packets == [(0, 3, False)]
    assert badge.out == []
    assert badge.sender.next_timeout_ms() == NEVER


def test_who_waited_in_the_queue_begins_with_nothing():
    badge = pressed(frames=10)
    badge.sender.discard()
    badge.wait(3000)
    badge.grant()
    badge.live(1)
    assert badge.packets == [(0, 1, False)]


def test_a_new_press_does_not_end_the_repetitions_of_the_last_packet():
    badge = talking()
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    badge.sender.collect(badge.now_ms)
    badge.speak(2)
    badge.wait(500)
    last = RELEASE_TAIL_FRAMES - 1
    assert badge.packets[-LAST_REPEATS:] == [(last, 1, True)] * LAST_REPEATS


def test_the_next_burst_ends_the_repetitions_of_the_one_before():
    """They would come between the packets of the next burst, under an older lease."""
    badge = talking()
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    badge.sender.collect(badge.now_ms)
    badge.packets.clear()
    badge.grant()
    badge.wait(500)
    assert badge.packets == []


def test_what_finds_no_room_is_counted():
    badge = pressed(frames=CAPTURE_FRAMES_MAX + 4)
    badge.grant()
    badge.let_go()
    badge.wait(2000)
    assert badge.out == [(LEASE, CAPTURE_FRAMES_MAX, 4)]
    assert badge.packets[-1][0:2] == (CAPTURE_FRAMES_MAX - 3, 3)


def test_across_the_wrap_of_the_clock():
    badge = Badge(now_ms=0x40000000 - 25)
    badge.sender.collect(badge.now_ms)
    badge.speak(8)
    badge.grant()
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    badge.wait(100)
    assert badge.out == [(LEASE, 8 + RELEASE_TAIL_FRAMES, 0)]
    assert badge.packets[-1][2]


def test_a_burst_has_no_more_frames_than_numbers():
    """A packet behind the last number would begin the burst again, or end the engine."""
    badge = talking()
    badge.sender._number = voice.FRAMES_MAX - 2
    badge.sender._begun_ms = add(badge.now_ms, -(voice.FRAMES_MAX - 2) * FRAME_MS)
    badge.live(5)
    numbers = [first for first, _, _ in badge.packets]
    assert numbers == [voice.FRAMES_MAX - 2, voice.FRAMES_MAX - 1]
    badge.let_go()
    badge.live(RELEASE_TAIL_FRAMES)
    badge.wait(RELEASE_TAIL_MS_MAX)
    assert badge.out == [(LEASE, voice.FRAMES_MAX, 0)]
