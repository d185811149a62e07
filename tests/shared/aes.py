"""AES as each runtime has it: the badge's module, or the library that hosts use."""

import sys

IS_BADGE = sys.implementation.name == "micropython"

if IS_BADGE:
    from cryptolib import aes  # pyright: ignore[reportMissingImports]

    def block_cipher(key):
        return aes(key, 1)
else:
    from pressel.block_cipher import BlockCipher as block_cipher  # noqa: F401
