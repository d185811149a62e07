"""Bytecode twins of coders that a badge has as native code or not at all, being too slow for it.

They run where a host codes, and are what the native code is compared with: `media.dsp.use(twins)`.
"""

from .g722 import decode as g722_decode
from .g722 import encode as g722_encode
from .shaped import encode as ima_encode_shaped

__all__ = ["g722_decode", "g722_encode", "ima_encode_shaped"]
