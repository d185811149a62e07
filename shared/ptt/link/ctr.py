"""The key stream of one voice frame: AES-128 in counter mode (SP 800-38A) over a block cipher.

The block cipher is handed in: an object whose `encrypt(source, target)` encrypts whole blocks, as
`cryptolib` has it on a badge. The counter block, 16 bytes: epoch 0 2 · talker 2 2 · lease 4 4 ·
frame number 8 2 · coding 10 1 · zeros 11 4 · block 15 1. A burst has a lease of its own and a frame
a number of its own in it, so that under one key no block comes twice with other speech. `coding` is
0 for IMA-ADPCM, as it was before there were others, and else the codec's number: a frame that a
leader has coded anew is other plain text under the same number. Leaders do so only under epochs of
their own, so no two of them share a key stream.
"""

from ..base import features
from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import ADPCM_FRAME_BYTES
from ..wire.messages import CODEC_IMA_ADPCM

if TYPE_CHECKING:
    from typing import Protocol

    class BlockCipher(Protocol):
        """AES with one key."""

        def encrypt(self, source: bytearray, target: bytearray) -> object: ...


_BLOCK_BYTES = const(16)
_CODING_AT = const(10)
_BLOCKS = (ADPCM_FRAME_BYTES + _BLOCK_BYTES - 1) // _BLOCK_BYTES


class KeyStream:
    """Makes the key stream of one frame at a time, in `bytes`."""

    def __init__(self) -> None:
        self.bytes = bytearray(_BLOCKS * _BLOCK_BYTES)
        self._counters = bytearray(_BLOCKS * _BLOCK_BYTES)  # blocks of one burst
        self._epoch = self._talker = self._lease = 0  # that they are of
        for index in range(_BLOCKS):
            self._counters[index * _BLOCK_BYTES + 15] = index

    def make(self, cipher: "BlockCipher", epoch: int, talker: int, lease: int, number: int) -> None:
        """Fill `bytes` for frame `number` of the burst `lease` by node `talker`."""
        if lease != self._lease or talker != self._talker or epoch != self._epoch:
            self._begin(epoch, talker, lease)
        counters = self._counters
        high = number >> 8
        if high != counters[8]:
            for at in range(8, _BLOCKS * _BLOCK_BYTES, _BLOCK_BYTES):
                counters[at] = high
        low = number & 255
        # One by one: a loop takes twice the instructions, and this runs for each frame.
        counters[9] = counters[25] = counters[41] = counters[57] = counters[73] = low
        counters[89] = counters[105] = counters[121] = counters[137] = low
        counters[153] = counters[169] = low
        cipher.encrypt(counters, self.bytes)

    if features.HAS_SMOOTH_PLAYOUT:

        def set_coding(self, codec: int) -> None:
            """The frames to come are in `codec`, a number of the wire."""
            coding = 0 if codec == CODEC_IMA_ADPCM else codec
            counters = self._counters
            if coding != counters[_CODING_AT]:
                for at in range(_CODING_AT, _BLOCKS * _BLOCK_BYTES, _BLOCK_BYTES):
                    counters[at] = coding

    def _begin(self, epoch: int, talker: int, lease: int) -> None:
        self._epoch = epoch
        self._talker = talker
        self._lease = lease
        counters = self._counters
        for at in range(0, _BLOCKS * _BLOCK_BYTES, _BLOCK_BYTES):
            counters[at] = epoch >> 8
            counters[at + 1] = epoch & 255
            counters[at + 2] = talker >> 8
            counters[at + 3] = talker & 255
            counters[at + 4] = lease >> 24
            counters[at + 5] = lease >> 16 & 255
            counters[at + 6] = lease >> 8 & 255
            counters[at + 7] = lease & 255
