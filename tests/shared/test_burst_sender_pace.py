"""How fast kept speech leaves once the floor is granted."""

from array import array

from ptt.base.numbers import (
    AHEAD_FRAMES_MAX,
    CAPTURE_FRAMES_MAX,
    FRAME_MS,
    FRAME_SAMPLES,
    VOICE_PACE_MS,
)
from ptt.base.outbox import Datagram
from ptt.media.burst_sender import BurstSender
from ptt.media.frame_store import FrameStore
from ptt.wire import voice

GRANTED_MS = 5000


class Wire:
    """Remembers when each packet left, and its first frame."""

    def __init__(self):
        self.slot = Datagram(1200)
        self.packets = []

    def reserve_voice(self):
        return self.slot

    def commit_voice(self, slot, end, now_ms):
        self.packets.append(
            (now_ms - GRANTED_MS, voice.first(slot.buffer), voice.count(slot.buffer))
        )

    def burst_is_out(self, lease, sent, dropped, now_ms):
        pass


def test_kept_speech_is_never_further_ahead_than_a_listener_has_room():
    wire = Wire()
    sender = BurstSender(wire, FrameStore(CAPTURE_FRAMES_MAX))
    pcm = array("h", bytes(FRAME_SAMPLES * 2))
    sender.collect(0)
    for frame in range(CAPTURE_FRAMES_MAX):
        sender.write(pcm, GRANTED_MS - (CAPTURE_FRAMES_MAX - frame) * FRAME_MS)
    sender.begin(1, 2, 7, GRANTED_MS)
    for elapsed_ms in range(1, 2000):
        now_ms = GRANTED_MS + elapsed_ms
        if elapsed_ms % FRAME_MS == 0:
            sender.write(pcm, now_ms)
        sender.handle_timeout(now_ms)
    last_ms = -VOICE_PACE_MS
    number = 0
    for left_ms, first, count in wire.packets:
        assert first == number
        assert left_ms - last_ms >= VOICE_PACE_MS
        assert left_ms >= (first - AHEAD_FRAMES_MAX) * FRAME_MS, (left_ms, first)
        number = first + count
        last_ms = left_ms
    assert number > CAPTURE_FRAMES_MAX
