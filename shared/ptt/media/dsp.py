"""The functions that touch every sample or byte, and which twin of each runs.

Engines call them here by name. The bytecode twins stand until `use` puts others in their place: a
badge's native code, or a simulator's stand-in. Twins agree to the bit, so nobody else need know.
What every twin is and how it is called: `adpcm`, `adpcm_shaped`, `g722`, `samples`, `octets`.
"""

from ..compat import TYPE_CHECKING, const
from . import adpcm, octets, samples

if TYPE_CHECKING:
    from array import array
    from typing import Any

    from ..wire.envelope import Buffer

IMA_STATE_INTS = const(20)  # a coder's state, array 'i', zeros to begin: plain or shaped
IMA_BURST_INTS = const(18)  # of these, those that begin anew with each burst
G722_STATE_SHORTS = const(406)  # likewise, array 'h'

ima_encode = adpcm.encode
ima_decode = adpcm.decode
copy = octets.copy
xor = octets.xor
gain = samples.gain
mix_tone = samples.mix_tone
fade = samples.fade
slip = samples.slip


# The twins of these are long, and as bytecode too slow for a badge: loaded by the first call, so
# that a badge, which has them as native code or not at all, does not carry them.


def ima_encode_shaped(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    """As `ima_encode`, for the same decoder, with better sound."""
    from . import adpcm_shaped

    _put("ima_encode_shaped", adpcm_shaped.encode)
    adpcm_shaped.encode(state, pcm, out, at)


def g722_encode(state: "array", pcm: "array", out: bytearray, at: int) -> None:
    """Code `pcm` (320 samples, array 'h') into 160 bytes of `out` from `at`."""
    from . import g722

    _put("g722_encode", g722.encode)
    g722.encode(state, pcm, out, at)


def g722_decode(state: "array", data: "Buffer", at: int, pcm: "array") -> None:
    """Decode the 160 bytes of `data` from `at` into `pcm` (320 samples, array 'h')."""
    from . import g722

    _put("g722_decode", g722.decode)
    g722.decode(state, data, at, pcm)


def use(twin: "Any") -> None:
    """From now on the functions of `twin`, a module or an object, those that it has."""
    for name in NAMES:
        function = getattr(twin, name, None)
        if function is not None:
            _put(name, function)


def shape_noise() -> None:
    """From now on `ima_encode` is the better coder: for badges that have it as native code."""
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
    "gain",
    "mix_tone",
    "fade",
    "slip",
)
