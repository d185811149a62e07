"""The functions that touch every sample or byte, and which twin of each runs.

Engines call them here by name. The bytecode twins are used until `use` replaces them: with a
badge's native code, or a simulator's stand-in. Twins agree to the bit, so nobody else need know.
What every twin is and how it is called: `adpcm`, `samples`, `base.octets`, `twins`.
"""

from ..base import octets
from ..base.compat import TYPE_CHECKING, const
from . import adpcm, samples

if TYPE_CHECKING:
    from array import array
    from collections.abc import Callable
    from typing import Any

    from ..base.compat import Buffer

IMA_STATE_INTS = const(20)  # a coder's state, array 'i', zeros to begin: plain or shaped
IMA_BURST_INTS = const(18)  # of these, those that restart with each burst
G722_STATE_SHORTS = const(406)  # likewise, array 'h'

ima_encode = adpcm.encode
ima_decode = adpcm.decode
copy = octets.copy
xor = octets.xor
centre = samples.centre
gain = samples.gain
mix_tone = samples.mix_tone
fade = samples.fade
slip = samples.slip
swap = samples.swap


# Too slow as bytecode for a badge, which has them as native code or not at all; `ptt.twins` has
# them for other machines. The shaped coder is called as `ima_encode`, with better sound for the
# same decoder; the other two code 320 samples (array 'h') into 160 bytes, and back.
ima_encode_shaped: "Callable[[array, array, bytearray, int], None] | None" = None
g722_encode: "Callable[[array, array, bytearray, int], None] | None" = None
g722_decode: "Callable[[array, Buffer, int, array], None] | None" = None


def use(twin: "Any") -> None:
    """From now on use the functions that `twin`, a module or an object, has."""
    for name in NAMES:
        function = getattr(twin, name, None)
        if function is not None:
            _put(name, function)


def shape_noise() -> None:
    """From now on `ima_encode` is the better coder, if there is one."""
    if ima_encode_shaped is not None:
        _put("ima_encode", ima_encode_shaped)


def _put(name: str, function: "Any") -> None:
    globals()[name] = function


NAMES = (
    "ima_encode",
    "ima_decode",
    "ima_encode_shaped",
    "g722_encode",
    "g722_decode",
    "copy",
    "xor",
    "centre",
    "gain",
    "mix_tone",
    "fade",
    "slip",
    "swap",
)
