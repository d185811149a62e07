"""A backup as a file: a line that proves who wrote it, and behind it the SQLite file.

The proof is a MAC under a key that comes from the registry's key file, so that whoever has only the
backup can change nothing in it. `tail -n +2` gives the SQLite file.
"""

from __future__ import annotations

import hmac
from pathlib import Path

from pressel.errors import UsageError
from pressel.registry.vault import Vault

BYTES_MAX = 1 << 26  # a venue of 512 devices with its whole log has 4 MB
_WORD = b"pressel-registry-backup 1"
_LINE_BYTES_MAX = 256
_SQLITE = b"SQLite format 3\0"


def packed(vault: Vault, data: bytes) -> bytes:
    """The file for the SQLite file `data`."""
    words = (_WORD, vault.mark.encode(), vault.proof(data).hex().encode())
    return b" ".join(words) + b"\n" + data


def unpacked(vault: Vault, file: Path, *, is_unproved: bool = False) -> bytes:
    """The SQLite file in the backup `file`. UsageError when it is none of this key file, or was
    changed; one of an earlier version has no proof, and is taken only if `is_unproved`."""
    if not file.is_file():
        raise UsageError(f"there is no backup {file}")
    try:
        with file.open("rb") as source:
            content = source.read(BYTES_MAX + 1)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    if len(content) > BYTES_MAX:
        raise UsageError(f"{file} is too large to be a backup of a registry")
    if content.startswith(_SQLITE):
        if is_unproved:
            return content
        raise UsageError(
            f"{file} is a backup of an earlier version, which anybody may have changed; if nobody "
            f"else could write to it, restore it with --unproved"
        )
    line, _, data = content.partition(b"\n")
    words = line[:_LINE_BYTES_MAX].rsplit(b" ", 2)
    if len(words) != 3 or words[0] != _WORD:
        raise UsageError(f"{file} is no backup of a registry, or a newer Pressel wrote it")
    if words[1] != vault.mark.encode():
        raise UsageError(
            f"{file} belongs to another key file; put that key file next to the registry"
        )
    if not hmac.compare_digest(words[2], vault.proof(data).hex().encode()):
        raise UsageError(f"{file} was changed since it was written; use another backup")
    return data
