"""A badge whose words are kept as fields, and which tells whose voice it plays.

It is the engine of every badge, without what would seal its words, since the model of the network
carries no bytes, and without a microphone: the model says its speech, a packet at a time.
"""

from __future__ import annotations

from typing import Any

from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.clock import add
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import JITTER_FRAMES_MAX, KEPT_FRAMES_MAX, REQUEST_TRIES_MAX
from ptt.leader.roster import GROUP_DEFAULT
from ptt.media.frame_store import FrameStore
from ptt.media.jitter_buffer import JitterBuffer
from ptt.wire import messages, refusal

from .clear import read_as_it_is
from .floor_state import FIRST_NODE, NOW_MS, Values, device_of, session_of, tag_of

_JOIN, ADDRESS, QUEUED_SEQ, _SCAN, _GROUPS, FLOOR, PLAYOUT = range(7)  # places in its values
_TERM = 3  # place in its membership's
_SEED = 1


class _NoSpeech:
    may_rest = False

    def wanted(self) -> int:
        return 0

    def want(self, number: int) -> None: ...

    def collect(self, now_ms: int) -> None: ...
    def go_on(self) -> None: ...
    def discard(self) -> None: ...
    def begin(self, *_: Any) -> None: ...
    def end(self, now_ms: int) -> None: ...


class _TaggedBuffer(JitterBuffer):
    """A jitter buffer that notes whose frame it gives."""

    def __init__(self, heard: list[tuple], store: FrameStore) -> None:
        super().__init__(JITTER_FRAMES_MAX, store)
        self._heard = heard

    def take(self) -> int:
        at = super().take()
        if at >= 0:
            self._heard.append((*tag_of(self.store.data, at), self.talker, self.lease))
        return at


class SpokenBadge:
    """`engine` is the badge, `n` its number; `said`: what it has said, (kind, fields, destination);
    `heard`: (speaker, its lease, talker, lease) of each frame that was played, by the frame and by
    the burst it was played for."""

    def __init__(self, n: int) -> None:
        self.said: list[tuple] = []
        self.heard: list[tuple] = []
        self.engine = engine = Participant(
            device_of(n), b"", b"", b"", _SEED, bytes(32), bytes, bytes
        )
        engine.voice_keys.decrypt = read_as_it_is
        engine.send = self._send
        speech: Any = _NoSpeech()
        engine.burst = speech
        store = FrameStore(KEPT_FRAMES_MAX)
        engine.playout.current = _TaggedBuffer(self.heard, store)
        engine.playout.following = _TaggedBuffer(self.heard, store)
        engine.join.restore((JOINED, FIRST_NODE + n, session_of(n), 0, 1 + n), NOW_MS)
        engine.groups.on_roster(b"", GROUP_DEFAULT)

    def load(self, values: Values) -> SpokenBadge:
        """Take the values of a state; nothing is said or heard yet."""
        self.said.clear()
        self.heard.clear()
        self.engine.restore(values, NOW_MS)
        return self

    def dump(self) -> Values:
        return self.engine.snapshot()

    def hear(self, data: bytes, source: bytes) -> None:
        """Of the leader at `source`."""
        if self.engine.session.check(data, source) == refusal.ACCEPTED:
            self.engine.obey(data, source, NOW_MS)

    def follow(self, term: int, address: bytes) -> None:
        """Be a badge that has joined the leader of `term` there."""
        self.engine.join.term = term
        self.engine.link.address = address

    def say(self, number: int, is_last: bool) -> None:
        """A packet of its burst."""
        engine = self.engine
        values = (engine.join.node, engine.floor.lease, number, int(is_last))
        self.said.append((messages.VOICE_FRAME, values, engine.link.address))

    def listen(self) -> None:
        """Play until one frame has been heard, or the burst is over."""
        already = len(self.heard)
        now_ms = add(NOW_MS, PLAYOUT_DELAY_MS)
        while self.engine.read_speaker(now_ms) is not None and len(self.heard) == already:
            pass

    def give_up(self) -> None:
        """Give up: all its repetitions went unanswered, even the last one."""
        floor = self.engine.floor
        floor.restore(floor.snapshot(), NOW_MS, REQUEST_TRIES_MAX)
        floor.handle_timeout(NOW_MS)

    def _send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None:
        self.said.append((kind, values, destination))


def term_of(values: Values) -> int:
    """The term in a badge's values."""
    return values[_JOIN][_TERM]
