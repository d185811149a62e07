"""An entry with the signature of the host that led (Ed25519, RFC 8032), and its hash."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from pressel.ledger.broken import AlteredError
from pressel.ledger.entry import Entry, read, write

SIGNATURE_BYTES = 64
# The host's key signs handshakes, too: what it says there must never pass as an entry.
_PURPOSE = b"pressel registry log 1: entry\n"


@dataclass(frozen=True)
class Signed:
    """The bytes of an entry, and the signature over them."""

    body: bytes
    signature: bytes

    def entry(self) -> Entry:
        """BrokenError when it is none."""
        return read(self.body)

    def hash(self) -> str:
        """In hexadecimal, over the signature, too: what was signed twice is two entries."""
        return hashlib.sha256(_PURPOSE + self.body + self.signature).hexdigest()

    def check(self) -> Entry:
        """The entry, whose `host` has signed it. AlteredError when it has not."""
        entry = self.entry()
        if len(self.signature) != SIGNATURE_BYTES:
            raise AlteredError("its signature has a wrong length")
        try:
            key = Ed25519PublicKey.from_public_bytes(bytes.fromhex(entry.host))
            key.verify(self.signature, _PURPOSE + self.body)
        except (InvalidSignature, ValueError):
            raise AlteredError(
                f"it is not signed by host {entry.host[:16]}, which it names"
            ) from None
        return entry


def sign(entry: Entry, private: Ed25519PrivateKey) -> Signed:
    """`entry` by the host whose key is `private`, which it must name."""
    own = private.public_key().public_bytes_raw().hex()
    assert entry.host == own, "a host signs in its own name"
    body = write(entry)
    return Signed(body, private.sign(_PURPOSE + body))
