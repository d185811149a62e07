"""The talker's voice: from microphone frames to voice packets, first word and last word included.

It keeps what is said before the floor is granted, sends it faster than real time afterwards, marks
the last packet and repeats it. It knows packets but no floor: its owner says when a burst begins,
may be sent, and must end.
"""

from ..base import features
from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING
from ..base.numbers import (
    ADPCM_FRAME_BYTES,
    AHEAD_FRAMES_MAX,
    CAPTURE_FRAMES_MAX,
    FRAME_MS,
    FRAMES_PER_PACKET_MAX,
    HELD_BACK,
    LAST_REPEATS,
    RELEASE_TAIL_FRAMES,
    RELEASE_TAIL_MS_MAX,
    REST_EVERY_FRAMES,
    REST_LEAD_FRAMES,
    VOICE_PACE_MS,
)
from ..wire import voice
from ..wire.messages import CODEC_IMA_ADPCM
from .capture_ring import CaptureRing

if TYPE_CHECKING:
    from array import array
    from typing import Protocol

    from ..base.outbox import Datagram
    from .frame_store import FrameStore

    class VoiceOutput(Protocol):
        """Where packets go: a buffer to write, and the order to send it."""

        def reserve_voice(self) -> Datagram: ...
        def commit_voice(self, slot: Datagram, end: int, now_ms: int) -> None: ...
        def burst_is_out(self, lease: int, sent: int, dropped: int, now_ms: int) -> None: ...


PACKET_BYTES_MAX = voice.FRAMES_AT + FRAMES_PER_PACKET_MAX * ADPCM_FRAME_BYTES


class BurstSender:
    """One badge's bursts, one after the other; what is not sent yet lies in `store`."""

    def __init__(self, output: "VoiceOutput", store: "FrameStore") -> None:
        self._output = output
        self._ring = CaptureRing(CAPTURE_FRAMES_MAX, store)
        self._group = 0
        self._node = 0
        self._lease = 0  # of the burst being sent; 0: not granted yet, or none
        self._is_ending = False  # let go: only the tail is still taken
        self._tail_left = 0  # frames still wanted from the microphone
        self._tail_until_ms = 0
        self._number = 0  # of the next frame to send
        self._begun_ms = 0  # when the burst was granted
        self._due_ms = 0  # not before this, the next packet
        self._last_lease = 0  # of the final packet, whose frames stay in the ring meanwhile
        self._last_left = 0  # repetitions of it
        self._last_due_ms = 0
        if features.HAS_SMOOTH_PLAYOUT:
            self.may_rest = False  # all who listen know what a pause is that is left out
            from .codecs import Codecs

            self.codecs = Codecs()  # that we have, and may be told to talk with
            self._wanted = self.codecs.ima  # what the grant says
            self.rest_level = 0  # of the next frame, in a pause that is so loud; 0: it is speech
            self.left_out = 0  # frames, so far
            self._rest_next = 0  # the number from which on a frame of this pause goes out; 0: all

    def collect(self, now_ms: int) -> None:
        """The button went down: what is said from now on belongs to a new burst. What is left to
        repeat of the one before goes out at once."""
        while self._last_left:
            self._repeat_last(now_ms)
        self._ring.clear()
        if features.HAS_SMOOTH_PLAYOUT:
            self._ring.change_to(self._wanted)  # most likely it is the same as last time
        self._lease = 0
        self._number = 0
        self.go_on()

    def go_on(self) -> None:
        """The button went down again before the burst was out."""
        self._is_ending = False
        self._tail_left = 0

    def end(self, now_ms: int) -> None:
        """The button went up: frames on their way from the microphone are still taken."""
        self._is_ending = True
        self._tail_left = RELEASE_TAIL_FRAMES
        self._tail_until_ms = add(now_ms, RELEASE_TAIL_MS_MAX)

    def discard(self) -> None:
        """Drop what was kept, but for a final packet that is still repeated."""
        if not self._last_left:
            self._ring.clear()
        self._lease = 0
        self._tail_left = 0

    def begin(self, group: int, node: int, lease: int, now_ms: int) -> None:
        """Granted: what was kept since the press goes out first."""
        if features.HAS_SMOOTH_PLAYOUT:
            self._ring.change_to(self._wanted)
            if self._ring.codec is not self.codecs.ima:
                self.may_rest = False  # a pause says how loud it is in a byte of IMA-ADPCM
        self._group = group
        self._node = node
        self._lease = lease
        self._number = 0
        self._begun_ms = now_ms
        self._last_left = 0
        self._due_ms = now_ms
        self._send(now_ms)

    def write(self, pcm: "array", now_ms: int) -> None:
        """One frame that the microphone heard (320 samples, array 'h')."""
        if self._is_ending:
            if self._tail_left == 0:
                return
            self._tail_left -= 1
        if self._number + self._ring.count < voice.FRAMES_MAX:  # or no number is left for it
            self._ring.push(pcm)
            if features.HAS_SMOOTH_PLAYOUT:
                if self._lease and self.may_rest and self._ring.count:
                    self._ring.mark(self._ring.count - 1, self.rest_level)
        self._send(now_ms)

    def handle_timeout(self, now_ms: int) -> None:
        if self._tail_left and since(now_ms, self._tail_until_ms) >= 0:
            self._tail_left = 0  # the microphone has stopped
        self._send(now_ms)
        if self._last_left and since(now_ms, self._last_due_ms) >= 0:
            self._repeat_last(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        if self._tail_left:
            due = self._tail_until_ms
        if self._lease and (self._ring.count or self._is_complete()):
            due = earliest(due, self._due_ms)
        if self._last_left:
            due = earliest(due, self._last_due_ms)
        return due

    def _is_complete(self) -> bool:
        """True when nothing more will come from the microphone for this burst."""
        return self._is_ending and self._tail_left == 0

    def _send(self, now_ms: int) -> None:
        """Send one packet of kept frames, when allowed and due, and then the end of the burst."""
        if not self._lease or since(now_ms, self._due_ms) < 0:
            return
        ring = self._ring
        if features.HAS_SMOOTH_PLAYOUT:
            if self.may_rest and not self._is_ending and self._rests(now_ms):
                return
        is_last = self._is_complete() and ring.count <= FRAMES_PER_PACKET_MAX
        if ring.count:
            count = min(ring.count, FRAMES_PER_PACKET_MAX)
            self._send_packet(self._lease, count, is_last, now_ms)
            self._number += count
            self._due_ms = self._next_packet_ms(now_ms)
            if is_last:
                self._last_lease = self._lease
                self._last_left = LAST_REPEATS
                self._last_due_ms = add(now_ms, FRAME_MS)
            else:
                while count:
                    ring.drop()
                    count -= 1
        if is_last:
            lease = self._lease
            self._lease = 0
            self._output.burst_is_out(lease, self._number, ring.dropped, now_ms)

    if features.HAS_SMOOTH_PLAYOUT:

        def keep_sound(self, frames: int = CAPTURE_FRAMES_MAX) -> None:
            """What was said before the grant is coded anew if the grant names another codec, and
            these are not more than `frames`; all coders are made now."""
            self._ring.keep_sound(frames)
            self._ring.prepare(self.codecs)

        def wanted(self) -> int:
            """The number of the codec that bursts begin in."""
            return self._wanted.number

        def want(self, number: int) -> None:
            """The leader wants bursts in codec `number`: ours as long as we have it."""
            self._wanted = self.codecs.get(number) or self.codecs.ima

        def _rests(self, now_ms: int) -> bool:
            """The oldest frames are of a pause: send one of `REST_EVERY_FRAMES`, and leave out the
            others; but the last ones wait, since with speech behind them they are its beginning.
            False: there is speech to be sent."""
            ring = self._ring
            while ring.count:
                count = 0
                while count <= REST_LEAD_FRAMES and count < ring.count and ring.marked(count):
                    count += 1
                if count <= REST_LEAD_FRAMES and count < ring.count:
                    for index in range(count):
                        ring.mark(index, HELD_BACK)
                    self._rest_next = 0
                    return False
                if count <= REST_LEAD_FRAMES and self._rest_next:
                    break
                if self._number >= self._rest_next:
                    self._send_packet(self._lease, 1, False, now_ms)
                    self._rest_next = self._number + REST_EVERY_FRAMES
                else:
                    self.left_out += 1
                self._number += 1
                ring.drop()
            self._due_ms = add(now_ms, FRAME_MS)
            return True

    def _send_packet(self, lease: int, count: int, is_last: bool, now_ms: int) -> None:
        """The ring's oldest `count` frames, which stay there."""
        slot = self._output.reserve_voice()
        at = voice.FRAMES_AT
        index = 0
        while index < count:
            at = self._ring.copy_into(slot.buffer, at, index)
            index += 1
        codec = CODEC_IMA_ADPCM
        if features.HAS_SMOOTH_PLAYOUT:
            codec = self._ring.codec.number
        voice.write_fields(
            slot.buffer,
            self._group,
            codec,
            self._node,
            lease,
            self._number,
            is_last,
            count,
        )
        self._output.commit_voice(slot, at, now_ms)

    def _next_packet_ms(self, now_ms: int) -> int:
        """When the next packet may go: kept speech must not overflow the listeners' buffers."""
        ahead_ms = (self._number - AHEAD_FRAMES_MAX) * FRAME_MS
        if ahead_ms - since(now_ms, self._begun_ms) > VOICE_PACE_MS:
            return add(self._begun_ms, ahead_ms)
        return add(now_ms, VOICE_PACE_MS)

    def _repeat_last(self, now_ms: int) -> None:
        count = self._ring.count
        self._number -= count
        self._send_packet(self._last_lease, count, True, now_ms)
        self._number += count
        self._last_left -= 1
        self._last_due_ms = add(now_ms, FRAME_MS)
        if not self._last_left:
            self._ring.clear()
