"""The frames of one talk burst in the order in which they were spoken.

A ring indexed by frame number. It does not know when a frame is due (see `playout`), only
whether it came, came twice, came too late or found no room, and when the fastest would have come.
"""

from array import array

from ..base import features
from ..base.clock import add, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import ADPCM_FRAME_BYTES, CONCEAL_FRAMES_MAX, FRAME_MS
from . import dsp

if TYPE_CHECKING:
    from ..base.compat import Buffer
    from .codecs import Codec
    from .frame_store import FrameStore

_ABSENT = const(-1)
_BUNCH_MS = const(10)  # packets closer than this were held up together: the first tells how long
_LEAK_FRAMES = const(64)  # each time the fastest is 1 ms later: clocks differ by 0.02 % at most


class JitterBuffer:
    """Up to `frames` frames of at most 164 bytes ahead of the next one to play, in `store`."""

    def __init__(self, frames: int, store: "FrameStore") -> None:
        self._frames = frames
        self.store = store
        self._place = bytearray(frames)  # in the store, of those that wait
        self._number = array("i", [_ABSENT] * frames)
        self.lease = 0  # the burst kept here; 0: none
        self.open(0, 0, 0)

    def open(self, lease: int, talker: int, now_ms: int) -> None:
        """Forget everything and take the burst `lease` by node `talker`."""
        self.lease = lease
        self.talker = talker
        if features.HAS_SMOOTH_PLAYOUT:
            self.codec: Codec | None = None  # of its frames; whoever opens it says which
        self.origin_ms = now_ms  # when frame 0 would have come, had it been as fast as the fastest
        self._came_ms = now_ms  # the last packet
        self.upcoming = _ABSENT  # frame to play next; until playing, the lowest that came
        self.unheard = 0  # the lowest that may still be heard: what was heard stays in order
        self.last = _ABSENT  # number of the final frame once known
        self.playing = False
        self.played = 0
        self.concealed = 0
        self.missed = 0  # concealed frames since the last good one
        self.held = 0  # of these, those for which the next frame still waits to come
        self.late = 0
        self.duplicate = 0
        self.dropped = 0  # no room for them
        self.clear()

    def clear(self) -> None:
        """Keep no frame, and know none."""
        self.waiting = 0  # frames kept
        for slot in range(self._frames):
            self._let_go(slot)

    def _let_go(self, slot: int) -> None:
        if self._number[slot] >= 0:
            self.store.give(self._place[slot])
        self._number[slot] = _ABSENT

    def resume(self, number: int, now_ms: int) -> None:
        """Voice after a pause: buffer again from frame `number` on, which came at `now_ms`."""
        self._start_at(number, now_ms)
        self.upcoming = number
        self.playing = False
        self.missed = 0
        self.held = 0

    def _start_at(self, number: int, now_ms: int) -> None:
        self.origin_ms = add(now_ms, -number * FRAME_MS)

    def lag_ms(self, number: int, now_ms: int) -> int:
        """How much later than the fastest frame `number` is when it comes, or plays, now."""
        return since(now_ms, self.origin_ms) - number * FRAME_MS

    def arrive(self, number: int, now_ms: int) -> int:
        """Frame `number` comes: how many ms later than the fastest would have, 0 when it is the
        fastest or says nothing about the path."""
        came_ms = self._came_ms
        self._came_ms = now_ms
        late_ms = since(now_ms, self.origin_ms) - number * FRAME_MS
        if self.upcoming == _ABSENT or late_ms <= 0:
            self._start_at(number, now_ms)
            return 0
        if self.missed > CONCEAL_FRAMES_MAX:
            self._start_at(number, now_ms)  # the network jumped: the path begins anew
        elif since(now_ms, came_ms) < _BUNCH_MS:
            return 0
        elif not number % _LEAK_FRAMES:
            self.origin_ms = add(self.origin_ms, 1)
        return late_ms

    def insert(self, number: int, data: "Buffer", at: int) -> bool:
        """Keep frame `number`, whose 164 bytes start at `at` of `data`; False: not needed."""
        slot = number % self._frames
        held = self._number[slot]
        if held == number or held == -2 - number:  # it waits, or has been played
            self.duplicate += 1
            return False
        if self.upcoming == _ABSENT:
            self.upcoming = number
        elif number < self.upcoming:
            if number < self.unheard or self.playing:
                self.late += 1
                return False
            if self.waiting and self.upcoming - number >= self._frames:
                self.dropped += 1
                return False
            self.upcoming = number  # not started yet
        elif number - self.upcoming >= self._frames:
            self._skip(number - self._frames + 1)
        store = self.store
        if self._number[slot] >= 0:
            self.dropped += 1  # the path went back in time before: it is too far away now
        elif store.free:
            self._place[slot] = store.take()
            self.waiting += 1
        else:
            self.dropped += 1
            return False
        self._number[slot] = number
        size = ADPCM_FRAME_BYTES
        if features.HAS_SMOOTH_PLAYOUT:
            if self.codec is not None:
                size = self.codec.frame_bytes
        dsp.copy(store.data, self._place[slot] * ADPCM_FRAME_BYTES, data, at, size)
        return True

    def peek(self, ahead: int) -> int:
        """The offset in the store of the frame `ahead` of the next one, or -1 if it is not here."""
        number = self.upcoming + ahead
        slot = number % self._frames
        return self._place[slot] * ADPCM_FRAME_BYTES if self._number[slot] == number else _ABSENT

    def take(self) -> int:
        """Go on by one frame: its offset in the store, or -1 when it has not come. It lies there
        until the next frame comes from anywhere.

        While nothing waits, the next frame may be late and is waited for. When a later one comes
        first it was lost, and is left out: what sounded meanwhile stood in its place."""
        number = self.upcoming
        slot = number % self._frames
        while self._number[slot] != number:
            if not self.waiting and self.last == _ABSENT:
                self.held += 1
                return _ABSENT
            number += 1
            self.upcoming = number
            if not self.held:
                return _ABSENT
            self.held -= 1
            slot = number % self._frames
        self.upcoming = number + 1
        self.held = 0
        self._let_go(slot)
        self._number[slot] = -2 - number  # to know its repetition
        self.unheard = number + 1
        self.waiting -= 1
        return self._place[slot] * ADPCM_FRAME_BYTES

    def _skip(self, number: int) -> None:
        """Continue from frame `number`: without room the oldest frame goes, lest all later ones
        do."""
        for slot in range(self._frames):
            if 0 <= self._number[slot] < number:
                self._let_go(slot)
                self.waiting -= 1
                self.dropped += 1
        self.upcoming = number

    def snapshot(self) -> "tuple":
        """What its future depends on besides the clock: the number of each kept or known frame, and
        its bytes while it waits. Values that compare and hash."""
        frames = []
        for number in self._number:
            if number >= 0:
                at = self._place[number % self._frames] * ADPCM_FRAME_BYTES
                frames.append((number, bytes(self.store.data[at : at + ADPCM_FRAME_BYTES])))
            elif number != _ABSENT:
                frames.append((number, b""))
        burst = (self.lease, self.talker, self.upcoming, self.unheard, self.last, self.playing)
        return (burst, tuple(frames))

    def restore(self, values: "tuple", now_ms: int) -> None:
        """Be as `values` say; what plays next came at `now_ms`, and nothing is missing yet."""
        self.clear()
        burst, frames = values
        self.lease, self.talker, self.upcoming, self.unheard, self.last, self.playing = burst
        self._start_at(self.upcoming, now_ms)
        self.missed = 0
        self.held = 0
        for number, data in frames:
            slot = (number if number >= 0 else -2 - number) % self._frames
            self._number[slot] = number
            if data:
                self._place[slot] = self.store.take()
                at = self._place[slot] * ADPCM_FRAME_BYTES
                dsp.copy(self.store.data, at, data, 0, ADPCM_FRAME_BYTES)
                self.waiting += 1

    def is_over(self) -> bool:
        """True when the final frame has been taken."""
        return self.last != _ABSENT and self.upcoming > self.last
