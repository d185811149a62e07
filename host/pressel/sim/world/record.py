"""What happens in a run, as records: the digest of all, and who watches which.

A record is (time, kind, node, a, b). All go into the digest as integers; those that somebody
watches are handed over besides, with `detail` as an object.
"""

from __future__ import annotations

import hashlib
from binascii import crc32
from struct import Struct
from typing import Any, Callable

from .loop import EventLoop

PRESSED = 0  # a: number of the utterance
LET_GO = 1  # a: number of the utterance
SPOKEN = 2  # a: utterance, b: frame; detail: world time of its first sample, us
EVENT = 3  # a: kind of ptt.base.events; detail: its value
SENT = 4  # a: destination (a node, or network.BROADCAST), b: bytes; detail: the datagram
DELIVERED = 5  # a: source, b: bytes; detail: the datagram; when the engine gets it
LOST = 6  # a: destination, b: reason, see LOSSES; detail: the datagram
PLAYED = 7  # a: frame id (marker.frame_id), b: microseconds until its first sample sounds
CONCEALED = 8  # nothing to play for one frame within a burst
REFUSED = 9  # a: reason of ptt.wire.refusal; detail: the datagram
FAULT = 10  # a: see FAULTS, b: its measure
TALKING = 11  # a: 1 when the node believes that it may talk, 0 when no longer
STARTED = 12  # a: 1 after a fault, 0 at first
HEARD_TWO = 13  # a: microseconds for which a listener heard a second talker (v1 mixes)
LEADS = 14  # a: 1 when a host begins to lead, 0 when it stops in good order; b: its term

NAMES = (
    "pressed",
    "let go",
    "spoken",
    "event",
    "sent",
    "delivered",
    "lost",
    "played",
    "concealed",
    "refused",
    "fault",
    "talking",
    "started",
    "heard two",
    "leads",
)

LOSSES = (
    "network",
    "burst",
    "queue",
    "retries",
    "cut",
    "roaming",
    "mailbox",
    "memory",
    "down",
    "nobody",
)
BY_NETWORK, BY_BURST, BY_QUEUE, BY_RETRIES, BY_CUT, BY_ROAMING = 0, 1, 2, 3, 4, 5
BY_MAILBOX, BY_MEMORY, BY_DOWN, BY_NOBODY = 6, 7, 8, 9

FAULTS = (
    "paused",
    "resumed",
    "crashed",
    "restarted",
    "cut",
    "healed",
    "roaming",
    "clock stepped",
    "no memory",
    "left",
    "roamed",
    "clock slewed",
    "flooded",
    "other address",
    "half-open link",
    "disk full",
    "disk slow",
    "calm",
    "access point restarted",
    "addresses swapped",
    "twin came",
    "twin left",
    "killed while writing",
    "heap exhausted",
    "wire stalled",
    "relay slow",
    "relay lies",
)
PAUSED, RESUMED, CRASHED, RESTARTED, CUT, HEALED, ROAMING = 0, 1, 2, 3, 4, 5, 6
CLOCK_STEPPED, NO_MEMORY, LEFT, ROAMED = 7, 8, 9, 10
SLEWED, FLOODED, READDRESSED, HALF_OPEN, DISK_FULL, DISK_SLOW, CALMED = 11, 12, 13, 14, 15, 16, 17
POINT_RESTARTED, SWAPPED, TWIN_CAME, TWIN_LEFT = 18, 19, 20, 21
KILLED_WRITING, HEAP_EXHAUSTED, WIRE_STALLED = 22, 23, 24
RELAY_SLOW, RELAY_LIES = 25, 26

Watcher = Callable[[int, int, int, int, Any], None]  # (now_us, node, a, b, detail)

_put = Struct("=5q").pack_into  # a record as it is hashed
_RECORD_BYTES = 40
_BATCH_BYTES = 4096 * _RECORD_BYTES
_mark_of = Struct(">I").unpack_from  # the CRC that a datagram carries
_MARK_AT, _MARK_END = 20, 24


class Record:
    """The run's own log, of what happens at the time of `loop`. `watch` before the run begins;
    `digest` when it is over."""

    def __init__(self, loop: EventLoop) -> None:
        self._loop = loop
        self._sha = hashlib.sha256()
        self._batch = bytearray(_BATCH_BYTES)
        self._end = 0  # of what is in the batch
        self._watchers: list[list[Watcher]] = [[] for _ in NAMES]  # of each kind
        self._watcher: list[Watcher | None] = [None] * len(NAMES)  # that tells all of them

    def watch(self, kind: int, watcher: Watcher) -> None:
        """Call `watcher(now_us, node, a, b, detail)` for each record of `kind`."""
        watchers = self._watchers[kind]
        watchers.append(watcher)
        self._watcher[kind] = _all_of(watchers)

    def note(self, kind: int, node: int, a: int, b: int, detail: Any = None) -> None:
        """Note one record. A datagram as `detail` enters the digest by the CRC that it carries."""
        now_us = self._loop.now_us
        mark = 0
        if kind == EVENT:
            mark = crc32(repr(detail).encode())
        elif SENT <= kind <= LOST and len(detail) >= _MARK_END:
            mark = _mark_of(detail, _MARK_AT)[0]
        _put(self._batch, self._end, now_us, kind << 16 | node, a, b, mark)
        self._end += _RECORD_BYTES
        if self._end == _BATCH_BYTES:
            self._flush()
        watcher = self._watcher[kind]
        if watcher is not None:
            watcher(now_us, node, a, b, detail)

    def digest(self) -> str:
        """SHA-256 of the whole trace, 32 hexadecimal digits of it."""
        self._flush()
        return self._sha.hexdigest()[:32]

    def _flush(self) -> None:
        self._sha.update(self._batch[: self._end])
        self._end = 0


def _all_of(watchers: list[Watcher]) -> Watcher:
    """One after the other. A loop over all watchers of a kind would be compiled apart by PyPy."""
    if len(watchers) == 1:
        return watchers[0]
    if len(watchers) == 2:
        return _both(*watchers)
    return _three(watchers[0], watchers[1], _all_of(watchers[2:]))


def _both(first: Watcher, second: Watcher) -> Watcher:
    def tell(now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        first(now_us, node, a, b, detail)
        second(now_us, node, a, b, detail)

    return tell


def _three(first: Watcher, second: Watcher, third: Watcher) -> Watcher:
    def tell(now_us: int, node: int, a: int, b: int, detail: Any) -> None:
        first(now_us, node, a, b, detail)
        second(now_us, node, a, b, detail)
        third(now_us, node, a, b, detail)

    return tell
