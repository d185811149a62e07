"""How two hosts agree on a session: a signed question and a signed answer.

Both sides send a fresh X25519 key (RFC 7748) and sign with the Ed25519 identity (RFC 8032) that the
other's operator has allowed. The answer's signature covers the whole question. Keys come from the
shared secret by HKDF-SHA256 (RFC 5869) over both identities and both messages, so that nobody can
take somebody else's answer for its own. What was sealed stays sealed if an identity is stolen
later. A question is as long as an answer: nobody can use us to flood others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ptt.cluster.host_messages import TABLE_HASH

QUESTION = 1  # first bytes
ANSWER = 2
VERSION = 1

# type 0 1 · version 1 1 · table 2 4 · asker's session 6 4 · answerer's session 10 4 (0 in a
# question) · identity 14 32 · fresh key 46 32 · signature 78 64
SIGNATURE_AT = 78
BYTES = 142

_KEY_BYTES = 32
_SIGNED = b"pressel host channel 1"

Entropy = Callable[[int], bytes]


@dataclass(frozen=True)
class Hello:
    """A question or an answer, taken apart; nothing of it is proved yet."""

    kind: int
    table: bytes
    asker: int
    answerer: int
    identity: bytes
    fresh: bytes
    signature: bytes
    signed: bytes  # what the signature covers, an answer's question aside


def read(datagram: bytes) -> Hello | None:
    """None for anything that is neither, or of another version."""
    if len(datagram) != BYTES or datagram[0] not in (QUESTION, ANSWER) or datagram[1] != VERSION:
        return None
    return Hello(
        kind=datagram[0],
        table=datagram[2:6],
        asker=int.from_bytes(datagram[6:10], "big"),
        answerer=int.from_bytes(datagram[10:14], "big"),
        identity=datagram[14:46],
        fresh=datagram[46:SIGNATURE_AT],
        signature=datagram[SIGNATURE_AT:],
        signed=datagram[:SIGNATURE_AT],
    )


def is_signed(hello: Hello, question: bytes = b"") -> bool:
    """Whether its sender holds the identity that it names; of an answer, to this `question`."""
    try:
        key = Ed25519PublicKey.from_public_bytes(hello.identity)
        key.verify(hello.signature, _SIGNED + question + hello.signed)
    except (InvalidSignature, ValueError):
        return False
    return True


class Half:
    """One side of a handshake until the other side's part is there."""

    def __init__(self, identity: Ed25519PrivateKey, entropy: Entropy) -> None:
        self._identity = identity
        self._public = identity.public_key().public_bytes_raw()
        self._private = X25519PrivateKey.from_private_bytes(entropy(_KEY_BYTES))
        self.sent = b""

    def ask(self, asker: int) -> bytes:
        return self._write(QUESTION, asker, 0, b"")

    def answer(self, asker: int, answerer: int, question: bytes) -> bytes:
        return self._write(ANSWER, asker, answerer, question)

    def keys(self, other: Hello, question: bytes, answer: bytes) -> tuple[bytes, bytes] | None:
        """(key of the asker, key of the answerer), each for what that side sends. None when the
        other's fresh key is one of those that give no secret."""
        try:
            public = X25519PublicKey.from_public_bytes(other.fresh)
            secret = self._private.exchange(public)
        except ValueError:
            return None
        transcript = hashlib.sha256(question + answer).digest()
        is_asker = self.sent == question
        pair = (self._public, other.identity) if is_asker else (other.identity, self._public)
        hkdf = HKDF(SHA256(), 2 * _KEY_BYTES, salt=transcript, info=_SIGNED + b"".join(pair))
        both = hkdf.derive(secret)
        return both[:_KEY_BYTES], both[_KEY_BYTES:]

    def _write(self, kind: int, asker: int, answerer: int, question: bytes) -> bytes:
        numbers = asker.to_bytes(4, "big") + answerer.to_bytes(4, "big")
        fresh = self._private.public_key().public_bytes_raw()
        signed = bytes([kind, VERSION]) + TABLE_HASH + numbers + self._public + fresh
        self.sent = signed + self._identity.sign(_SIGNED + question + signed)
        return self.sent
