"""What the signer of a release signs, and how a badge looks at that in short steps.

The signature (`lms`) stands behind the manifest. It is over a label, whether an older release is
meant, and the manifest's bytes.
"""

from ..base.compat import TYPE_CHECKING, const
from ..base.numbers import UPDATE_READ_BYTES
from .lms import HEAD_BYTES, SIGNATURE_BYTES, Verifier

if TYPE_CHECKING:
    from typing import Any

_SIGNED = b"pressel release 1 "
_DOWNGRADE = const(1)  # as in update_manifest, which is not loaded to look at a signature


def signed_head(flags: int) -> bytes:
    """What is signed before the manifest's own bytes."""
    return _SIGNED + bytes((flags & _DOWNGRADE,))


class SignatureCheck:
    """`public` is the signer's key, `flags` those of the offer, `size` the bytes of manifest and
    signature, `file` open for reading: OSError as it reads. Who opened it closes it."""

    def __init__(self, public: bytes, flags: int, size: int, file: "Any") -> None:
        self.is_right = False  # after the last step
        self._file = file
        self._size = self._left = size - SIGNATURE_BYTES
        if self._left > 0:
            file.seek(self._left)
            self._verifier = Verifier(public, file.readinto)
            self._verifier.update(signed_head(flags))
            file.seek(0)

    def step(self) -> bool:
        """Hash a piece of the manifest, or take a chain of the signature. True while there is more
        to do; then `is_right` says how it ended."""
        if self._size <= 0:
            return False  # too short for a signature
        if self._left > 0:
            piece = self._file.read(min(self._left, UPDATE_READ_BYTES))
            if not piece:
                raise OSError
            self._left -= len(piece)
            self._verifier.update(piece)
            if self._left == 0:
                self._file.seek(self._size + HEAD_BYTES)
            return True
        if self._verifier.step():
            return True
        self.is_right = self._verifier.is_right
        return False
