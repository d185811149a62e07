"""The key stream of one voice frame: AES-128 in counter mode (SP 800-38A) over a block cipher.

The block cipher is handed in: an object whose `encrypt(source, target)` encrypts whole blocks, as
`cryptolib` has it on a badge. The counter block, 16 bytes: epoch 0 2 · talker 2 2 · lease 4 4 ·
frame number 8 2 · zeros 10 5 · block 15 1. A burst has a lease of its own and a frame a number of
its own in it, so that under one key no block comes twice with other speech.
"""

from ..compat import TYPE_CHECKING, const
from ..numbers import ADPCM_FRAME_BYTES

if TYPE_CHECKING:
    from typing import Protocol

    class BlockCipher(Protocol):
        """AES with one key."""

        def encrypt(self, source: bytearray, target: bytearray) -> object: ...


GROUP_KEY_BYTES = const(16)

_BLOCK_BYTES = const(16)
_BLOCKS = (ADPCM_FRAME_BYTES + _BLOCK_BYTES - 1) // _BLOCK_BYTES


class KeyStream:
    """Makes the key stream of one frame at a time, in `bytes`."""

    def __init__(self) -> None:
        self.bytes = bytearray(_BLOCKS * _BLOCK_BYTES)
        self._block = bytearray(_BLOCK_BYTES)

    def make(self, cipher: "BlockCipher", epoch: int, talker: int, lease: int, number: int) -> None:
        """Fill `bytes` for frame `number` of the burst `lease` by node `talker`."""
        block = self._block
        block[0] = epoch >> 8
        block[1] = epoch & 255
        block[2] = talker >> 8
        block[3] = talker & 255
        block[4] = lease >> 24
        block[5] = lease >> 16 & 255
        block[6] = lease >> 8 & 255
        block[7] = lease & 255
        block[8] = number >> 8
        block[9] = number & 255
        stream = self.bytes
        index = at = 0
        while index < _BLOCKS:
            block[15] = index
            stream[at : at + _BLOCK_BYTES] = block
            at += _BLOCK_BYTES
            index += 1
        cipher.encrypt(stream, stream)
