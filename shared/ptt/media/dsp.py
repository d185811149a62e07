"""The functions that touch every sample or byte, and which twin of each runs.

Engines call them here by name. The bytecode twins stand until `use` puts others in their place: a
badge's native code, or a simulator's stand-in. Twins agree to the bit, so nobody else need know.
"""

from ..compat import TYPE_CHECKING
from . import adpcm

if TYPE_CHECKING:
    from array import array
    from typing import Any

    from ..wire.envelope import Buffer

ima_encode = adpcm.encode
ima_decode = adpcm.decode


def copy(target: bytearray, at: int, source: "Buffer", start: int, count: int) -> None:
    """`count` bytes of `source` from `start` to `target` from `at`; a slice would allocate."""
    n = 0
    while n < count:
        target[at + n] = source[start + n]
        n += 1


def fade(pcm: "array", shift: int) -> None:
    """Every sample divided by 2^shift; 16 and more make silence."""
    n = 0
    while n < len(pcm):
        pcm[n] = pcm[n] >> shift if shift < 16 else 0  # what is negative would become -1
        n += 1


def use(twin: "Any") -> None:
    """From now on the functions of `twin`, a module or an object, those that it has."""
    for name in _NAMES:
        function = getattr(twin, name, None)
        if function is not None:
            globals()[name] = function


_NAMES = ("ima_encode", "ima_decode", "copy", "fade")
