"""Small work on every byte: copying and XOR without making slices, which would keep memory."""

from .compat import TYPE_CHECKING

if TYPE_CHECKING:
    from .compat import Buffer


def copy(target: bytearray, at: int, source: "Buffer", start: int, count: int) -> None:
    """`count` bytes of `source` from `start` to `target` from `at`; a slice would allocate."""
    n = 0
    while n < count:
        target[at + n] = source[start + n]
        n += 1


def xor(target: bytearray, at: int, key: "Buffer", start: int, count: int) -> None:
    """XOR `count` bytes of `target` from `at` with those of the key stream `key` from `start`."""
    end = start + count
    for n in range(start, end - 3, 4):  # four at a time: a third less of the loop
        target[at] ^= key[n]
        target[at + 1] ^= key[n + 1]
        target[at + 2] ^= key[n + 2]
        target[at + 3] ^= key[n + 3]
        at += 4
    for n in range(end - count % 4, end):
        target[at] ^= key[n]
        at += 1
