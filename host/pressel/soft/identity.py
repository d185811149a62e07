"""Which device a soft badge is: eight random bytes, made once and kept for the user."""

from __future__ import annotations

import contextlib
import fcntl
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from pressel.errors import UsageError

DEVICE_BYTES = 8


@contextlib.contextmanager
def held_device(file: Path) -> Iterator[bytes]:
    """The identity kept in `file`, made when there is none, and held by this process meanwhile.

    While another badge of this user holds it, a new one that is not kept: two badges of one
    identity would throw each other out.
    """
    with contextlib.ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            held = stack.enter_context(file.open("a+", encoding="ascii"))
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            device = _read_or_make(held)
        except BlockingIOError:
            device = secrets.token_bytes(DEVICE_BYTES)
        except OSError as error:
            raise UsageError(
                f"cannot keep this badge's identity in {file}: {error.strerror}"
            ) from error
        except ValueError as error:
            raise UsageError(
                f"{file} is damaged ({error}); delete it to become a new badge"
            ) from error
        yield device


def _read_or_make(held: IO[str]) -> bytes:
    held.seek(0)
    text = held.read().strip()
    if not text:
        text = secrets.token_hex(DEVICE_BYTES)
        held.write(text + "\n")
        held.flush()
    return parse_device(text)


def parse_device(text: str) -> bytes:
    """16 hexadecimal digits as 8 bytes; ValueError for anything else."""
    if not re.fullmatch(f"[0-9a-fA-F]{{{2 * DEVICE_BYTES}}}", text):
        raise ValueError(f"a device identity has {2 * DEVICE_BYTES} hexadecimal digits")
    return bytes.fromhex(text)
