"""Chains of keys, one for each interval of time, made from their end: whoever has a key can make
all before it, and none behind it. Each gives the key of its interval's tags, too. Here is what a
listener knows of one; the leader has it whole (`fanout.chain`).

The leader tells a key some intervals later, when nobody takes a tag by it for new any more. So all
members can check its tags, and no member can make one.
"""

from hashlib import sha256
from struct import pack

from ..base.compat import TYPE_CHECKING, const
from ..link.hmac import equal

if TYPE_CHECKING:
    from ..base.compat import Buffer

KEY_BYTES = const(16)
INTERVAL_MS = const(20)  # a frame: the shorter, the sooner what came in it can be proved
WALK_MAX = const(250)  # keys at a time, 5 s without any: more is work that a stranger could make


def below(key: "Buffer", chain: int, interval: int) -> bytes:
    """From the key of `interval`: that of the interval before, then that of this one's tags."""
    digest = sha256(key)
    digest.update(pack(">IH", chain, interval))
    return digest.digest()


def tag(tag_key: bytes, data: "Buffer", end: int) -> bytes:
    """Whose first bytes are the tag of `data` up to `end`. Key and hash have their size, so that
    one block does what HMAC is for."""
    digest = sha256(tag_key)  # and the rest: a badge would keep the two as one more object
    digest.update(sha256(memoryview(data)[0:end]).digest())
    return digest.digest()


def interval_at(age_ms: int) -> int:
    """The interval in which a chain is that old."""
    return age_ms // INTERVAL_MS


class Known:
    """What a listener knows of the chain `number`: its key of one `interval`, and all before."""

    def __init__(self, number: int, interval: int, key: bytes) -> None:
        self.number = number
        self.interval = interval  # the latest whose key was told
        self._key = key

    def learn(self, interval: int, key: "Buffer") -> "dict[int, bytes] | None":
        """`key` is said to be that of `interval`. None: it is not, or too far away to tell.
        Otherwise the keys of the tags of all intervals that were not known yet."""
        known = self.interval
        if abs(interval - known) > WALK_MAX:
            return None
        if interval <= known:
            walked = self._walk(self._key, known, interval, None)
            return {} if equal(key, 0, walked, KEY_BYTES) else None
        found: dict[int, bytes] = {}
        if not equal(self._key, 0, self._walk(key, interval, known, found), KEY_BYTES):
            return None
        self.interval = interval
        self._key = bytes(key)
        return found

    def proves(self, interval: int, key: "Buffer") -> bool:
        """Is `key` that of `interval`, which lies behind all that was told? It is not learned."""
        if interval - self.interval > WALK_MAX:
            return False
        return equal(self._key, 0, self._walk(key, interval, self.interval, None), KEY_BYTES)

    def _walk(
        self, key: "Buffer", interval: int, down_to: int, found: "dict[int, bytes] | None"
    ) -> bytes:
        """The key of `down_to`; into `found` go the keys of tags on the way."""
        while interval > down_to:
            digest = below(key, self.number, interval)
            if found is not None:
                found[interval] = digest[KEY_BYTES:]
            key = digest[0:KEY_BYTES]
            interval -= 1
        return bytes(key)
