"""HMAC-SHA256 (RFC 2104, FIPS 180-4) for the same few keys over and over.

A key is kept as its two padded blocks. A badge's hash objects can be neither copied nor used again,
so a tag makes two of them and two digests of garbage: 384 bytes. What is hashed lies in a buffer
that stays, behind room for the key's block, since a slice would be garbage, too.
"""

from hashlib import sha256
from struct import pack_into

from ..base.compat import TYPE_CHECKING, const
from ..wire.checksum import BUFFER_BYTES, FRONT_BYTES

if TYPE_CHECKING:
    from ..base.compat import Buffer

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
    """Computes tags; one for all keys of an engine. `buffer`: where, at most as much as lies in it
    behind `FRONT_BYTES`; a badge's `Checksum` works in the same."""

    def __init__(self, buffer: "bytearray | None" = None) -> None:
        self.buffer = buffer or bytearray(BUFFER_BYTES)
        self._whole = memoryview(self.buffer)
        self._view = self._whole[0:0]  # block and data of the last call
        self._outer = bytearray(_BLOCK_BYTES + DIGEST_BYTES)

    def load(self, data: "Buffer") -> None:
        """Put `data` where `digest_loaded` reads it."""
        size = len(data)
        if size > len(self.buffer) - FRONT_BYTES:
            raise ValueError(size)  # an assignment to a slice would grow the buffer
        self.buffer[FRONT_BYTES : FRONT_BYTES + size] = data

    def digest(self, key: HmacKey, data: "Buffer", end: int) -> bytes:
        """The 32 bytes for the first `end` bytes of `data`."""
        if end > len(data):
            raise ValueError(end)
        self.load(data)
        return self.digest_loaded(key, end)

    def digest_loaded(self, key: HmacKey, end: int) -> bytes:
        """The same for what was loaded."""
        buffer = self.buffer
        pack_into("64s", buffer, 0, key.inner)  # a slice would be garbage
        if len(self._view) != FRONT_BYTES + end:
            self._view = self._whole[0 : FRONT_BYTES + end]
        outer = self._outer
        pack_into("64s32s", outer, 0, key.outer, sha256(self._view).digest())
        return sha256(outer).digest()


def is_tag(data: "Buffer", at: int, tag: bytes) -> bool:
    """Are the `TAG_BYTES` bytes of `data` from `at` the first of `tag`? As `equal`, in one
    expression: this is done for each datagram."""
    return not (
        data[at] ^ tag[0]
        | data[at + 1] ^ tag[1]
        | data[at + 2] ^ tag[2]
        | data[at + 3] ^ tag[3]
        | data[at + 4] ^ tag[4]
        | data[at + 5] ^ tag[5]
        | data[at + 6] ^ tag[6]
        | data[at + 7] ^ tag[7]
    )


def equal(data: "Buffer", at: int, tag: bytes, count: int) -> bool:
    """Are `count` bytes of `data` from `at` the first of `tag`? `count` is a multiple of four. It
    always looks at all of them, so that the time taken does not reveal how many are right."""
    difference = 0
    index = 0
    while index < count:  # four at a time: less of the loop
        difference |= data[at] ^ tag[index] | data[at + 1] ^ tag[index + 1]
        difference |= data[at + 2] ^ tag[index + 2] | data[at + 3] ^ tag[index + 3]
        at += 4
        index += 4
    return difference == 0
