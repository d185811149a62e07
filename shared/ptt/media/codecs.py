"""The codecs that a participant has: each one entry of a table, made of a coder and a decoder.

A burst is in one codec from its first frame to its last. Coders and decoders run on from frame to
frame and begin anew with each burst. A listener who joins amid one starts its decoder there, and
hears speech from the first frame on or, where the decoder's state is not in the frame, within some
60 ms. Builds without room have IMA-ADPCM alone, and not this module.
"""

from array import array

from ..base.compat import TYPE_CHECKING
from ..base.numbers import ADPCM_FRAME_BYTES
from ..wire.messages import CODEC_IMA_ADPCM
from . import dsp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from typing import Protocol

    from ..base.compat import Buffer

    class Coder(Protocol):
        """Makes frames of one talker's bursts."""

        def begin(self) -> None:
            """A burst begins."""
            ...

        def encode(self, pcm: array, out: bytearray, at: int) -> None:
            """Code `pcm` (320 samples, array 'h') into the codec's `frame_bytes` of `out` from
            `at`."""
            ...

    class Decoder(Protocol):
        """Plays frames of one burst after the other."""

        def begin(self) -> None:
            """A burst begins, or is joined."""
            ...

        def decode(self, data: Buffer, at: int, pcm: array) -> None:
            """The frame at `at` of `data` as `pcm` (320 samples, array 'h'), whatever it holds."""
            ...


class Codec:
    """One way to code 20 ms of speech. `number`, `name`: those of the wire."""

    def __init__(
        self,
        number: int,
        name: str,
        frame_bytes: int,
        coder: "Callable[[], Coder]",
        decoder: "Callable[[], Decoder]",
    ) -> None:
        self.number = number
        self.name = name
        self.frame_bytes = frame_bytes
        self.coder = coder
        self.decoder = decoder


class ImaCoder:
    """IMA-ADPCM by the twin that `dsp` has."""

    def __init__(self) -> None:
        self._state = array("i", [0] * dsp.IMA_STATE_INTS)

    def begin(self) -> None:
        for place in range(dsp.IMA_BURST_INTS):
            self._state[place] = 0

    def encode(self, pcm: "array", out: bytearray, at: int) -> None:
        dsp.ima_encode(self._state, pcm, out, at)


class ImaDecoder:
    """IMA-ADPCM: each frame brings the coder's state."""

    def begin(self) -> None:
        pass

    def decode(self, data: "Buffer", at: int, pcm: "array") -> None:
        dsp.ima_decode(data, at, pcm)


IMA = Codec(CODEC_IMA_ADPCM, "IMA-ADPCM", ADPCM_FRAME_BYTES, ImaCoder, ImaDecoder)


class Codecs:
    """Those of one participant: IMA-ADPCM, which all have, and what its owner adds."""

    def __init__(self) -> None:
        self.ima = IMA
        self._codecs = {CODEC_IMA_ADPCM: IMA}

    def add(self, codec: Codec) -> None:
        assert codec.number not in self._codecs, "a codec twice"
        self._codecs[codec.number] = codec

    def __iter__(self) -> "Iterator[Codec]":
        return iter(self._codecs.values())

    def get(self, number: int) -> "Codec | None":
        """The codec `number` of the wire; None: it is not known here."""
        return self._codecs.get(number)

    def mask(self) -> int:
        """As HELLO has it: bit n for codec n."""
        mask = 0
        for number in self._codecs:
            mask |= 1 << number
        return mask
