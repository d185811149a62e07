"""G.722 as a participant has it, by the twin that `dsp` has: machine code on a badge.

Its state runs on from frame to frame. Who starts it amid a burst hears the same as others from 100
ms on, but for a difference 30 dB below it; from 60 ms on, 16 dB. What it is, step by step:
`twins.g722`.
"""

from array import array

from ..base.compat import TYPE_CHECKING
from ..base.numbers import G722_FRAME_BYTES
from ..wire.messages import CODEC_G722
from . import dsp
from .codecs import Codec

if TYPE_CHECKING:
    from ..base.compat import Buffer


class G722Coder:
    """One talker's."""

    def __init__(self) -> None:
        assert dsp.g722_encode is not None, "G.722 without a coder"
        self._encode = dsp.g722_encode
        self._state = array("h", bytes(2 * dsp.G722_STATE_SHORTS))

    def begin(self) -> None:
        for place in range(dsp.G722_STATE_SHORTS):
            self._state[place] = 0

    def encode(self, pcm: "array", out: bytearray, at: int) -> None:
        self._encode(self._state, pcm, out, at)


class G722Decoder:
    """One listener's."""

    def __init__(self) -> None:
        assert dsp.g722_decode is not None, "G.722 without a decoder"
        self._decode = dsp.g722_decode
        self._state = array("h", bytes(2 * dsp.G722_STATE_SHORTS))

    def begin(self) -> None:
        for place in range(dsp.G722_STATE_SHORTS):
            self._state[place] = 0

    def decode(self, data: "Buffer", at: int, pcm: "array") -> None:
        self._decode(self._state, data, at, pcm)


G722 = Codec(CODEC_G722, "G.722", G722_FRAME_BYTES, G722Coder, G722Decoder)
