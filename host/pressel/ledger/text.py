"""Names, notes and keys beside the log: an entry holds their marks, salted hashes.

Who erases text and salt leaves a mark that says nothing: it cannot be tried with likely names.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets

SALT_BYTES = 16  # as many as make two equal names differ, and a mark impossible to guess
_PURPOSE = b"pressel registry log 1: text\n"


def new_salt() -> bytes:
    return secrets.token_bytes(SALT_BYTES)


def mark(salt: bytes, name: str, text: bytes) -> str:
    """In hexadecimal, of the `text` that is called `name` in its entry."""
    assert len(salt) == SALT_BYTES
    return hashlib.sha256(_PURPOSE + salt + name.encode("ascii") + b"\n" + text).hexdigest()


def is_of(marked: str, salt: bytes, name: str, text: bytes) -> bool:
    """Whether `marked` is the mark of this text; a salt of another length marks nothing."""
    return len(salt) == SALT_BYTES and hmac.compare_digest(marked, mark(salt, name, text))
