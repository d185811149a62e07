"""The chip's AES: what `ptt.link.ctr` builds its counter mode on."""

from cryptolib import aes
from micropython import const

_ECB = const(1)


def block_cipher(key: bytes) -> aes:
    """AES with `key` (16 bytes); it encrypts whole blocks."""
    return aes(key, _ECB)
