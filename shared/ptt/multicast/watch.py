"""Does a burst come by multicast, as it should? And its frames in their order: where one is
missing, those behind it wait for its copy, which comes three packets later.

The leader sends something to all every `ALIVE_MS` while it has voice for them, if only the newest
key, so whoever hears nothing for longer is deaf, whatever the talker does.
"""

from ..base.clock import NEVER, add, age, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_MS
from ..proof.hearing import BACK, BACKS_MAX
from ..wire import voice

if TYPE_CHECKING:
    from typing import Any

_SILENT_MS = const(170)  # twice `ALIVE_MS`, and the next is late; more than a beacon holds it
_FIRST_MS = const(240)  # until the first comes: a grant that was repeated, the way up, a beacon
_UNPROVED_MS = const(260)  # a key's time, 100 ms, and two in which it comes again
_OVER_MS = const(100)  # after the word that it is over, what was sent before has come
_TRIES_MAX = const(4)  # when it is over: then nobody has it any more
_STEADY = const(13)  # packets proved without a silence: 260 ms, several times what losses last
_STEADY_LOST = const(2)  # missing between these: repairs reach a badge that loses no more
_GAPS_MAX = const(6)  # frames lost for good in a row, 120 ms: a word is no longer understood then
_HEALS = const(8)  # frames that come for one lost to be forgiven: copies mend a loss of a third
_UNDER_WAY_MS = const(300)  # copies that left before the leader knew that none is needed
_RETRY_MS = const(100)  # doubles: a busy round trip
_DOUBLED_MAX = const(2)  # times: who comes back to an access point waits for 400 ms at most


class Watch:
    """The burst `lease`, which has begun."""

    __slots__ = (
        "_alive_ms",
        "_back_ms",
        "_backs",
        "_came_ms",
        "_due_ms",
        "_gaps",
        "_held_ms",
        "_is_alone",
        "_is_marked",
        "_is_proving",
        "_lacking_ms",
        "_over_ms",
        "_retry_ms",
        "_steady",
        "_steady_from",
        "_tries",
        "_waiting",
        "is_done",
        "lease",
        "next",
    )

    def __init__(self, lease: int, now_ms: int) -> None:
        self.lease = lease
        self.next = 0  # number of the first frame that has not come
        self.is_done = False  # it came whole, or is over
        self._waiting: list[Any] = []  # VOICE_FRAMEs behind a gap
        self._is_marked = False  # its last frame has come, proved or not
        self._alive_ms = NEVER  # since when nothing has come by multicast; NEVER: no voice has yet
        self._held_ms = NEVER  # since when voice waits for its proof
        self._is_proving = False  # since then some has been proved
        self._lacking_ms = NEVER  # since when what comes by multicast does not do
        self._gaps = 0  # eighths of frames that were lost of late
        self._over_ms = NEVER  # since when the leader says that it is over
        self._tries = 0
        self._retry_ms = NEVER
        self._due_ms = add(now_ms, _FIRST_MS)
        self._is_alone = False  # it comes to us alone
        self._came_ms = NEVER  # when voice came by multicast last
        self._steady = 0  # packets proved since it was silent, while it came to us alone, too
        self._steady_from = 0  # number of the first frame of these
        self._backs = 0  # times that the leader was told that we hear it again
        self._back_ms = NEVER  # the last one of them

    # --- what comes ---

    def alive(self, now_ms: int) -> None:
        """Something came by multicast."""
        if self._over_ms != NEVER and age(now_ms, self._over_ms) >= _OVER_MS:
            self.is_done = self.is_done or (self._held_ms == NEVER and not self._waiting)
        if self._alive_ms != NEVER:
            self._alive_ms = now_ms
            self._wait()

    def came(self, is_last: bool, now_ms: int) -> None:
        """A packet of it, not proved yet; `is_last`: behind it no more is awaited."""
        if self._came_ms == NEVER or age(now_ms, self._came_ms) > _SILENT_MS:
            self._steady = 0
        self._came_ms = now_ms
        self._alive_ms = now_ms
        if self._held_ms == NEVER:
            self._held_ms = now_ms
            self._is_proving = False
        self._is_marked = self._is_marked or is_last
        self._wait()

    def crowded(self, now_ms: int) -> None:
        """Something that came cannot wait for its proof, since somebody floods us or our clock was
        wrong. What comes to us alone needs none."""
        self._lack(now_ms)
        self._wait()

    def _lack(self, now_ms: int) -> None:
        if self._lacking_ms == NEVER:
            self._lacking_ms = now_ms

    def settled(self) -> None:
        """Whatever came of it has been proved, or was false. If all was false, it is as if nothing
        had come: else somebody who forges it now and then could keep us from asking."""
        if self._held_ms == NEVER:
            return
        if self._is_proving:
            self._held_ms = NEVER
        else:
            self._alive_ms = self._held_ms
        self._wait()

    def over(self, now_ms: int) -> None:
        """The leader says that nobody talks under this lease any more."""
        if self._over_ms == NEVER:
            self._over_ms = now_ms
            self._tries = 0

    def proved(self, frames: "Any", now_ms: int) -> "list[Any]":
        """`frames`: a VOICE_FRAME of it that is the leader's. Returns those to be heard now."""
        if self._lacking_ms == NEVER:
            self._tries = 0
            self._retry_ms = NEVER
        self._held_ms = now_ms  # as far as more came behind it
        self._is_proving = True
        if voice.is_last(frames):
            heard = self._waiting + [frames] if _end(frames) > self.next else []
            self.flush()
            self.is_done = True
            return heard
        if _end(frames) > self.next:
            self._waiting.append(frames)
            self._waiting.sort(key=voice.first)
        # Of what is missing the copy came with this packet, or was lost, too.
        given_up = voice.first(frames) - BACK * voice.count(frames)
        heard = []
        while self._waiting:
            first = voice.first(self._waiting[0])
            if first > self.next and self.next > given_up:
                break
            frames = self._waiting.pop(0)
            if _end(frames) > self.next:
                self._count_gap(first - self.next, voice.count(frames), now_ms)
                self.next = _end(frames)
                heard.append(frames)
        self._wait()
        return heard

    def _count_gap(self, lost: int, came: int, now_ms: int) -> None:
        """Some come, and too few of them to follow: it is asked for, as if none came. A longer gap
        is a silence, in which it was asked for."""
        if self._is_alone or lost * FRAME_MS > _SILENT_MS:
            self._gaps = 0
            return
        self._gaps = max(0, self._gaps + _HEALS * max(0, lost) - came)
        if self._gaps >= _HEALS * _GAPS_MAX:
            self._gaps = 0
            self._lack(now_ms)

    def flush(self) -> "list[Any]":
        """What waits, in its order: it waits no longer."""
        waiting = self._waiting
        self._waiting = []
        return waiting

    def alone(self, is_last: bool, now_ms: int) -> "list[Any]":
        """A copy of it came to us alone; what waits is heard before. Who has been told that we hear
        it again may send no more of them, so it is watched on."""
        self.is_done = self.is_done or is_last
        if self._back_ms == NEVER or age(now_ms, self._back_ms) >= _UNDER_WAY_MS:
            self._is_alone = True
        self._tries = 0
        self._retry_ms = NEVER
        self._held_ms = self._lacking_ms = NEVER
        if self._alive_ms != NEVER:
            self._alive_ms = now_ms
        self._wait()
        return self.flush()

    def is_back(self, frames: "Any") -> bool:
        """Called once a packet of it is proved, the VOICE_FRAME `frames`: can the leader be told
        that we hear it, and need no copies?"""
        if not self._is_alone or self.is_done or self._over_ms != NEVER:
            return False
        first, count = voice.first(frames), voice.count(frames)
        if not self._steady or first - self._steady_from > (self._steady + _STEADY_LOST) * count:
            self._steady = 0
            self._steady_from = first
        self._steady += 1
        return self._steady >= _STEADY and self._backs < BACKS_MAX

    def told_back(self, now_ms: int) -> None:
        """It was."""
        self._backs += 1
        self._back_ms = now_ms
        self._is_alone = False
        self._steady = 0

    # --- what does not ---

    def is_due(self, now_ms: int) -> bool:
        """Should the leader be asked to send it to us alone?"""
        due_ms = self.next_timeout_ms()
        return due_ms != NEVER and since(now_ms, due_ms) >= 0

    def asked(self, now_ms: int) -> None:
        """It was."""
        self._retry_ms = add(now_ms, _RETRY_MS << min(self._tries, _DOUBLED_MAX))
        self._tries += 1
        self._steady = 0

    def next_timeout_ms(self) -> int:
        """When it should be asked, or `NEVER`."""
        if self.is_done or (self._over_ms != NEVER and self._tries >= _TRIES_MAX):
            return NEVER
        if self._is_alone and not self._backs:
            return NEVER
        return self._retry_ms if self._retry_ms != NEVER else self._due_ms

    def _wait(self) -> None:
        self._due_ms = self._lacking_ms
        if self._held_ms != NEVER:
            self._due_ms = earliest(self._due_ms, add(self._held_ms, _UNPROVED_MS))
        # Behind its last packet come keys, as long as voice waits for them.
        if (not self._is_marked or self._held_ms != NEVER) and self._alive_ms != NEVER:
            self._due_ms = earliest(self._due_ms, add(self._alive_ms, _SILENT_MS))


def _end(frames: "Any") -> int:
    return voice.first(frames) + voice.count(frames)
