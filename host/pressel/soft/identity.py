"""Which device a soft badge is: eight random bytes, made once and kept for the user."""

from __future__ import annotations

import re
import secrets
from pathlib import Path

from pressel.errors import UsageError

DEVICE_BYTES = 8


def load_device(file: Path) -> bytes:
    """The identity kept in `file`, made when there is none."""
    try:
        if not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(secrets.token_hex(DEVICE_BYTES) + "\n", "ascii")
        return parse_device(file.read_text("ascii").strip())
    except OSError as error:
        raise UsageError(
            f"cannot keep this badge's identity in {file}: {error.strerror}"
        ) from error
    except ValueError as error:
        raise UsageError(f"{file} is damaged ({error}); delete it to become a new badge") from error


def parse_device(text: str) -> bytes:
    """16 hexadecimal digits as 8 bytes; ValueError for anything else."""
    if not re.fullmatch(f"[0-9a-fA-F]{{{2 * DEVICE_BYTES}}}", text):
        raise ValueError(f"a device identity has {2 * DEVICE_BYTES} hexadecimal digits")
    return bytes.fromhex(text)
