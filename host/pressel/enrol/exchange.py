"""How a newcomer and a leader agree on a key that nobody between them has. No I/O, no clock.

By an invitation: SPAKE2 over the code, so that an attacker between them can try one code per
conversation and learns nothing to try later. By approval: X25519 (RFC 7748), and a check code over
what both have seen, shown on both sides for people to compare. A hash binds the newcomer to its
part before it sees the leader's, so an attacker between them cannot search for parts that give both
sides the same check code.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from spake2 import SPAKE2_A, SPAKE2_B

from pressel.registry.code import written_code

_PURPOSE = b"pressel enrolment 1 "
_KEY_BYTES = 32
_CODE_BYTES = 8
_NONCE = bytes(12)  # each key seals one box


@dataclass(frozen=True)
class Agreed:
    """One key per direction, and the code that both sides can compare."""

    request: bytes = field(repr=False)
    reply: bytes = field(repr=False)
    check_code: str


def seal(key: bytes, text: str) -> str:
    """The one box of `key`, in hexadecimal."""
    return AESGCM(key).encrypt(_NONCE, text.encode(), None).hex()


def open_box(key: bytes, box: str) -> bytes | None:
    """None when another key sealed it."""
    try:
        return AESGCM(key).decrypt(_NONCE, bytes.fromhex(box), None)
    except InvalidTag:
        return None


class ByCode:
    """One side of an invitation's exchange; `code` is plain."""

    def __init__(self, code: str, is_leader: bool) -> None:
        side = SPAKE2_B if is_leader else SPAKE2_A
        self._side = side(code.encode(), idA=_PURPOSE + b"newcomer", idB=_PURPOSE + b"leader")
        self.part: bytes = self._side.start()

    def agree(self, other: bytes) -> Agreed | None:
        """None when the other part is invalid."""
        try:
            secret: bytes = self._side.finish(other)
        except Exception:  # the library has many words for bytes that are no point
            return None
        return _agreed(secret, b"invite", b"")


class ByApproval:
    """One side of an exchange that people will compare; `nonce` has 16 bytes, empty at a leader."""

    def __init__(self, nonce: bytes = b"") -> None:
        self._private = X25519PrivateKey.generate()
        self.part = self._private.public_key().public_bytes_raw()
        self.nonce = nonce

    @property
    def bound(self) -> bytes:
        """What a newcomer sends before it shows its part."""
        return bound(self.part, self.nonce)

    def as_newcomer(self, other: bytes) -> Agreed | None:
        return self._agree(other, self.part + self.nonce + other)

    def as_leader(self, other: bytes, nonce: bytes) -> Agreed | None:
        return self._agree(other, other + nonce + self.part)

    def _agree(self, other: bytes, seen: bytes) -> Agreed | None:
        try:
            secret = self._private.exchange(X25519PublicKey.from_public_bytes(other))
        except ValueError:  # a part that leads to no secret
            return None
        return _agreed(secret, b"approval", seen)


def bound(part: bytes, nonce: bytes) -> bytes:
    """32 bytes that fit no other `part` and `nonce`."""
    return hashlib.sha256(_PURPOSE + b"bound" + part + nonce).digest()


def _agreed(secret: bytes, way: bytes, seen: bytes) -> Agreed:
    size = 2 * _KEY_BYTES + _CODE_BYTES
    salt = hashlib.sha256(seen).digest()
    made = HKDF(hashes.SHA256(), size, salt, _PURPOSE + way).derive(secret)
    number = int.from_bytes(made[2 * _KEY_BYTES :], "big")
    return Agreed(made[:_KEY_BYTES], made[_KEY_BYTES : 2 * _KEY_BYTES], written_code(number))
