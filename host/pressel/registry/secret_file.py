"""A secret of 32 bytes in a file of its own that only its owner can read.

Knows not what the secret is for: `kind` is the word in the file and in messages.
"""

from __future__ import annotations

import errno
import os
import secrets
import stat
from pathlib import Path

from pressel.errors import UsageError
from pressel.whole_file import new_file

SECRET_BYTES = 32  # AES-256 and Ed25519 both take this many
_OTHERS = 0o077  # any right of group or others


def load(file: Path, kind: str) -> bytes:
    """The secret in `file`. UsageError when it is missing, damaged or readable by others."""
    try:
        words = read_private(file, kind, 200).split()
    except FileNotFoundError:
        raise UsageError(f"there is no {kind} in {file}; put back your copy of it") from None
    try:
        word, digits = words
        secret = bytes.fromhex(digits.decode("ascii"))
    except ValueError:  # its text would be the secret: never show it
        raise UsageError(f"{file} is damaged; put back your copy of the {kind}") from None
    if word.decode("ascii", "replace") != _word(kind) or len(secret) != SECRET_BYTES:
        raise UsageError(f"{file} holds no {kind}; put back your copy of it")
    return secret


def read_private(file: Path, kind: str, most_bytes: int) -> bytes:
    """What `file`, which holds a `kind`, begins with. UsageError when it is no plain file, of
    another user, or readable by others; FileNotFoundError when it is missing."""
    try:
        handle = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        raise
    except OSError as error:
        why = "it is a link" if error.errno == errno.ELOOP else error.strerror
        raise UsageError(f"cannot read the {kind} {file}: {why}") from error
    facts = os.fstat(handle)
    if not stat.S_ISREG(facts.st_mode):
        os.close(handle)
        raise UsageError(f"{file} is not a plain file; put the {kind} there")
    with os.fdopen(handle, "rb") as source:
        if facts.st_mode & _OTHERS:
            raise UsageError(f"others can read the {kind}; run `chmod 600 {file}`")
        if facts.st_uid not in (os.geteuid(), file.parent.stat().st_uid):  # root reads all
            raise UsageError(f"the {kind} {file} is of another user; look who put it there")
        return source.read(most_bytes)


def load_or_make(file: Path, kind: str) -> bytes:
    """The secret in `file`; the first call makes one. Of two processes at once both get one."""
    if not os.path.lexists(file):
        _make(file, kind)
    return load(file, kind)


def _make(file: Path, kind: str) -> None:
    """Whole on disk before it has its name; whoever was first is not overwritten."""
    beside = file.with_name(f"{file.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        text = f"{_word(kind)} {secrets.token_hex(SECRET_BYTES)}\n"
        write_private(beside, text)
        try:
            os.link(beside, file)
        except FileExistsError:
            pass
        finally:
            beside.unlink()
        sync_folder(file.parent)
    except OSError as error:
        raise UsageError(f"cannot make the {kind} {file}: {error.strerror}") from error


def write_private(file: Path, text: str) -> None:
    """A new file of mode 0600 with `text`, on disk when this returns. FileExistsError if there."""
    with new_file(file) as out:
        out.write(text.encode())


def sync_folder(folder: Path) -> None:
    """A name is on disk only when its folder is."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _word(kind: str) -> str:
    return "pressel-" + kind.replace(" ", "-")
