"""How two hosts agree on a session: a hail and a cookie, then a question and an answer.

The hail says nothing but who asks. Whoever is asked sends a cookie there, and stores nothing: only
somebody who hears what arrives at that address can go on. Both cookie and what follows carry the
mark of a key that only these two hosts have (`pair`), so that anything forged costs one hash.

In question and answer both sides send a fresh X25519 key (RFC 7748) and sign with the Ed25519
identity (RFC 8032) that the other's operator has allowed. The answer's signature covers the whole
question. Keys come from the shared secret by HKDF-SHA256 (RFC 5869) over both identities and both
messages, so that nobody can take somebody else's answer for its own. What was sealed stays sealed
if an identity is stolen later. No datagram is answered by a longer one: nobody can use us to flood
others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from ptt.cluster.host_messages import TABLE_HASH

from .cookie import COOKIE_BYTES
from .pair import MARK_BYTES, is_marked, mark

QUESTION = 1  # first bytes; 3 is `session.DATA`, 4 a beacon
ANSWER = 2
HAIL = 5
COOKIE = 6
VERSION = 2

# Question, answer: type 0 1 · version 1 1 · table 2 4 · asker's session 6 4 · answerer's session
# 10 4 (0 in a question) · identity 14 32 · fresh key 46 32 · cookie 78 16 · signature 94 64 ·
# mark 158 16
_COOKIE_AT = 78
SIGNATURE_AT = 94
MARK_AT = 158
BYTES = MARK_AT + MARK_BYTES

# Cookie: type 0 1 · version 1 1 · asker's session 2 4 · identity 6 32 · cookie 38 16 · mark 54 16.
# A hail is its first 38 bytes, filled up with zeros.
_ASKED_BYTES = 38
_COOKIE_MARK_AT = _ASKED_BYTES + COOKIE_BYTES
COOKIE_DATAGRAM_BYTES = _COOKIE_MARK_AT + MARK_BYTES

# Version 1: as a question, without cookie and mark. It is only recognized.
_OLDER = 1
_OLDER_BYTES = 142
_OLDER_SIGNATURE_AT = 78

_KEY_BYTES = 32
_SIGNED = b"pressel host channel 2"
_OLDER_SIGNED = b"pressel host channel 1"

Entropy = Callable[[int], bytes]


class Hail:
    """A hail, or the cookie that answers one; nothing of it is proved yet. A field is read when it
    is asked for, so what is forged costs little."""

    __slots__ = ("_datagram",)

    def __init__(self, datagram: bytes) -> None:
        self._datagram = datagram

    @property
    def kind(self) -> int:
        return self._datagram[0]

    @property
    def asker(self) -> int:
        return int.from_bytes(self._datagram[2:6], "big")

    @property
    def identity(self) -> bytes:
        """Of its sender."""
        return self._datagram[6:_ASKED_BYTES]

    @property
    def cookie(self) -> bytes:
        return self._datagram[_ASKED_BYTES:_COOKIE_MARK_AT]

    @property
    def asked(self) -> bytes:
        """What a cookie is for."""
        return self._datagram[2:_ASKED_BYTES]


class Hello:
    """A question or an answer; nothing of it is proved yet. Fields as in `Hail`."""

    __slots__ = ("_datagram",)

    def __init__(self, datagram: bytes) -> None:
        self._datagram = datagram

    @property
    def kind(self) -> int:
        return self._datagram[0]

    @property
    def table(self) -> bytes:
        return self._datagram[2:6]

    @property
    def asker(self) -> int:
        return int.from_bytes(self._datagram[6:10], "big")

    @property
    def answerer(self) -> int:
        return int.from_bytes(self._datagram[10:14], "big")

    @property
    def identity(self) -> bytes:
        return self._datagram[14:46]

    @property
    def fresh(self) -> bytes:
        return self._datagram[46:_COOKIE_AT]

    @property
    def cookie(self) -> bytes:
        return self._datagram[_COOKIE_AT:SIGNATURE_AT]

    @property
    def signature(self) -> bytes:
        return self._datagram[SIGNATURE_AT:MARK_AT]

    @property
    def signed(self) -> bytes:
        """What the signature covers, an answer's question aside."""
        return self._datagram[:SIGNATURE_AT]

    @property
    def asked(self) -> bytes:
        """What its cookie must be for."""
        return self._datagram[6:10] + self.identity


def read(datagram: bytes) -> Hello | None:
    """A question or an answer; None for anything else."""
    if len(datagram) != BYTES or datagram[0] not in (QUESTION, ANSWER) or datagram[1] != VERSION:
        return None
    return Hello(datagram)


def read_hail(datagram: bytes) -> Hail | None:
    """A hail or a cookie; None for anything else."""
    if len(datagram) != COOKIE_DATAGRAM_BYTES or datagram[0] not in (HAIL, COOKIE):
        return None
    return Hail(datagram) if datagram[1] == VERSION else None


def older_identity(datagram: bytes) -> bytes | None:
    """Who asks by the channel's first version, if it is a question of that one."""
    is_older = len(datagram) == _OLDER_BYTES and datagram[:2] == bytes([QUESTION, _OLDER])
    return datagram[14:46] if is_older else None


def is_signed_older(datagram: bytes) -> bool:
    """Whether the sender of such a question holds the identity that it names."""
    at = _OLDER_SIGNATURE_AT
    return _verified(datagram[14:46], datagram[at:], _OLDER_SIGNED + datagram[:at])


def hail(asker: int, identity: bytes) -> bytes:
    """The first word of the host with this public key."""
    asked = bytes([HAIL, VERSION]) + asker.to_bytes(4, "big") + identity
    return asked.ljust(COOKIE_DATAGRAM_BYTES, b"\0")


def cookie(asker: int, identity: bytes, made: bytes, key: bytes) -> bytes:
    """The answer to a hail: `identity` is the answerer's, `key` the one of both hosts."""
    data = bytes([COOKIE, VERSION]) + asker.to_bytes(4, "big") + identity + made
    return data + mark(key, data)


def is_of_pair(datagram: bytes, key: bytes, question: bytes = b"") -> bool:
    """Whether a cookie, a question, or the answer to `question` is of a host that has `key`."""
    at = COOKIE_DATAGRAM_BYTES if datagram[0] == COOKIE else BYTES
    at -= MARK_BYTES
    return is_marked(key, question + datagram[:at], datagram[at:])


def is_signed(hello: Hello, question: bytes = b"") -> bool:
    """Whether its sender holds the identity that it names; of an answer, to this `question`."""
    return _verified(hello.identity, hello.signature, _SIGNED + question + hello.signed)


def _verified(identity: bytes, signature: bytes, signed: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(identity).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


class Half:
    """One side of a handshake until the other side's part is there."""

    def __init__(self, identity: Ed25519PrivateKey, entropy: Entropy) -> None:
        self._identity = identity
        self._public = identity.public_key().public_bytes_raw()
        self._private = X25519PrivateKey.from_private_bytes(entropy(_KEY_BYTES))

    def ask(self, asker: int, given: bytes, key: bytes) -> bytes:
        """The question of session `asker`, with the cookie that was given for it."""
        return self._write(QUESTION, asker, 0, given, b"", key)

    def answer(self, asked: Hello, answerer: int, question: bytes, key: bytes) -> bytes:
        return self._write(ANSWER, asked.asker, answerer, asked.cookie, question, key)

    def keys(self, other: Hello, question: bytes, answer: bytes) -> tuple[bytes, bytes] | None:
        """(key of the asker, key of the answerer), each for what that side sends. None when the
        other's fresh key is one of those that give no secret."""
        try:
            public = X25519PublicKey.from_public_bytes(other.fresh)
            secret = self._private.exchange(public)
        except ValueError:
            return None
        transcript = hashlib.sha256(question + answer).digest()
        is_asker = other.kind == ANSWER
        pair = (self._public, other.identity) if is_asker else (other.identity, self._public)
        hkdf = HKDF(SHA256(), 2 * _KEY_BYTES, salt=transcript, info=_SIGNED + b"".join(pair))
        both = hkdf.derive(secret)
        return both[:_KEY_BYTES], both[_KEY_BYTES:]

    def _write(
        self, kind: int, asker: int, answerer: int, given: bytes, question: bytes, key: bytes
    ) -> bytes:
        numbers = asker.to_bytes(4, "big") + answerer.to_bytes(4, "big")
        fresh = self._private.public_key().public_bytes_raw()
        head = bytes([kind, VERSION]) + TABLE_HASH + numbers + self._public + fresh + given
        signed = head + self._identity.sign(_SIGNED + question + head)
        return signed + mark(key, question + signed)
