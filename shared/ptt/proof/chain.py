"""A chain of keys, one for each interval of time, made from its end: whoever has a key can make all
before it, and none behind it. Each gives the key of its interval's tags, too.

The leader tells a key some intervals later, when nobody takes a tag by it for new any more. So all
members can check its tags, and no member can make one.
"""

from hashlib import sha256
from struct import pack, pack_into

from ..base.compat import TYPE_CHECKING, const
from ..link.hmac import equal

if TYPE_CHECKING:
    from ..base.compat import Buffer

KEY_BYTES = const(16)
INTERVAL_MS = const(20)  # a frame: the shorter, the sooner what came in it can be proved
INTERVALS = const(16384)  # of a chain, 5.5 minutes: a host makes it in some 20 ms
DELAY = const(5)  # intervals until a key is told: a busy path's jitter, and how well clocks agree
WALK_MAX = const(250)  # keys at a time, 5 s without any: more is work that a stranger could make
_SPAN = const(128)  # of so many keys the last is kept, and of two spans all: 6 KB for 260


def below(key: "Buffer", chain: int, interval: int) -> bytes:
    """From the key of `interval`: that of the interval before, then that of this one's tags."""
    return sha256(bytes(key) + pack(">IH", chain, interval)).digest()


def tag(tag_key: bytes, data: "Buffer", end: int) -> bytes:
    """Whose first bytes are the tag of `data` up to `end`. Key and hash have their size, so that
    one block does what HMAC is for."""
    return sha256(tag_key + sha256(memoryview(data)[0:end]).digest()).digest()


def interval_at(age_ms: int) -> int:
    """The interval in which a chain is that old."""
    return age_ms // INTERVAL_MS


class Chain:
    """All keys of the chain `number`, from its last one, `secret`, which nobody else knows."""

    def __init__(self, number: int, secret: bytes) -> None:
        self.number = number
        self._last = bytearray(INTERVALS // _SPAN * KEY_BYTES)  # key of each span
        self._spans: dict[int, bytearray] = {}
        key = secret
        for interval in range(INTERVALS - 1, 0, -1):
            if interval % _SPAN == _SPAN - 1:
                pack_into("16s", self._last, interval // _SPAN * KEY_BYTES, key)
            key = below(key, number, interval)[0:KEY_BYTES]

    def key(self, interval: int) -> bytes:
        span = interval // _SPAN
        keys = self._spans.get(span)
        if keys is None:
            keys = self._filled(span)
            for other in list(self._spans):  # time goes on: the one before, for keys to be told
                if other != span - 1:
                    del self._spans[other]
            self._spans[span] = keys
        at = interval % _SPAN * KEY_BYTES
        return bytes(keys[at : at + KEY_BYTES])

    def _filled(self, span: int) -> bytearray:
        keys = bytearray(_SPAN * KEY_BYTES)
        key = bytes(self._last[span * KEY_BYTES : (span + 1) * KEY_BYTES])
        for place in range(_SPAN - 1, -1, -1):
            pack_into("16s", keys, place * KEY_BYTES, key)
            key = below(key, self.number, span * _SPAN + place)[0:KEY_BYTES]
        return keys

    def tag_key(self, interval: int) -> bytes:
        return below(self.key(interval), self.number, interval)[KEY_BYTES:]


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
