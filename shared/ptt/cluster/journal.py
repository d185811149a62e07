"""What a leader reports of its state, so that a standby can continue where it is interrupted.

State is records, each under a kind and a number (`records`). The journal knows only which of them
changed and in which order: a standby is sent those that it has not acknowledged, as they are now,
oldest change first. A new standby lacks all, so it gets all: that is what a snapshot is. Memory is
bounded by the number of records, however long a standby is silent.

Nothing waits for a standby: a request for the floor is answered at once, and the standbys hear of
it in the same step. Bytes go over a channel between hosts that keeps them whole and secret.
"""

from ..base.clock import NEVER, add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    JOURNAL_BEAT_MS,
    JOURNAL_BYTES_MAX,
    JOURNAL_GONE_MAX,
    JOURNAL_RETRY_MS,
    JOURNAL_RETRY_MS_MAX,
    JOURNAL_WINDOW,
    STANDBYS_MAX,
)
from ..wire.envelope import get16, get32, put16, put32

if TYPE_CHECKING:
    from typing import Any, Protocol

    class JournalSource(Protocol):
        """The leader whose state it is."""

        def write_record(self, kind: int, number: int, now_ms: int) -> bytes: ...


# First bytes, behind those of `wire.host_messages`: hosts tell them apart by it.
ENTRIES = const(80)
ACK = const(81)
GAP = const(82)  # an answer, too: what came begins after what I have

# ENTRIES and answers begin alike; numbers have four bytes.
KIND_AT = const(0)
GENERATION_AT = const(1)
TERM_AT = const(2)
# Then ENTRIES say behind which position their records come, up to which they go, and which is the
# newest; the records follow.
AFTER_AT = const(6)
UPTO_AT = const(10)
NEWEST_AT = const(14)
HEAD_BYTES = const(18)
# An answer says what the standby has.
POSITION_AT = const(6)
ANSWER_BYTES = const(10)
# A record: kind, number (2 bytes), size of its body (2 bytes; 0xFFFF: it is gone), body.
NUMBER_AT = const(1)
SIZE_AT = const(3)
RECORD_BYTES = const(5)
GONE = const(0xFFFF)

_MASK_30 = const(0x3FFFFFFF)


class Entries:
    """One datagram for `destination`, a standby: `data` is bytes."""

    __slots__ = ("data", "destination")

    def __init__(self, data: "bytes", destination: "Any") -> None:
        self.data = data
        self.destination = destination


class _Standby:
    """The progress of one standby."""

    __slots__ = ("acked", "due_ms", "flight", "generation", "retry_ms", "sent", "window")

    def __init__(self, generation: int) -> None:
        self.generation = generation  # rises when it has to start over
        self.restart()

    def restart(self) -> None:
        """Begin with nothing known of it."""
        self.acked = 0
        self.sent = 0
        self.flight: list[int] = []  # where each datagram on its way ends
        self.window = JOURNAL_WINDOW
        self.retry_ms = JOURNAL_RETRY_MS
        self.due_ms = NEVER


class Journal:
    """The journal of one leader in one `term`; `source` writes the records."""

    def __init__(self, term: int, source: "JournalSource") -> None:
        self.term = term
        self._source = source
        self._seq = 0  # of the newest change
        self._at: dict[int, int] = {}  # kind << 16 | number -> its newest change
        self._log: list[tuple[int, int]] = []  # (change, key) in order; overtaken ones stay a while
        self._gone: list[tuple[int, int]] = []  # (change, key) of records that are gone
        self._forgotten = 0  # removals up to here are forgotten
        self._standbys: dict[Any, _Standby] = {}
        self._generation = 0
        self._out: list[Entries] = []

    # --- what the leader says ---

    def changed(self, kind: int, number: int) -> None:
        """The record is new or has changed."""
        self._seq += 1
        key = kind << 16 | number
        self._at[key] = self._seq
        self._log.append((self._seq, key))
        if len(self._log) > 2 * len(self._at) + 16:
            self._log = [each for each in self._log if self._at.get(each[1]) == each[0]]

    def removed(self, kind: int, number: int) -> None:
        """The record is gone."""
        key = kind << 16 | number
        if key not in self._at:
            return
        self.changed(kind, number)
        self._gone.append((self._seq, key))
        if len(self._gone) > JOURNAL_GONE_MAX:
            seq, key = self._gone.pop(0)
            if self._at.get(key) == seq:
                del self._at[key]
                self._forgotten = seq

    def records(self) -> "list[tuple[int, int]]":
        """(kind, number) of all records."""
        gone = [key for seq, key in self._gone if self._at.get(key) == seq]
        return [(key >> 16, key & 0xFFFF) for key in sorted(self._at) if key not in gone]

    # --- standbys ---

    def standbys(self) -> "list[Any]":
        return list(self._standbys)

    def add_standby(self, peer: "Any", now_ms: int) -> bool:
        """Keep `peer` informed from now on; False when there are enough."""
        if peer in self._standbys:
            return True
        if len(self._standbys) >= STANDBYS_MAX:
            return False
        self._generation = self._generation % 255 + 1
        self._standbys[peer] = _Standby(self._generation)
        self.flush(now_ms)
        return True

    def remove_standby(self, peer: "Any") -> None:
        self._standbys.pop(peer, None)

    @property
    def position(self) -> int:
        """Of the newest change."""
        return self._seq

    def acknowledged(self, peer: "Any") -> int:
        """The position up to which `peer` has everything."""
        return self._standbys[peer].acked

    def ask_all(self, now_ms: int) -> int:
        """Every standby is to say anew what it has: one that was restarted is not noticed before
        the next change or beat, and until then counts as having all. The position that each has
        once it has answered."""
        self._seq += 1
        self.flush(now_ms)
        return self._seq

    def lag(self, peer: "Any") -> int:
        """Changes that `peer` has not acknowledged."""
        return self._seq - self._standbys[peer].acked

    def receive(self, peer: "Any", data: "Any", now_ms: int) -> bool:
        """An answer from `peer`; False when it is not one, or is from another time."""
        standby = self._standbys.get(peer)
        if standby is None or len(data) != ANSWER_BYTES or data[KIND_AT] not in (ACK, GAP):
            return False
        if get32(data, TERM_AT) != self.term or data[GENERATION_AT] not in (0, standby.generation):
            return False
        position = get32(data, POSITION_AT)
        if position > self._seq:
            return False
        if data[KIND_AT] == GAP:
            self._on_gap(standby, data[GENERATION_AT], position)
        elif position > standby.acked and data[GENERATION_AT] == standby.generation:
            self._on_ack(standby, position, now_ms)
        self.flush(now_ms)
        return True

    def _on_ack(self, standby: _Standby, position: int, now_ms: int) -> None:
        assert standby.acked < position <= self._seq, "more than there is"
        standby.acked = position
        standby.flight = [upto for upto in standby.flight if upto > position]
        standby.window = JOURNAL_WINDOW
        standby.retry_ms = JOURNAL_RETRY_MS
        wait_ms = standby.retry_ms if standby.flight else JOURNAL_BEAT_MS
        standby.due_ms = add(now_ms, wait_ms)

    def _on_gap(self, standby: _Standby, generation: int, position: int) -> None:
        if generation != standby.generation:  # it has lost all that it had
            if standby.acked:
                self._begin_anew(standby)
        elif position >= standby.acked:
            standby.sent = standby.acked = position
            standby.flight = []

    def _begin_anew(self, standby: _Standby) -> None:
        self._generation = self._generation % 255 + 1
        standby.generation = self._generation
        standby.restart()

    # --- time and datagrams ---

    def handle_timeout(self, now_ms: int) -> None:
        for peer in self._standbys:
            standby = self._standbys[peer]
            if standby.due_ms == NEVER or since(now_ms, standby.due_ms) < 0:
                continue
            if not standby.flight and standby.sent == self._seq:
                self._beat(peer, standby, now_ms)
            else:
                standby.sent = standby.acked  # go back and send it again, one datagram at a time
                standby.flight = []
                standby.window = 1
                standby.retry_ms = min(standby.retry_ms * 2, JOURNAL_RETRY_MS_MAX)
                standby.due_ms = NEVER
        self.flush(now_ms)

    def next_timeout_ms(self) -> int:
        """When `handle_timeout` has work next, or `NEVER`."""
        due = NEVER
        for standby in self._standbys.values():
            due = earliest(due, standby.due_ms)
        return due

    def poll_transmit(self) -> "Entries | None":
        """The next datagram for a standby."""
        return self._out.pop(0) if self._out else None

    def flush(self, now_ms: int) -> None:
        """Write what the standbys have not been sent yet."""
        for peer in self._standbys:
            standby = self._standbys[peer]
            if standby.acked and standby.acked < self._forgotten:
                self._begin_anew(standby)
            while standby.sent < self._seq and len(standby.flight) < standby.window:
                self._write(peer, standby, now_ms)

    def _write(self, peer: "Any", standby: _Standby, now_ms: int) -> None:
        data = bytearray(HEAD_BYTES)
        upto = standby.sent
        for seq, key in self._behind(standby.sent):
            record = self._record(seq, key, now_ms)
            if len(data) + len(record) > JOURNAL_BYTES_MAX:
                break
            data.extend(record)
            upto = seq
        else:
            upto = self._seq
        assert upto > standby.sent, "a record that fits into no datagram"
        data[0:HEAD_BYTES] = self._head(standby, upto)
        standby.sent = upto
        standby.flight.append(upto)
        if len(standby.flight) == 1:
            standby.due_ms = add(now_ms, standby.retry_ms)
        self._out.append(Entries(bytes(data), peer))

    def _beat(self, peer: "Any", standby: _Standby, now_ms: int) -> None:
        """Nothing has changed: does it still have all? A standby that was restarted says no."""
        standby.due_ms = add(now_ms, JOURNAL_BEAT_MS)
        self._out.append(Entries(self._head(standby, self._seq), peer))

    def _head(self, standby: _Standby, upto: int) -> bytes:
        data = bytearray(HEAD_BYTES)
        data[KIND_AT] = ENTRIES
        data[GENERATION_AT] = standby.generation
        put32(data, TERM_AT, self.term)
        put32(data, AFTER_AT, standby.sent)
        put32(data, UPTO_AT, upto)
        put32(data, NEWEST_AT, self._seq)
        return bytes(data)

    def _behind(self, seq: int) -> "list[tuple[int, int]]":
        """Changes after `seq` that still count, in order."""
        low, high = 0, len(self._log)
        while low < high:
            middle = (low + high) // 2
            if self._log[middle][0] > seq:
                high = middle
            else:
                low = middle + 1
        return [each for each in self._log[low:] if self._at.get(each[1]) == each[0]]

    def _record(self, seq: int, key: int, now_ms: int) -> "bytearray":
        head = bytearray(RECORD_BYTES)
        head[KIND_AT] = key >> 16
        put16(head, NUMBER_AT, key & 0xFFFF)
        if (seq, key) in self._gone:
            put16(head, SIZE_AT, GONE)
            return head
        body = self._source.write_record(key >> 16, key & 0xFFFF, now_ms)
        put16(head, SIZE_AT, len(body))
        head.extend(body)
        return head


def answer(kind: int, generation: int, term: int, position: int) -> bytes:
    """The bytes of an ACK or a GAP."""
    data = bytearray(ANSWER_BYTES)
    data[KIND_AT] = kind
    data[GENERATION_AT] = generation
    put32(data, TERM_AT, term)
    put32(data, POSITION_AT, position)
    return bytes(data)


def is_answer(data: "Any") -> bool:
    """For a host that may lead or follow: is this for its journal?"""
    return len(data) == ANSWER_BYTES and data[KIND_AT] in (ACK, GAP)


def is_entries(data: "Any") -> bool:
    """Likewise: is this for its replica?"""
    return len(data) >= HEAD_BYTES and data[KIND_AT] == ENTRIES and _are_small(data)


def term_of(entries: "Any") -> int:
    """The term of the leader that sends these entries."""
    return get32(entries, TERM_AT)


def _are_small(data: "Any") -> bool:
    for at in (TERM_AT, AFTER_AT, UPTO_AT, NEWEST_AT):
        if get32(data, at) > _MASK_30:
            return False
    return True


def size_at(data: "Any", at: int) -> int:
    """Size of the record at `at` with its head, 0 when it does not fit into `data`."""
    if at + RECORD_BYTES > len(data):
        return 0
    size = get16(data, at + SIZE_AT)
    if size == GONE:
        return RECORD_BYTES
    return RECORD_BYTES + size if at + RECORD_BYTES + size <= len(data) else 0
