"""AES for the engines on a host, by the library `cryptography`, in the form of a badge's
`cryptolib`."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import AES
from cryptography.hazmat.primitives.ciphers.modes import ECB


class BlockCipher:
    """AES with `key` (16 bytes), whole blocks."""

    def __init__(self, key: bytes) -> None:
        self._encryptor = Cipher(AES(key), ECB()).encryptor()

    def encrypt(self, source: bytes | bytearray, target: bytearray) -> None:
        """Encrypt all of `source` into the beginning of `target`, which may be the same."""
        target[0 : len(source)] = self._encryptor.update(source)
