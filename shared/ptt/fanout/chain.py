"""The chain of keys that proves what is sent to many (`proof.known`), as the leader has it."""

from struct import pack_into

from ..base.compat import const
from ..proof.known import KEY_BYTES, below

INTERVALS = const(16384)  # of a chain, 5.5 minutes: a host makes it in some 20 ms
DELAY = const(5)  # intervals until a key is told: a busy path's jitter, and how well clocks agree
_SPAN = const(128)  # of so many keys the last is kept, and of two spans all: 6 KB for 260


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
