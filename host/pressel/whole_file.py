"""Writes files that only their user may read, whole or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pressel.errors import PresselError
from pressel.private_folder import make_private


def write_whole(path: Path, text: str) -> None:
    """Put `text` at `path`, on the disk before it returns; makes the folder. PresselError when that
    fails, and then what was there is there still."""
    try:
        make_private(path.parent)
        number, fresh = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mode 0600
        try:
            with os.fdopen(number, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(fresh, path)
        except OSError:
            with contextlib.suppress(OSError):
                os.unlink(fresh)
            raise
    except OSError as error:
        raise PresselError(f"cannot write {path}: {error.strerror}") from error


@contextlib.contextmanager
def new_file(path: Path, mode: int = 0o600) -> Iterator[BinaryIO]:
    """A file that was not there: on the disk when this ends, or gone again. FileExistsError, also
    for a link; another OSError when the disk does not take it."""
    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, mode)
    try:
        with os.fdopen(handle, "wb") as out:
            yield out
            out.flush()
            os.fsync(handle)
    except BaseException:
        with contextlib.suppress(OSError):
            path.unlink()
        raise
