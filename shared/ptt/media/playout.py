"""When each frame is heard: one burst at a time, as late as its path needs, losses concealed.

A burst starts with the delay that its path is known to need (`path_delay`). It grows by each frame
for which nothing has come when it is due, and shrinks by leaving out frames of pauses.

Two jitter buffers hold the burst that plays and the one that may begin while its tail still plays,
so that no listener hears two talkers at once and no burst loses its first word to the one before.
States and rules are the table below (jitter buffer, RFC 5481's playout delay).
"""

from array import array

from ..base import features
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    BURST_STALL_MS,
    CONCEAL_FRAMES_MAX,
    FRAME_MS,
    FRAME_SAMPLES,
    FRAMES_PER_PACKET_MAX,
    HELD_BACK,
    JITTER_FRAMES_MAX,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from . import dsp
from .jitter_buffer import JitterBuffer
from .path_delay import PathDelay

if TYPE_CHECKING:
    from typing import Protocol

    from ..base.compat import Buffer
    from .codecs import Codec, Decoder
    from .frame_store import FrameStore

    class Comfort(Protocol):
        """As `ptt.microphone.comfort` has it."""

        @property
        def is_on(self) -> bool: ...
        def is_of(self, lease: int) -> bool: ...
        def left_out(self, lease: int, number: int) -> int: ...
        def begin(self, lease: int, number: int, level: int, pcm: array) -> None: ...
        def go_on(self, pcm: array) -> bool: ...

    class PlayoutOutput(Protocol):
        """The room that is told what is heard."""

        def burst_heard_from(self, talker: int, lease: int) -> None: ...
        def burst_heard(self, buffer: JitterBuffer, now_ms: int) -> None: ...


SILENT = const(0)
BUFFERING = const(1)
PLAYING = const(2)
STATES = ("silent", "buffering", "playing")

FRAME = const(0)
DELAY_OVER = const(1)
BURST_OVER = const(2)
TRIGGERS = ("frame", "delay over", "burst over")

RULES = (
    (SILENT, FRAME, BUFFERING, ""),  # the first packet starts the playout delay
    (BUFFERING, FRAME, BUFFERING, ""),  # an earlier frame may still become the first
    (BUFFERING, DELAY_OVER, PLAYING, "announce"),  # the speaker starts
    (PLAYING, FRAME, PLAYING, ""),  # kept, or counted as late, duplicate or too early
    (PLAYING, BURST_OVER, SILENT, "close"),  # last frame played, or silent for too long
)
_RULES = compile_rules(RULES)

_ENOUGH_FRAMES = JITTER_FRAMES_MAX - FRAMES_PER_PACKET_MAX - 1  # the next packet must find room
_PAUSE_PART = const(10)  # of the loudest: 20 dB below it, which words do not fall to
_LOUD_SHIFT = const(3)  # 1.2 dB less every 16 frames, 3.6 a second: people turn away, too
_STALL_FRAMES = BURST_STALL_MS // FRAME_MS


class Playout:
    """Turns voice packets into 20 ms frames on demand; tells `output` what is heard. What waits to
    be heard lies in `store`."""

    def __init__(self, output: "PlayoutOutput", store: "FrameStore") -> None:
        self._output = output
        self.path = PathDelay()
        self.current = JitterBuffer(JITTER_FRAMES_MAX, store)  # the burst that is heard
        self.following = JitterBuffer(JITTER_FRAMES_MAX, store)  # the one behind it
        self._pcm = array("h", bytes(FRAME_SAMPLES * 2))
        self._loud = 0  # how far the burst swings, which falls slowly
        self.state = SILENT
        self._tuned_lease = 0  # leases up to this were heard before the change of group
        self.stale = 0  # frames of a burst that is over, or was never named
        self.crowded = 0  # frames of a third burst while two are kept
        self.skipped = 0  # frames of pauses, left out to catch up
        if features.HAS_SMOOTH_PLAYOUT:
            self.comfort: Comfort | None = None  # sounds where a talker leaves out pauses
            self.is_smooth = False  # a `SmoothPlayout` mends losses, and catches up
            from .codecs import Codecs

            self.codecs = Codecs()  # that we have
            self._opening = self.codecs.ima  # of the burst that begins with the next frame
            self._playing: Codec | None = None  # that `_decoder` decodes
            self._decoder: Decoder | None = None
            self._decoders: dict[int, Decoder] = {}  # by codec, as they were needed
            self._decoded = 0  # lease of the burst that it is in

    def insert(
        self,
        lease: int,
        talker: int,
        number: int,
        is_last: bool,
        data: "Buffer",
        at: int,
        now_ms: int,
    ) -> None:
        """Take one frame (as long as its codec's are, at `at` of `data`); `is_last` marks the
        burst's final one."""
        buffer: JitterBuffer | None = self.current
        if lease != buffer.lease or self.state == SILENT:
            buffer = self._buffer_for(lease, talker, now_ms)
            if buffer is None:
                return
        if features.HAS_SMOOTH_PLAYOUT:
            is_ima = buffer.codec is self.codecs.ima
            self._measure(buffer, number, data[at + 3] if is_ima else 0, now_ms)
        elif self.state != SILENT and number != buffer.last:  # a repetition is no delay
            late_ms = buffer.arrive(number, now_ms)
            if late_ms:
                self.path.add(late_ms)
        if is_last:
            buffer.last = number
        if buffer.insert(number, data, at) and buffer is self.current:
            if self.state == PLAYING:  # most frames: the table has no work then
                return
            if self.state == SILENT:
                buffer.resume(number, now_ms)
            self._fire(FRAME, now_ms)

    def _buffer_for(self, lease: int, talker: int, now_ms: int) -> "JitterBuffer | None":
        current = self.current
        if lease == current.lease and (self.state != SILENT or not current.is_over()):
            return current
        if (
            lease <= current.lease or lease <= self._tuned_lease
        ):  # a burst that was heard to its end is over for good
            self.stale += 1
            return None
        if self.state == SILENT:
            current.open(lease, talker, now_ms)
            if features.HAS_SMOOTH_PLAYOUT:
                current.codec = self._opening
            return current
        following = self.following
        if following.lease < lease:
            if following.waiting:
                self.crowded += following.waiting
            following.open(lease, talker, now_ms)
            if features.HAS_SMOOTH_PLAYOUT:
                following.codec = self._opening
        elif following.lease > lease:
            self.stale += 1
            return None
        return following

    def read(self, now_ms: int) -> "array | None":
        """The next 320 samples, or None when there is silence; valid until the next call."""
        current = self.current
        if self.state == BUFFERING and self._is_delay_over(now_ms):
            current.playing = True
            self._fire(DELAY_OVER, now_ms)
        if self.state != PLAYING:
            return None
        is_stalled = not current.waiting and current.missed >= self._patience()
        if current.is_over() or is_stalled:
            self._fire(BURST_OVER, now_ms)
            return self.read(now_ms) if self.state != SILENT else None
        assert self.following.lease == 0 or self.following.lease != current.lease, "a burst twice"
        is_late = (
            current.waiting > 1 and current.lag_ms(current.upcoming, now_ms) > self.path.delay_ms
        )
        if is_late and current.peek(0) < 0:
            self._leave_out_lost()
        if features.HAS_SMOOTH_PLAYOUT:
            self._shorten_pause(now_ms)
        at = current.take()
        if features.HAS_SMOOTH_PLAYOUT:
            if self.comfort is not None and self._is_rest(self.comfort, at):
                return self._pcm
        if at >= 0:
            self._decode(at)
            self._follow()
            if is_late and current.peek(0) >= 0 and self._is_pause():
                current.played += 1  # as far as anybody hears
                self.skipped += 1
                self._decode(current.take())
            current.played += 1
            current.missed = 0
        else:
            current.concealed += 1
            current.missed += 1
            self._conceal(current.missed)
        return self._pcm

    if features.HAS_SMOOTH_PLAYOUT:

        def add_codec(self, codec: "Codec") -> None:
            """One that we have, too; its decoder is made now, as later there may be no memory."""
            self.codecs.add(codec)
            self._decoder_of(codec)

        def _decoder_of(self, codec: "Codec") -> "Decoder":
            decoder = self._decoders.get(codec.number)
            if decoder is None:
                decoder = self._decoders[codec.number] = codec.decoder()
            return decoder

        def may_take(self, lease: int, number: int) -> bool:
            """Are frames of the burst `lease` in codec `number` played? Not in one that we lack,
            nor in another one than the burst has begun in. Ask before `insert`."""
            codec = self.codecs.get(number)
            if codec is None:
                return False
            if lease == self.current.lease:
                return self.current.codec is codec
            if lease == self.following.lease:
                return self.following.codec is codec
            self._opening = codec
            return True

        def _decode(self, at: int) -> None:
            """The frame at `at` of the store, in the codec of its burst."""
            current = self.current
            codec = current.codec or self.codecs.ima
            decoder = self._decoder
            if decoder is None or self._playing is not codec:
                self._playing = codec
                decoder = self._decoder = self._decoder_of(codec)
            if self._decoded != current.lease:
                self._decoded = current.lease
                decoder.begin()
            decoder.decode(current.store.data, at, self._pcm)

        def _measure(self, buffer: JitterBuffer, number: int, mark: int, now_ms: int) -> None:
            """What was held back by its talker, as `mark` says, tells nothing of the path."""
            if self.state != SILENT and number != buffer.last and not mark:
                late_ms = buffer.arrive(number, now_ms)
                if late_ms:
                    self.path.add(late_ms)

        def _shorten_pause(self, now_ms: int) -> None:
            """Later than the path needs, in a pause of which the next frame was left out."""
            current = self.current
            if self.comfort is None or not self.comfort.is_on or not current.waiting:
                return
            lag_ms = current.lag_ms(current.upcoming, now_ms)
            if current.peek(0) < 0 and lag_ms > self.path.delay_ms:
                current.upcoming += 1
                self.skipped += 1

        def _is_rest(self, comfort: "Comfort", at: int) -> bool:
            """Is the frame at `at` of the store of a pause, or, when it has not come, left out of
            one? Then it sounds."""
            current = self.current
            if at < 0:
                return comfort.go_on(self._pcm)
            number = current.upcoming - 1
            current.played += comfort.left_out(current.lease, number)
            level = current.store.data[at + 3] if current.codec is self.codecs.ima else 0
            if not 0 < level < HELD_BACK:
                return False
            comfort.begin(current.lease, number, level, self._pcm)
            current.played += 1
            current.missed = 0
            return True

    else:

        def _decode(self, at: int) -> None:
            dsp.ima_decode(self.current.store.data, at, self._pcm)

    def _is_delay_over(self, now_ms: int) -> bool:
        """Kept speech arrives faster than it is played: it starts when the fastest packet of now
        has been given time enough, and the buffer may fill up first."""
        current = self.current
        is_full = current.waiting >= _ENOUGH_FRAMES
        delay_ms = self.path.delay_ms
        if features.HAS_SMOOTH_PLAYOUT:
            if self.is_smooth:
                delay_ms = min(delay_ms, self.path.near_ms + FRAME_MS)
        return is_full or current.lag_ms(current.upcoming, now_ms) >= delay_ms

    def _follow(self) -> None:
        """How loud the burst is, by two samples of each frame: never more than it swings, so that
        no quiet word is taken for a pause."""
        pcm = self._pcm
        swing = pcm[0] - pcm[FRAME_SAMPLES // 2]
        if swing < 0:
            swing = -swing
        if swing > self._loud:
            self._loud = swing
        elif not self.current.played & 15:
            self._loud -= self._loud >> _LOUD_SHIFT

    def _is_pause(self) -> bool:
        """Would nobody miss the frame that was decoded?"""
        pcm = self._pcm
        return (max(pcm) - min(pcm)) * _PAUSE_PART < self._loud

    def _leave_out_lost(self) -> None:
        """Later than the path needs: nothing stands in the place of a frame that is lost."""
        if features.HAS_SMOOTH_PLAYOUT:
            if self.is_smooth or (self.comfort is not None and self.comfort.is_on):
                return
        current = self.current
        if not current.held:  # else something sounded in its place already
            current.upcoming += 1
            current.concealed += 1  # as far as anybody counts

    def _patience(self) -> int:
        """Frames that may be missing in a row. Few when nothing is left of this burst and the next
        one waits: its end was lost, and the next must not overflow its buffer meanwhile."""
        is_followed = self.following.waiting and not self.current.waiting
        return CONCEAL_FRAMES_MAX if is_followed else _STALL_FRAMES

    def _conceal(self, missed: int) -> None:
        """Repeat the frame before at half its strength, then fall silent."""
        dsp.fade(self._pcm, 16 if missed > CONCEAL_FRAMES_MAX else 1)

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        action = _RULES[1][cell & ACTION_MASK]
        if action == "announce":
            self._loud = 0  # another talker's voice says nothing of this one's
            self._output.burst_heard_from(self.current.talker, self.current.lease)
        elif action == "close":
            self._close(now_ms)

    def _close(self, now_ms: int) -> None:
        """Report the burst that ended and continue with the one that began meanwhile."""
        ended = self.current
        ended.concealed -= ended.missed  # silence after the end was nobody's speech
        self._output.burst_heard(ended, now_ms)
        if ended.waiting:  # behind its end
            ended.clear()
        if self.following.lease > ended.lease:
            self.current = self.following
            self.following = ended
            ended.lease = 0
            self._fire(FRAME, now_ms)

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock, as values that compare and hash."""
        return (
            self.state,
            self._tuned_lease,
            self.current.snapshot(),
            self.following.snapshot(),
        )

    def restore(self, values: "tuple", now_ms: int) -> None:
        """Be as `values` say; what waits came at `now_ms`."""
        self.state, self._tuned_lease, current, following = values
        self.current.restore(current, now_ms)
        self.following.restore(following, now_ms)

    def is_quiet(self) -> bool:
        """True when nothing is heard and nothing waits."""
        return self.state == SILENT and not self.following.waiting

    def tune(self, ended_lease: int, now_ms: int) -> None:
        """Another talk group: stop what is heard; there, `ended_lease` was heard to its end."""
        if self.state == PLAYING:
            self.current.concealed -= self.current.missed
            self._output.burst_heard(self.current, now_ms)
        self.restart()
        self._tuned_lease = ended_lease

    def restart(self) -> None:
        """A new term counts its leases from the start: forget the old ones."""
        self.current.open(0, 0, 0)
        self.following.open(0, 0, 0)
        self._tuned_lease = 0
        self.state = SILENT
