"""HMAC-SHA256 (RFC 2104, FIPS 180-4) for the same few keys over and over.

A key is kept as its two padded blocks. A badge's hash objects can be neither copied nor used again,
so a tag makes two of them and two digests of garbage: 384 bytes. What is hashed is copied into
buffers that stay, since a slice would be garbage, too.
"""

from hashlib import sha256

from ..compat import TYPE_CHECKING, const
from ..numbers import DATAGRAM_BYTES_MAX

if TYPE_CHECKING:
    from ..wire.envelope import Buffer

DIGEST_BYTES = const(32)

_BLOCK_BYTES = const(64)


class HmacKey:
    """`key` as the blocks that begin both hashes; one of more than 64 bytes is hashed itself."""

    __slots__ = ("inner", "outer")

    def __init__(self, key: bytes) -> None:
        if len(key) > _BLOCK_BYTES:
            key = sha256(key).digest()
        inner = bytearray(_BLOCK_BYTES)
        outer = bytearray(_BLOCK_BYTES)
        for index in range(_BLOCK_BYTES):
            byte = key[index] if index < len(key) else 0
            inner[index] = byte ^ 0x36
            outer[index] = byte ^ 0x5C
        self.inner = bytes(inner)
        self.outer = bytes(outer)


class Hmac:
    """Computes tags of at most `size_bytes` of data; one for all keys of an engine."""

    def __init__(self, size_bytes: int = DATAGRAM_BYTES_MAX) -> None:
        self._buffer = bytearray(_BLOCK_BYTES + size_bytes)
        self._whole = memoryview(self._buffer)
        self._view = self._whole[0:0]  # block and data of the last call
        self._outer = bytearray(_BLOCK_BYTES + DIGEST_BYTES)

    def digest(self, key: HmacKey, data: "Buffer", end: int) -> bytes:
        """The 32 bytes for the first `end` bytes of `data`."""
        buffer = self._buffer
        size = len(data)
        if not end <= size <= len(buffer) - _BLOCK_BYTES:
            raise ValueError("%d bytes" % size)  # an assignment to a slice would grow the buffer
        buffer[0:_BLOCK_BYTES] = key.inner
        buffer[_BLOCK_BYTES : _BLOCK_BYTES + size] = data
        if len(self._view) != _BLOCK_BYTES + end:
            self._view = self._whole[0 : _BLOCK_BYTES + end]
        outer = self._outer
        outer[0:_BLOCK_BYTES] = key.outer
        outer[_BLOCK_BYTES : _BLOCK_BYTES + DIGEST_BYTES] = sha256(self._view).digest()
        return sha256(outer).digest()


def equal(data: "Buffer", at: int, tag: bytes, count: int) -> bool:
    """Are `count` bytes of `data` from `at` the first of `tag`? Looks at all of them always, so
    that the time taken does not tell how many are right."""
    difference = 0
    index = 0
    while index < count:
        difference |= data[at + index] ^ tag[index]
        index += 1
    return difference == 0
