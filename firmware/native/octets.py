"""Native twins of `ptt.base.octets`: bytes copied and XORed."""

import micropython

from ptt.base.compat import TYPE_CHECKING

if TYPE_CHECKING:
    from micropython import ptr8  # pyright: ignore[reportAttributeAccessIssue]

    from ptt.wire.envelope import Buffer


def copy(target: bytearray, at: int, source: "Buffer", start: int, count: int) -> None:
    _check(target, at, count)
    _check(source, start, count)
    copy_bytes(target, at, source, start, count)


def xor(target: bytearray, at: int, key: "Buffer", start: int, count: int) -> None:
    _check(target, at, count)
    _check(key, start, count)
    xor_bytes(target, at, key, start, count)


def _check(buffer: "Buffer", at: int, count: int) -> None:
    if at < 0 or count < 0 or at + count > len(buffer):
        raise IndexError


@micropython.viper
def copy_bytes(target: ptr8, at: int, source: ptr8, start: int, count: int):
    end = at + count
    while at < end:
        target[at] = source[start]
        at += 1
        start += 1


@micropython.viper
def xor_bytes(target: ptr8, at: int, key: ptr8, start: int, count: int):
    end = at + count
    while at < end:
        target[at] = target[at] ^ key[start]
        at += 1
        start += 1
