"""Recordings at rest: AES-256-GCM (SP 800-38D) under a key that comes from a file of its own.

Each piece is bound to its place, so that one that was moved to another burst does not open. It
knows no database.
"""

from __future__ import annotations

import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pressel.errors import PresselError
from pressel.registry import secret_file

KEY_FILE = "recordings.key"
KEY_KIND = "recordings key"
_NONCE_BYTES = 12  # GCM's own; random: 2^32 seals before a repetition is worth a thought

MORE_BYTES = _NONCE_BYTES + 16  # than what is sealed: the nonce and GCM's tag


class Seal:
    """With the key file of the host's folder `state`; one is made only where nothing is sealed
    yet, which `is_first` says. UsageError when there is none that can be used."""

    def __init__(self, state: Path, *, is_first: bool) -> None:
        load = secret_file.load_or_make if is_first else secret_file.load
        secret = load(state / KEY_FILE, KEY_KIND)
        info = b"pressel recordings 1"
        derived = HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)
        self._cipher = AESGCM(derived)

    def close(self, content: bytes, place: str) -> bytes:
        """Nonce, ciphertext, tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, content, place.encode())

    def open(self, sealed: bytes, place: str) -> bytes:
        """PresselError when it was changed, moved, or sealed with another key."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, place.encode())
        except (InvalidTag, ValueError):
            raise PresselError(
                f"recording {place} was changed on disk, or {KEY_FILE} is another one; delete it"
            ) from None
