"""What a standby keeps of its leader's state, so that it can lead at once.

It obeys the highest term that it has heard of; its owner hands it the journal of the host that
leads, and no other. A snapshot counts only when it is complete; until then the previous state is
kept. Records are checked when they arrive and read when they are needed.
"""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING
from ..base.counters import Counters
from ..base.numbers import CALLS_MAX, DEVICES_MAX, GROUPS_MAX, MEMBERS_MAX
from ..wire import refusal
from ..wire.envelope import get16, get32
from ..wire.refusal import Refused
from . import records
from .journal import (
    ACK,
    AFTER_AT,
    GAP,
    GENERATION_AT,
    GONE,
    HEAD_BYTES,
    KIND_AT,
    NEWEST_AT,
    NUMBER_AT,
    RECORD_BYTES,
    SIZE_AT,
    TERM_AT,
    UPTO_AT,
    answer,
    is_entries,
    size_at,
)

if TYPE_CHECKING:
    from typing import Any

_RECORDS_MAX = MEMBERS_MAX + GROUPS_MAX + 2 * CALLS_MAX + DEVICES_MAX + 4


class State:
    """Records by kind << 16 | number: (body, when it came)."""

    def __init__(self, term: int, generation: int) -> None:
        self.term = term
        self.generation = generation
        self.position = 0  # position in the journal: all changes up to here are included
        self.records: dict[int, tuple[bytes, int]] = {}

    def numbers(self, kind: int) -> "list[int]":
        """Numbers of the records of `kind`, in order."""
        return sorted([key & 0xFFFF for key in self.records if key >> 16 == kind])

    def body(self, kind: int, number: int) -> "bytes | None":
        record = self.records.get(kind << 16 | number)
        return record[0] if record is not None else None

    def age_ms(self, kind: int, number: int, now_ms: int) -> int:
        """How long ago that record came."""
        return age(now_ms, self.records[kind << 16 | number][1])


class Replica:
    """The state of the leader with the highest term."""

    def __init__(self) -> None:
        self.state: State | None = None  # the last that was complete
        self._coming = State(0, 0)
        self.refusals = Counters(refusal.WORDS)

    @property
    def term(self) -> int:
        """The term of the complete state, 0 when there is none."""
        return self.state.term if self.state is not None else 0

    @property
    def position(self) -> int:
        """The position of that state in its leader's journal."""
        return self.state.position if self.state is not None else 0

    def receive(self, data: "Any", now_ms: int) -> "bytes | None":
        """Take entries of a leader's journal; returns the answer, None for what is old or not a
        journal."""
        if not is_entries(data):
            self.refusals.add(refusal.FIELD)
            return None
        coming = self._coming
        generation, term = data[GENERATION_AT], get32(data, TERM_AT)
        after, upto = get32(data, AFTER_AT), get32(data, UPTO_AT)
        if term < coming.term:
            self.refusals.add(refusal.STALE)
            return None
        if term != coming.term or generation != coming.generation:
            if after:
                return answer(GAP, 0, term, 0)
            coming = State(term, generation)
        if after > coming.position:
            return answer(GAP, coming.generation, term, coming.position)
        if upto > coming.position:
            reason = _take(coming, data, now_ms)
            self.refusals.add(reason)
            if reason != refusal.ACCEPTED:
                return None
            coming.position = upto
            self._coming = coming
            if upto >= get32(data, NEWEST_AT):
                assert term >= self.term, "back to the state of an older leader"
                self.state = coming
        return answer(ACK, coming.generation, term, coming.position)


def _take(state: State, data: "Any", now_ms: int) -> int:
    """Take all records of one datagram, or none and return the reason."""
    found = []
    at = HEAD_BYTES
    while at < len(data):
        size = size_at(data, at)
        if not size:
            return refusal.LENGTH
        kind, number = data[at + KIND_AT], get16(data, at + NUMBER_AT)
        body = None
        if get16(data, at + SIZE_AT) != GONE:
            body = bytes(data[at + RECORD_BYTES : at + size])
            try:
                records.check(kind, number, body)
            except Refused as refused:
                return refused.reason
        found.append((kind << 16 | number, body))
        at += size
    if len(state.records) + len(found) > 2 * _RECORDS_MAX:
        return refusal.LIMIT
    for key, body in found:
        if body is None:
            state.records.pop(key, None)
        else:
            state.records[key] = (body, now_ms)
    return refusal.ACCEPTED
