"""One authenticated counterpart: where it is, under which keys we speak, and what has come from it.

A leader has one per member, a badge one with its leader. Both engines compose it: it knows no
message and no state machine. It seals and opens the datagram that lies in the buffer of its `Hmac`:
`load` puts it there, and on a badge the checksum has done so, so that nothing is copied twice.
"""

from struct import pack_into

from ..base.clock import age
from ..base.compat import TYPE_CHECKING
from ..base.numbers import FORMER_KEYS_MS
from ..wire import envelope, refusal
from ..wire.envelope import TAG_BYTES
from .hmac import is_tag
from .replay import ReplayWindow

if TYPE_CHECKING:
    from typing import Any

    from ..base.compat import Buffer
    from .derive import SessionKeys
    from .hmac import Hmac


class Link:
    """`is_leader`: the other side is a badge; else it is our leader."""

    __slots__ = (
        "_is_leader",
        "address",
        "former",
        "hmac",
        "keys",
        "replay",
        "seq",
        "session",
        "switched_ms",
    )

    def __init__(self, hmac: "Hmac", is_leader: bool) -> None:
        self.hmac = hmac
        self._is_leader = is_leader
        self.address: Any = None
        self.session = 0  # number of the session, 0: none
        self.seq = 0  # of the last datagram to the other side
        self.keys: SessionKeys | None = None  # None: nothing can be sent or believed
        self.former: SessionKeys | None = None  # before a change, for what is still on its way
        self.switched_ms = 0  # when that was
        self.replay = ReplayWindow()

    def next_seq(self) -> int:
        self.seq += 1
        return self.seq

    def begin(self, session: int, keys: "SessionKeys | None", now_ms: int) -> None:
        """A session begins, or goes on in another term: nothing has come under these keys yet."""
        self.session = session
        self.keys = keys
        self.former = None
        self.switched_ms = now_ms
        self.replay = ReplayWindow()

    def renew(self, keys: "SessionKeys", now_ms: int) -> None:
        """Other keys for the same session. Sequence numbers go on."""
        self.former = self.keys
        self.keys = keys
        self.switched_ms = now_ms

    def load(self, data: "Buffer") -> None:
        """`data` is the next datagram to seal or to open."""
        self.hmac.load(data)

    def seal(self, data: bytearray, end: int) -> bool:
        """Put the tag behind the first `end` bytes of the loaded `data`; False when there are no
        keys."""
        keys = self.keys
        if keys is None:
            return False
        tag = self.hmac.digest_loaded(keys.down if self._is_leader else keys.up, end)
        pack_into("8s", data, end, tag)
        return True

    def open(self, data: "Buffer", now_ms: int) -> int:
        """ACCEPTED, once, when the loaded `data` is the other side's, by the keys in use or, for a
        moment, those before; REPLAY or TAG otherwise."""
        seq = envelope.get32(data, envelope.SEQ_AT)
        if not self.replay.is_new(seq):
            return refusal.REPLAY
        if not self.is_sealed_by(self.keys, data):
            if age(now_ms, self.switched_ms) >= FORMER_KEYS_MS:
                self.former = None
            if not self.is_sealed_by(self.former, data):
                return refusal.TAG
        self.replay.accept(seq)
        return refusal.ACCEPTED

    def keys_of(self, data: "Buffer") -> "SessionKeys | None":
        """Those in use or those before, by which `data` has just been opened."""
        self.load(data)
        is_former = self.former is not None and not self.is_sealed_by(self.keys, data)
        return self.former if is_former else self.keys

    def is_sealed_by(self, keys: "SessionKeys | None", data: "Buffer") -> bool:
        """Does the loaded `data` end in the tag of the other side's `keys`?"""
        if keys is None:
            return False
        end = len(data) - TAG_BYTES
        key = keys.up if self._is_leader else keys.down
        return is_tag(data, end, self.hmac.digest_loaded(key, end))
