"""The key that two hosts have in common before they have said a word: whoever marks a datagram with
it holds the identity of one of them. A mark costs one hash, so a forged one costs no more.

It is the X25519 secret of both identities, whose Ed25519 keys are taken as the same points on the
other form of the curve (RFC 7748, 4.1; RFC 8032, 5.1.5).
"""

from __future__ import annotations

import hashlib
import hmac

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

MARK_BYTES = 16

_KEY_BYTES = 32
_PRIME = 2**255 - 19
_SIGN = 1 << 255
_INFO = b"pressel host pair 2"


def pair_key(identity: Ed25519PrivateKey, other: bytes) -> bytes | None:
    """32 bytes, the same at both hosts. None when `other` is a key for which anybody could sign."""
    own = identity.public_key().public_bytes_raw()
    try:
        secret = _private(identity).exchange(_public(other))
    except ValueError:
        return None
    return HKDF(
        SHA256(), _KEY_BYTES, salt=None, info=_INFO + min(own, other) + max(own, other)
    ).derive(secret)


def mark(key: bytes, data: bytes) -> bytes:
    return hmac.digest(key, data, "sha256")[:MARK_BYTES]


def is_marked(key: bytes, data: bytes, marked: bytes) -> bool:
    return hmac.compare_digest(mark(key, data), marked)


def _private(identity: Ed25519PrivateKey) -> X25519PrivateKey:
    """X25519 sets the same bits as Ed25519 does."""
    return X25519PrivateKey.from_private_bytes(
        hashlib.sha512(identity.private_bytes_raw()).digest()[:_KEY_BYTES]
    )


def _public(identity: bytes) -> X25519PublicKey:
    y = int.from_bytes(identity, "little") & ~_SIGN
    u = (1 + y) * pow(1 - y, -1, _PRIME) % _PRIME  # ValueError for the neutral point
    return X25519PublicKey.from_public_bytes(u.to_bytes(_KEY_BYTES, "little"))
