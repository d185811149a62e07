"""Device keys at rest: AES-256-GCM (SP 800-38D) under a key that comes from the key file.

Each sealed key is bound to its device and epoch, so that a row moved to another's place does not
open. It knows no database.
"""

from __future__ import annotations

import hmac
import secrets
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from pressel.errors import PresselError
from pressel.registry import secret_file

KEY_FILE = "registry.key"
KEY_KIND = "registry key"
_NONCE_BYTES = 12  # GCM's own; random: 2^32 seals before a repetition is worth a thought


class Vault:
    """Seals and opens with keys derived from `secret` (32 bytes), one key a purpose."""

    def __init__(self, secret: bytes) -> None:
        self._cipher = AESGCM(_derive(secret, b"device keys"))
        self._codes = AESGCM(_derive(secret, b"invite codes"))
        self._secrets = AESGCM(_derive(secret, b"secrets beside the log"))
        self._backups = _derive(secret, b"backups")
        self._files = _derive(secret, b"files")
        self.mark = _derive(secret, b"mark").hex()  # tells key files apart, and nothing else

    def seal(self, key: bytes, device: str, epoch: int) -> bytes:
        """`key` for the database: nonce, ciphertext, tag."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, key, _place(device, epoch))

    def open(self, sealed: bytes, device: str, epoch: int) -> bytes:
        """The key. PresselError when the entry was changed or belongs elsewhere."""
        nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, rest, _place(device, epoch))
        except (InvalidTag, ValueError):
            raise PresselError(
                f"the key of device {device} was changed on disk; rotate it, or restore a backup"
            ) from None

    def proof(self, backup: bytes) -> bytes:
        """That who wrote `backup` had the key file: HMAC-SHA256, 32 bytes."""
        return hmac.digest(self._backups, backup, "sha256")

    def file_proof(self, purpose: str, content: bytes) -> bytes:
        """Likewise of the file that is there for `purpose`, a word of ours."""
        return hmac.digest(self._files, purpose.encode() + b"\n" + content, "sha256")

    def seal_code(self, code: str, place: str) -> bytes:
        """An invitation's plain code. Sealed and not hashed: the exchange needs it."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._codes.encrypt(nonce, code.encode(), place.encode())

    def open_code(self, sealed: bytes, place: str) -> str | None:
        """None when the entry was changed."""
        try:
            opened = self._codes.decrypt(
                sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], place.encode()
            )
        except (InvalidTag, ValueError):
            return None
        return opened.decode()

    def seal_secret(self, said: bytes, salt: bytes) -> bytes:
        """A secret that lies beside an entry of the log, with the salt of its mark."""
        nonce = secrets.token_bytes(_NONCE_BYTES)
        return nonce + self._secrets.encrypt(nonce, said, salt)

    def open_secret(self, sealed: bytes, salt: bytes) -> bytes | None:
        """None when it was changed, or lay beside another entry."""
        try:
            return self._secrets.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], salt)
        except (InvalidTag, ValueError):
            return None


def vault_of(folder: Path) -> Vault:
    """Of the registry in `folder`. UsageError without a key file."""
    return Vault(secret_file.load(folder / KEY_FILE, KEY_KIND))


def _derive(secret: bytes, purpose: bytes) -> bytes:
    info = b"pressel registry 1: " + purpose
    return HKDF(algorithm=hashes.SHA256(), length=32, salt=None, info=info).derive(secret)


def _place(device: str, epoch: int) -> bytes:
    return f"{device}:{epoch}".encode("ascii")
