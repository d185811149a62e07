"""Small work on every byte: copying and XOR without making slices, which would keep memory."""

from ..compat import TYPE_CHECKING

if TYPE_CHECKING:
    from ..wire.envelope import Buffer


def copy(target: bytearray, at: int, source: "Buffer", start: int, count: int) -> None:
    """`count` bytes of `source` from `start` to `target` from `at`; a slice would allocate."""
    n = 0
    while n < count:
        target[at + n] = source[start + n]
        n += 1


def xor(target: bytearray, at: int, key: "Buffer", start: int, count: int) -> None:
    """XOR `count` bytes of `target` from `at` with those of the key stream `key` from `start`."""
    n = 0
    while n < count:
        target[at + n] ^= key[start + n]
        n += 1
