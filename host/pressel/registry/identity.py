"""This host's own Ed25519 identity (RFC 8032): made at first use, kept in a file of mode 0600."""

from __future__ import annotations

import hashlib
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from pressel.errors import UsageError
from pressel.private_folder import make_private
from pressel.registry import secret_file

IDENTITY_FILE = "host.key"
IDENTITY_KIND = "host key"


def identity(folder: Path) -> Ed25519PrivateKey:
    """The private key in `folder`; the first call makes it."""
    try:
        make_private(folder)
    except OSError as error:
        raise UsageError(f"cannot keep the host key in {folder}: {error.strerror}") from error
    seed = secret_file.load_or_make(folder / IDENTITY_FILE, IDENTITY_KIND)
    return Ed25519PrivateKey.from_private_bytes(seed)


def public_key(folder: Path) -> str:
    """The public key in hexadecimal: what another host's operator allows."""
    return identity(folder).public_key().public_bytes_raw().hex()


def fingerprint(public: str) -> str:
    """A short form of a public key to compare aloud; it does not replace the key."""
    digits = hashlib.sha256(bytes.fromhex(public)).hexdigest()[:16]
    return " ".join(digits[at : at + 4] for at in range(0, 16, 4))
