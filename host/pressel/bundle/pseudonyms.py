"""Other names for badges and hosts: the same for one venue at all times, and no way back without
the venue's own file.
"""

from __future__ import annotations

import base64
import contextlib
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any

from pressel.errors import PresselError
from pressel.json_text import read_json
from pressel.private_folder import make_private

FILE = "bundle-names.json"
_KEY_BYTES = 32
NAMES_MAX = 10_000  # that a venue's file tells apart
_LETTERS = 8  # 40 bits: two of a thousand badges have the same once in two million venues


class Pseudonyms:
    """Of the venue whose state is in `folder`. Its file holds the key that makes them, and who is
    who; it never leaves. PresselError when it cannot be used."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / FILE
        told = self._read()
        try:
            is_new = told is None
            self._key = secrets.token_bytes(_KEY_BYTES) if is_new else bytes.fromhex(told["key"])
            self._names: dict[str, str] = {} if is_new else dict(told["names"])
        except (KeyError, ValueError, TypeError) as error:
            raise PresselError(
                f"{self._path} is damaged; move it away, and names change"
            ) from error

    def of(self, kind: str, what: str) -> str:
        """`badge-ab3dk2mq` for a badge's id; "" stays "". Remembers who that is."""
        if not what:
            return ""
        made = hmac.new(self._key, f"{kind} {what}".encode(), hashlib.sha256).digest()
        name = f"{kind}-{base64.b32encode(made).decode().lower()[:_LETTERS]}"
        if len(self._names) < NAMES_MAX:
            self._names[name] = what
        return name

    def who(self, name: str) -> str | None:
        """Whom a pseudonym means."""
        return self._names.get(name)

    def keep(self) -> str:
        """Write them down, for this user alone. Says what that means where it cannot be done: who
        looks for a full disk needs the bundle all the same."""
        text = json.dumps({"key": self._key.hex(), "names": self._names}, indent=1)
        fresh = self._path.with_suffix(".new")
        try:
            make_private(self._path.parent)
            with contextlib.suppress(FileNotFoundError):
                fresh.unlink()
            handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text + "\n")
            fresh.replace(self._path)
        except OSError as error:
            with contextlib.suppress(OSError):
                fresh.unlink()
            return (
                f"cannot write {self._path}: {error.strerror}; nobody can tell later who is who "
                "in this bundle"
            )
        return ""

    def _read(self) -> Any:
        try:
            return read_json(self._path.read_text("utf-8"))
        except FileNotFoundError:
            return None
        except OSError as error:
            raise PresselError(f"cannot read {self._path}: {error.strerror}") from error
        except ValueError as error:
            raise PresselError(
                f"{self._path} is damaged; move it away, and names change"
            ) from error
