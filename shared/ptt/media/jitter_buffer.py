"""The frames of one talk burst in the order in which they were spoken.

A ring indexed by frame number. It does not know when a frame is due (see `playout`), only
whether it came, came twice, came too late or found no room.
"""

from array import array

from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES, CONCEAL_FRAMES_MAX
from . import dsp

if TYPE_CHECKING:
    from ..base.compat import Buffer
    from .frame_store import FrameStore

_ABSENT = -1


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
        self.first_ms = now_ms  # arrival of the first packet
        self.next = _ABSENT  # frame to play next; until playing, the lowest that came
        self.unheard = 0  # the lowest that may still be heard: what was heard stays in order
        self.last = _ABSENT  # number of the final frame once known
        self.playing = False
        self.played = 0
        self.concealed = 0
        self.missed = 0  # concealed frames since the last good one
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
        self.first_ms = now_ms
        self.next = number
        self.playing = False
        self.missed = 0

    def insert(self, number: int, data: "Buffer", at: int) -> bool:
        """Keep frame `number`, whose 164 bytes start at `at` of `data`; False: not needed."""
        slot = number % self._frames
        held = self._number[slot]
        if held == number or held == -2 - number:  # it waits, or has been played
            self.duplicate += 1
            return False
        if self.next == _ABSENT:
            self.next = number
        elif number < self.next:
            is_awaited = not self.playing or self.missed > CONCEAL_FRAMES_MAX
            if number < self.unheard or not is_awaited:
                self.late += 1
                return False
            if self.waiting and self.next - number >= self._frames:
                self.dropped += 1
                return False
            # Not started yet, or nothing came in time for so long that the path has become
            # slower: go on from here, later than before.
            self.next = number
        elif number - self.next >= self._frames:
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
        dsp.copy(store.data, self._place[slot] * ADPCM_FRAME_BYTES, data, at, ADPCM_FRAME_BYTES)
        return True

    def take(self) -> int:
        """Go on by one frame: its offset in the store, or -1 when it has not come. It lies there
        until the next frame comes from anywhere."""
        number = self.next
        slot = number % self._frames
        self.next = number + 1
        if self._number[slot] != number:
            return _ABSENT
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
        self.next = number

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
        burst = (self.lease, self.talker, self.next, self.unheard, self.last, self.playing)
        return (burst, tuple(frames))

    def restore(self, values: "tuple", now_ms: int) -> None:
        """Be as `values` say; the first packet came at `now_ms`, and nothing is missing yet."""
        self.clear()
        burst, frames = values
        self.lease, self.talker, self.next, self.unheard, self.last, self.playing = burst
        self.first_ms = now_ms
        self.missed = 0
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
        return self.last != _ABSENT and self.next > self.last
