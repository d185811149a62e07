"""A badge of a floor, and what is said to it, as tuples of plain values and back.

No clock is among them: whatever waits for a time may come at any moment, which holds all rates of
clocks. What their futures do not depend on is left out, so that equal futures are equal tuples.
"""

from __future__ import annotations

from array import array
from typing import Any

from ptt.badge.join import JOINED
from ptt.badge.participant import Participant
from ptt.base.clock import add
from ptt.base.defaults import PLAYOUT_DELAY_MS
from ptt.base.numbers import (
    ADPCM_FRAME_BYTES,
    DATAGRAM_BYTES_MAX,
    JITTER_FRAMES_MAX,
    KEPT_FRAMES_MAX,
    REQUEST_TRIES_MAX,
)
from ptt.cluster.ballot import MARK_BITS
from ptt.leader.roster import GROUP_DEFAULT
from ptt.media.frame_store import FrameStore
from ptt.media.jitter_buffer import JitterBuffer
from ptt.wire import codec, envelope, messages, voice

from .clear import read_as_it_is

NOW_MS = 1 << 20  # where every clock stands between two actions
TERMS = tuple(n << MARK_BITS | n for n in range(1, 5))
BADGES = ("A", "B")
FIRST_NODE = envelope.LEADER_NODE + 1
FIRST_LEADER = len(BADGES)  # in messages badges come first, then leaders

Values = tuple
Said = list  # of (node, kind, fields, seq)

_SESSION = 11
_SEED = 1
_FRAMES = 2  # of a burst: number 0, as often as it likes, and number 1, the last
_TAG_AT = 4  # in a frame, behind the coder's state: who speaks, under which lease
_BADGE_FLOOR = (
    "state", "request", "lease", "position", "seen_lease", "talker", "_is_down", "_was_taken_away",
    "_done_lease",
)  # fmt: skip
_BUFFER = ("lease", "talker", "next", "unheard", "last", "playing", "waiting")
TERM, ADDRESS, QUEUED_SEQ, HEARD, ENDED, FLOOR, PLAYOUT = range(7)  # places in a badge's values


class _NoSpeech:
    """Speech is said by the model, a packet at a time."""

    def collect(self) -> None: ...
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
            self._heard.append((*_tag(self.store.data, at), self.talker, self.lease))
        return at


class SpokenBadge(Participant):
    """The badge, likewise. `heard`: (speaker, its lease, talker, lease) of each frame that was
    played, by the frame and by the burst it was played for."""

    def __init__(self, n: int) -> None:
        super().__init__(device_of(n), b"", b"", b"", _SEED, b"", bytes, bytes)
        self.voice_keys.decrypt = read_as_it_is
        self.said: list[tuple] = []
        self.heard: list[tuple] = []
        speech: Any = _NoSpeech()
        self.burst = speech
        store = FrameStore(KEPT_FRAMES_MAX)
        self.playout._current = _TaggedBuffer(self.heard, store)
        self.playout._following = _TaggedBuffer(self.heard, store)
        self.join.state = JOINED
        self.join.node = FIRST_NODE + n
        self.join.session = _SESSION + n
        self.join.nonce = 1 + n
        self.groups.on_roster(b"", GROUP_DEFAULT)

    def send(self, kind: int, values: tuple, destination: Any, now_ms: int) -> None:
        self.said.append((kind, values, destination))

    def listen(self) -> None:
        """Play until one frame has been heard, or the burst is over."""
        already = len(self.heard)
        now_ms = add(NOW_MS, PLAYOUT_DELAY_MS)
        while self.read_speaker(now_ms) is not None and len(self.heard) == already:
            pass


def device_of(n: int) -> bytes:
    return bytes([0] * 7 + [1 + n])


def session_of(n: int) -> int:
    return _SESSION + n


def address_of(n: int) -> bytes:
    return BADGES[n].encode()


def dump_badge(badge: SpokenBadge) -> Values:
    playout = badge.playout
    return (
        badge.join.term,
        badge.link.address,
        badge.talking.queued_seq,
        badge.scan.heard,
        badge.scan.ended(GROUP_DEFAULT),
        tuple(getattr(badge.floor, name) for name in _BADGE_FLOOR),
        (
            playout.state,
            playout._tuned_lease,
            _dump_buffer(playout._current),
            _dump_buffer(playout._following),
        ),
    )


def load_badge(badge: SpokenBadge, values: Values) -> SpokenBadge:
    """Give `badge` the values of a state; nothing is said or heard yet."""
    badge.said.clear()
    badge.heard.clear()
    badge.join.term, badge.link.address, badge.talking.queued_seq, badge.scan.heard = values[:ENDED]
    badge.scan._ended[badge.scan.place(GROUP_DEFAULT)] = values[ENDED]
    for name, value in zip(_BADGE_FLOOR, values[FLOOR], strict=True):
        setattr(badge.floor, name, value)
    badge.floor._due_ms = NOW_MS
    badge.floor._tries = 1
    badge.floor._is_warned = True
    badge.playout.state, badge.playout._tuned_lease, current, following = values[PLAYOUT]
    _load_buffer(badge.playout._current, current)
    _load_buffer(badge.playout._following, following)
    return badge


def give_up(badge: SpokenBadge) -> None:
    """All its repetitions went unanswered, the last one too."""
    badge.floor._tries = REQUEST_TRIES_MAX
    badge.floor.handle_timeout(NOW_MS)


def _dump_buffer(buffer: JitterBuffer) -> Values:
    numbers = tuple(buffer._number[:_FRAMES])
    tags = tuple(
        _tag(buffer.store.data, buffer._place[slot] * ADPCM_FRAME_BYTES) if number >= 0 else ()
        for slot, number in enumerate(numbers)
    )
    return (*(getattr(buffer, name) for name in _BUFFER), numbers, tags)


def _load_buffer(buffer: JitterBuffer, values: Values) -> None:
    buffer.clear()
    for name, value in zip(_BUFFER, values[: len(_BUFFER)], strict=True):
        setattr(buffer, name, value)
    buffer.first_ms = NOW_MS
    buffer.missed = 0
    numbers, tags = values[len(_BUFFER) :]
    buffer._number[:_FRAMES] = array("i", numbers)
    for slot, tag in enumerate(tags):
        if tag:
            buffer._place[slot] = buffer.store.take()
            _put_tag(buffer.store.data, buffer._place[slot] * ADPCM_FRAME_BYTES, *tag)


def _tag(data: Any, at: int) -> tuple[int, int]:
    return data[at + _TAG_AT], envelope.get16(data, at + _TAG_AT + 1)


def _put_tag(data: bytearray, at: int, node: int, lease: int) -> None:
    data[at + _TAG_AT] = node
    envelope.put16(data, at + _TAG_AT + 1, lease)


def write_voice(values: tuple) -> bytearray:
    """A voice packet of one frame that tells whose it is, without its envelope."""
    node, lease, number, is_last = values
    size = voice.FRAMES_AT + ADPCM_FRAME_BYTES
    data = bytearray(size)
    codec = messages.CODEC_IMA_ADPCM
    voice.write_fields(data, GROUP_DEFAULT, codec, node, lease, number, bool(is_last), 1)
    _put_tag(data, voice.FRAMES_AT, node, lease)
    return data


def read_voice(data: Any) -> tuple:
    return (voice.talker(data), voice.lease(data), voice.first(data), int(voice.is_last(data)))


def datagram(kind: int, fields: tuple, n: int, source: int | None, seq: int) -> bytes:
    """As `n` sends it to its leader, or the leader (`source`) to `n`; nobody looks at its CRC."""
    if kind == messages.VOICE_FRAME:
        data = write_voice(fields)
        end = len(data)
    else:
        data = bytearray(DATAGRAM_BYTES_MAX)
        end = codec.encode(data, envelope.HEADER_BYTES, kind, fields)
    node = FIRST_NODE + n if source is None else source
    envelope.write_header(data, end, kind, session_of(n), node, seq, NOW_MS)
    return bytes(data[:end])
