"""One authenticated counterpart: where it is, under which keys we speak, and what has come from it.

A leader has one per member, a badge one with its leader. Both engines compose it: it knows no
message and no state machine. It reads what its `Hmac` holds (`Hmac.load`), so that nothing is
copied for it; on a badge that is where the checksum has just put the datagram.
"""

from ..base.clock import age
from ..base.compat import TYPE_CHECKING
from ..base.numbers import FORMER_KEYS_MS
from ..wire.envelope import FLAG_SEALED, TAG_BYTES
from .hmac import equal
from .replay import ReplayWindow

if TYPE_CHECKING:
    from typing import Any

    from ..base.compat import Buffer
    from .derive import SessionKeys
    from .hmac import Hmac


class Link:
    """`is_leader`: the other side is a badge; else it is our leader."""

    __slots__ = (
        "_hmac",
        "_is_leader",
        "address",
        "former",
        "keys",
        "replay",
        "seq",
        "session",
        "switched_ms",
    )

    flags = FLAG_SEALED  # in the envelopes that it seals
    tail_bytes = TAG_BYTES  # room to leave behind a payload

    def __init__(self, hmac: "Hmac", is_leader: bool) -> None:
        self._hmac = hmac
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

    def tag(self, end: int) -> bytes:
        """The `TAG_BYTES` to put after the first `end` bytes of the loaded datagram. There must be
        keys."""
        keys = self.keys
        assert keys is not None
        return self._hmac.digest_loaded(keys.down if self._is_leader else keys.up, end)

    def is_sealed_by(self, keys: "SessionKeys | None", data: "Buffer", end: int) -> bool:
        """Does the loaded `data` carry, behind `end` bytes, the tag of the other side's `keys`?"""
        if keys is None:
            return False
        key = keys.up if self._is_leader else keys.down
        return equal(data, end, self._hmac.digest_loaded(key, end), TAG_BYTES)

    def is_sealed_by_former(self, data: "Buffer", end: int, now_ms: int) -> bool:
        """Is it sealed by the keys before the last change, which stay valid for a moment?"""
        if self.former is None:
            return False
        if age(now_ms, self.switched_ms) >= FORMER_KEYS_MS:
            self.former = None
            return False
        return self.is_sealed_by(self.former, data, end)

    def is_from_there(self, data: "Buffer", end: int, now_ms: int) -> bool:
        """Is it sealed by the keys in use, or those before?"""
        if self.is_sealed_by(self.keys, data, end):
            return True
        return self.is_sealed_by_former(data, end, now_ms)

    def seal(self, data: bytearray) -> bool:
        """Put the tag into the last `TAG_BYTES` of `data`; False when there are no keys."""
        if self.keys is None:
            return False
        end = len(data) - TAG_BYTES
        self._hmac.load(data)
        data[end:] = self.tag(end)[0:TAG_BYTES]
        return True
