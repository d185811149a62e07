"""Frames of one burst that wait for the next ones, to leave with them in one packet.

A frame's cipher depends on its number and on nothing beside it, so frames change packets as they
are: whoever bundles needs no key to them.
"""

from ..base.clock import NEVER, add, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import FRAME_MS
from ..wire import envelope, voice
from ..wire.envelope import HEADER_BYTES, LENGTH_AT, MARK_AT, put16

if TYPE_CHECKING:
    from typing import Any

_MARKS_AT = voice.FRAMES_AT - 4
_COUNT_AT = voice.FRAMES_AT - 3

_SLACK_MS = const(15)  # that the talker's next packet may be late and still be waited for


class Bundle:
    """The packet that grows; `poll` gives it when it is as large as it may be, or overdue."""

    def __init__(self) -> None:
        self._data: bytearray | None = None  # header, fields and frames, without room for a tag
        self._count = 0
        self._next = 0  # number of the frame that may follow
        self._due_ms = NEVER

    def fits(self, data: "Any", limit: int) -> bool:
        """May the frames of the voice packet `data` go in the same packet as those that wait, which
        then has at most `limit`? Those of another burst, key or place in it may not."""
        waiting = self._data
        if waiting is None or self._count + voice.count(data) > limit:
            return False
        is_same = voice.lease(data) == voice.lease(waiting) and voice.first(data) == self._next
        return is_same and data[MARK_AT] == waiting[MARK_AT]

    def put(self, data: "Any", limit: int, now_ms: int) -> None:
        """Wait with the frames of `data`, behind others that they fit, or as the first."""
        end = envelope.payload_end(data)
        count = voice.count(data)
        if self._data is None:
            self._data = bytearray(data[0:end])
            self._count = count
            self._due_ms = add(now_ms, (limit - count) * FRAME_MS + _SLACK_MS)
        else:
            waiting = self._data
            waiting.extend(data[voice.FRAMES_AT : end])
            self._count += count
            waiting[_COUNT_AT] = self._count
            waiting[_MARKS_AT] = data[_MARKS_AT]
            put16(waiting, LENGTH_AT, len(waiting) - HEADER_BYTES)
        self._next = voice.first(data) + count
        if self._count >= limit or voice.is_last(data):
            self._due_ms = now_ms

    def is_due(self, now_ms: int) -> bool:
        return self._data is not None and since(now_ms, self._due_ms) >= 0

    def take(self) -> "bytearray | None":
        """The packet, and nothing waits any more; None: nothing did."""
        data = self._data
        self._data = None
        self._count = 0
        self._due_ms = NEVER
        return data

    def next_timeout_ms(self) -> int:
        return self._due_ms
