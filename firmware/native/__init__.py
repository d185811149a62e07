"""Native twins of `ptt.media.dsp`'s functions, under the names that it knows.

Written in viper, MicroPython's machine code for annotated functions. Viper code checks no bounds,
so each function is called through one, here or in its module, that checks lengths. The bytecode
twins in `ptt.media` say what the functions do; tests/native proves that both agree to the bit. The
build makes this package only for chips that it knows (see `native-code.md`), so whoever imports it
must be able to go on without.
"""

from .g722 import g722_decode, g722_encode
from .ima import ima_decode, ima_encode
from .octets import copy, xor
from .samples import fade, gain, mix_tone, slip
from .shaped import ima_encode_shaped

__all__ = (
    "copy",
    "fade",
    "g722_decode",
    "g722_encode",
    "gain",
    "ima_decode",
    "ima_encode",
    "ima_encode_shaped",
    "mix_tone",
    "slip",
    "xor",
)
