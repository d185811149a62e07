"""The badge's side of an update: pulls the manifest and the files that it lacks, checks each.

It has no files of its own: `files` works on the slot that does not run. What lies there is the
progress, so an interrupted run resumes where it was. File 0 is the manifest, known by its tag,
which the leader makes, and then by the signature behind it, which the leader cannot make; the
others are known by their hashes in it. When it asks for that signature to be checked, its owner
drops it, checks in the memory that is free then (`ptt.link.update_signature`), and goes on with
another `Receiver` that knows the verdict. A file arrives under a temporary name and takes its place
when it has been read back correctly. `step` is called only while nobody talks; each call does one
small thing.
"""

from hashlib import sha256

from ..base.clock import add, earliest, since
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import (
    UPDATE_CHUNK_BYTES,
    UPDATE_FLUSH_CHUNKS,
    UPDATE_IDLE_MS,
    UPDATE_READ_BYTES,
    UPDATE_ROOM_BYTES,
    UPDATE_WANT_MS,
    UPDATE_WANT_MS_MAX,
)
from ..base.table import ACTION_BITS, ACTION_MASK, TRIGGER_BITS, compile_rules
from ..link.update_manifest import HEAD, Head, begin_tag, end_tag, read_file_line
from ..wire import envelope, messages, refusal
from ..wire.offsets import CHUNK_BYTES_AT, OFFER_TAG_AT

if TYPE_CHECKING:
    from typing import Any, Protocol

    from ..link.hmac import HmacKey

    class Files(Protocol):
        """The slot that is written. An OSError from any call ends the update."""

        def size(self, path: str) -> int: ...
        def open(self, path: str) -> None: ...
        def read(self, count: int) -> bytes: ...
        def create(self, path: str, keep: bool) -> None: ...
        def write(self, data: "Any") -> None: ...
        def flush(self) -> None: ...
        def close(self) -> None: ...
        def keep(self, path: str, place: str) -> None: ...
        def remove(self, path: str) -> None: ...
        def room(self) -> int: ...
        def open_lines(self) -> None: ...
        def line(self) -> bytes: ...
        def paths(self) -> "Any": ...

    class ReceiverOutput(Protocol):
        """Sends to the leader."""

        def send_update(self, kind: int, values: "tuple", now_ms: int) -> None: ...


MANIFEST = "update.txt"  # where file 0 lies in the slot
PART = "part"  # what is on its way

LOOKING = const(0)
FETCHING = const(1)
CHECKING = const(2)
TIDYING = const(3)
READY = const(4)
OVER = const(5)
VERIFYING = const(6)
STATES = ("looking", "fetching", "checking", "tidying", "ready", "over", "verifying")

SAME = const(0)
DIFFERENT = const(1)
WHOLE = const(2)
LISTED = const(3)
TIDY = const(4)
FAULT = const(5)
VOUCHED = const(6)
TRIGGERS = ("right", "wrong", "whole", "all files", "tidy", "fault", "the leader's manifest")

RULES = (
    (LOOKING, VOUCHED, VERIFYING, "verify"),  # that the leader means it is not enough
    (CHECKING, VOUCHED, VERIFYING, "place_manifest"),
    (VERIFYING, SAME, LOOKING, "go_on"),  # the signer that the badge knows has signed it
    (VERIFYING, DIFFERENT, OVER, "end"),  # no file of it is fetched
    (LOOKING, SAME, LOOKING, "go_on"),  # it lies there: of a run that broke off, or unchanged
    (LOOKING, DIFFERENT, FETCHING, "fetch"),
    (LOOKING, LISTED, TIDYING, "look_for_strays"),
    (FETCHING, WHOLE, CHECKING, "read_back"),
    (CHECKING, SAME, LOOKING, "place"),  # only now it has its name
    (CHECKING, DIFFERENT, OVER, "end"),  # not what was promised: no byte of it will ever run
    (TIDYING, TIDY, READY, "report"),  # what the manifest does not name is gone
    (LOOKING, FAULT, OVER, "end"),
    (FETCHING, FAULT, OVER, "end"),
    (CHECKING, FAULT, OVER, "end"),
    (VERIFYING, FAULT, OVER, "end"),
    (TIDYING, FAULT, OVER, "end"),
    (READY, FAULT, OVER, "end"),
)
_RULES = compile_rules(RULES)


class Receiver:
    """One update. `offer` is (release, bytes of the manifest, flags, tag), `chip` UTF-8 bytes,
    `running` the release that runs, `is_right` what the signature behind the manifest was found to
    be (None: not looked at yet)."""

    def __init__(
        self,
        offer: "tuple[int, int, int, bytes]",
        key: "HmacKey",
        chip: bytes,
        running: int,
        is_right: "bool | None",
        files: "Files",
        output: "ReceiverOutput",
        now_ms: int,
    ) -> None:
        self.offer = offer
        self.state = LOOKING
        self.reason = 0
        self.is_quiet = False  # nobody talks: flash may be written
        self.wants_apply = False  # ready, and the leader says that it is time
        self._key = key
        self._chip = chip
        self._running = running
        self.is_right = is_right
        self._files = files
        self._output = output
        self._count = 0  # files besides the manifest
        self._file = 0  # which one is in progress
        self._path = MANIFEST
        self._size = offer[1]
        self._sha256 = offer[3]
        self._digest: Any = None
        self._left = 0  # bytes still to be hashed; tidying: lines still to be read
        self._have = 0  # bytes of the part
        self._unflushed = 0  # chunks
        self._resumes = True  # the part may belong to this very file
        self._walk: Any = None  # walks through the slot, one file per step
        self._strays: list[str] = []  # what may lie there without being named
        self._retry_ms = UPDATE_WANT_MS
        self._due_ms = now_ms
        self._heard_ms = now_ms
        self._look(now_ms)
        self.report(now_ms)

    # --- what comes ---

    def on_message(self, kind: int, fields: "list", data: "Any", now_ms: int) -> int:
        """A message of the leader about an update; a reason of `refusal`."""
        if fields[0] != self.offer[0]:
            return refusal.STALE
        if kind == messages.UPDATE_CHUNK:
            return self._on_chunk(fields, data, now_ms)
        if kind == messages.UPDATE_OFFER:
            tail = bytes(memoryview(data)[OFFER_TAG_AT : envelope.payload_end(data)])
            if tail != self.offer[3]:
                self._fail(messages.UPDATE_REASON_STOPPED, now_ms)  # another release is meant
            else:
                self.report(now_ms)
        elif fields[1] == messages.UPDATE_ORDER_STOP:
            self._fail(messages.UPDATE_REASON_STOPPED, now_ms)
        elif self.state == READY:
            self.wants_apply = True
        return refusal.ACCEPTED

    def _on_chunk(self, fields: "list", data: "Any", now_ms: int) -> int:
        at = fields[2]
        if self.state != FETCHING or fields[1] != self._file or at != self._have:
            return refusal.STALE
        if not self.is_quiet:
            return refusal.FLOOR  # not while somebody talks; it is requested again afterwards
        piece = memoryview(data)[CHUNK_BYTES_AT : envelope.payload_end(data)]
        count = len(piece)
        if not 0 < count <= UPDATE_CHUNK_BYTES or at + count > self._size:
            return refusal.FIELD
        self._heard_ms = now_ms
        try:
            self._files.write(piece)
            self._have = at + count
            self._unflushed += 1
            if self._have < self._size and self._unflushed >= UPDATE_FLUSH_CHUNKS:
                self._unflushed = 0
                self._files.flush()
        except OSError:
            self._fail(messages.UPDATE_REASON_FLASH, now_ms)
            return refusal.ACCEPTED
        self._retry_ms = UPDATE_WANT_MS
        self._due_ms = now_ms
        return refusal.ACCEPTED

    # --- what goes on ---

    def step(self, now_ms: int) -> None:
        """One small thing: a piece hashed, a file removed, a question asked."""
        try:
            if self.state == LOOKING or self.state == CHECKING:
                self._hash(now_ms)
            elif self.state == FETCHING:
                self._want(now_ms)
            elif self.state == TIDYING:
                self._tidy(now_ms)
            elif self.state == READY and since(now_ms, self._due_ms) >= 0:
                self._do_report(now_ms)
        except OSError:
            self._fail(messages.UPDATE_REASON_FLASH, now_ms)
        except ValueError:
            self._fail(messages.UPDATE_REASON_MANIFEST, now_ms)
        if self.state != OVER and since(now_ms, self._heard_ms) >= UPDATE_IDLE_MS:
            self._fail(messages.UPDATE_REASON_STOPPED, now_ms)

    def is_over(self) -> bool:
        """End the update for `reason`; it can then be let go."""
        return self.state == OVER

    def is_verifying(self) -> bool:
        """Does it wait for the verdict, which only the next `Receiver` is given?"""
        return self.state == VERIFYING

    def next_timeout_ms(self) -> int:
        """When `step` has work next."""
        if self.state == FETCHING or self.state == READY:
            return earliest(self._due_ms, add(self._heard_ms, UPDATE_IDLE_MS))
        return self._due_ms

    def close(self) -> None:
        """Close open files, even if the flash reports an error."""
        try:
            self._files.close()
        except OSError:
            pass

    def _hash(self, now_ms: int) -> None:
        if self._left > 0:
            piece = self._files.read(min(self._left, UPDATE_READ_BYTES))
            self._left -= len(piece)
            if piece:
                self._digest.update(piece)
                return
            self._left = -1  # shorter than the file system said
        is_right = self._left == 0 and self._found() == self._sha256
        self._files.close()
        if not is_right and self.state == CHECKING:
            self._files.remove(PART)
            is_manifest = self._file == 0
            self.reason = messages.UPDATE_REASON_TAG if is_manifest else messages.UPDATE_REASON_FILE
        if not is_right:
            self._fire(DIFFERENT, now_ms)
        else:
            self._fire(SAME if self._file else VOUCHED, now_ms)

    def _found(self) -> bytes:
        if self._file == 0:
            return end_tag(self._key, self._digest)
        return self._digest.digest()

    def _want(self, now_ms: int) -> None:
        if self._have == self._size:
            self._files.close()
            self._fire(WHOLE, now_ms)
        elif since(now_ms, self._due_ms) >= 0:
            self._due_ms = add(now_ms, self._retry_ms)
            self._retry_ms = min(self._retry_ms * 2, UPDATE_WANT_MS_MAX)
            values = (self.offer[0], self._file, self._have)
            self._output.send_update(messages.UPDATE_WANT, values, now_ms)

    def _tidy(self, now_ms: int) -> None:
        if self._walk is not None:
            for path in self._walk:
                if path != MANIFEST:
                    self._strays.append(path)
                return
            self._walk = None
        elif self._left:
            self._left -= 1
            path = read_file_line(self._files.line())[2].decode()
            if path in self._strays:
                self._strays.remove(path)
        elif self._strays:
            self._files.remove(self._strays.pop())
        else:
            self._fire(TIDY, now_ms)

    # --- actions ---

    def _fire(self, trigger: int, now_ms: int) -> None:
        cell = _RULES[0][self.state << TRIGGER_BITS | trigger]
        if not cell:
            return
        self.state = cell >> ACTION_BITS
        getattr(self, "_do_" + _RULES[1][cell & ACTION_MASK])(now_ms)

    def _fail(self, reason: int, now_ms: int) -> None:
        self.reason = reason
        self._fire(FAULT, now_ms)

    def _do_go_on(self, now_ms: int) -> None:
        """The next file, read from the manifest."""
        if self._file == 0:
            self._read_head(now_ms)
            if self.state == OVER:
                return
        if self._file == self._count:
            self._fire(LISTED, now_ms)
            return
        self._file += 1
        self._sha256, self._size, path = read_file_line(self._files.line())
        self._path = path.decode()
        self._look(now_ms)

    def _read_head(self, now_ms: int) -> None:
        self._files.open_lines()
        lines = []
        for _ in HEAD:
            lines.append(self._files.line())
        head = Head(lines)
        self._count = head.files
        if head.release != self.offer[0]:
            self._fail(messages.UPDATE_REASON_MANIFEST, now_ms)
        elif head.chip != b"any" and head.chip != self._chip:
            self._fail(messages.UPDATE_REASON_CHIP, now_ms)

    def _look(self, now_ms: int) -> None:
        """Begin to hash what lies in the file's place."""
        self._begin_hash(self._path)
        self._due_ms = now_ms

    def _begin_hash(self, path: str) -> None:
        self._digest = begin_tag(self._key, self.offer[2]) if self._file == 0 else sha256(b"")
        self._left = self._size
        if self._files.size(path) != self._size:
            self._left = -1
        else:
            self._files.open(path)

    def _do_fetch(self, now_ms: int) -> None:
        have = self._files.size(PART) if self._resumes and self._file else -1
        is_kept = 0 < have <= self._size
        self._have = have if is_kept else 0
        self._resumes = False
        if self._files.room() < self._size - self._have + UPDATE_ROOM_BYTES:
            self._fail(messages.UPDATE_REASON_ROOM, now_ms)
            return
        self._files.create(PART, is_kept)
        self._unflushed = 0
        self._retry_ms = UPDATE_WANT_MS
        self._due_ms = now_ms

    def _do_read_back(self, now_ms: int) -> None:
        self._begin_hash(PART)

    def _do_place_manifest(self, now_ms: int) -> None:
        self._files.keep(PART, MANIFEST)
        self._do_verify(now_ms)

    def _do_verify(self, now_ms: int) -> None:
        if self.is_right is None:
            return
        if not self.is_right:
            self.reason = messages.UPDATE_REASON_SIGNATURE
        self._fire(SAME if self.is_right else DIFFERENT, now_ms)

    def _do_place(self, now_ms: int) -> None:
        self._files.keep(PART, self._path)
        self._do_go_on(now_ms)

    def _do_look_for_strays(self, now_ms: int) -> None:
        self._walk = iter(self._files.paths())
        self._files.open_lines()
        for _ in HEAD:
            self._files.line()
        self._left = self._count
        self._strays = []

    def _do_report(self, now_ms: int) -> None:
        self._due_ms = add(now_ms, UPDATE_WANT_MS_MAX)
        self.report(now_ms)

    def _do_end(self, now_ms: int) -> None:
        self.close()
        if self.reason == messages.UPDATE_REASON_ROOM:
            self._make_room()
        self.report(now_ms)

    def _make_room(self) -> None:
        """A full flash is of no use to anybody: remove what was fetched."""
        try:
            for path in list(self._files.paths()):
                self._files.remove(path)
        except OSError:
            pass

    def report(self, now_ms: int) -> None:
        """Tell the leader how it stands."""
        state = messages.UPDATE_STATE_FETCHING
        if self.state == READY:
            state = messages.UPDATE_STATE_READY
        elif self.state == OVER:
            state = messages.UPDATE_STATE_FAILED
        values = (self.offer[0], state, self.reason, self._running, self._file, self._chip)
        self._output.send_update(messages.UPDATE_STATE, values, now_ms)
