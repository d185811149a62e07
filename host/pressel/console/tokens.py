"""What commands on other computers show in place of a password: made for an account, for so many
days, and ended by whoever has it, by its account's end, or by a change of that.

The file holds hashes: who reads it opens nothing.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import threading
import time
from collections.abc import Callable
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.whole_file import write_whole

from .secrets_kept import TOKENS

DAYS_MAX = 90  # then the password is asked again: a lost laptop is found by then, or never
TOKENS_MAX = 500  # of all accounts
TOKENS_A_NAME_MAX = 20  # computers of one person; the oldest goes
DAY_S = 86_400
_FILE_BYTES_MAX = 1 << 20


class Token(BaseModel):
    """`name` and `mark` of the account ("": of an earlier version, which kept none); `made_s` and
    `until_s` since 1970."""

    model_config = ConfigDict(extra="forbid", strict=True)
    name: str = Field(max_length=32)
    made_s: int = Field(ge=0, le=1 << 40)
    until_s: int = Field(ge=0, le=1 << 40)
    mark: str = Field(default="", max_length=16)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    version: int = Field(ge=1, le=1)
    tokens: dict[str, Token] = Field(max_length=TOKENS_MAX)  # by hash


class Tokens:
    """Those of the host whose state is in `folder`; read anew at each look. `now_s`: the time of
    day. PresselError when the file cannot be read or written."""

    def __init__(self, folder: Path, now_s: Callable[[], float] = time.time) -> None:
        self._path = folder / TOKENS
        self._now_s = now_s
        self._turn = threading.Lock()  # two who log in at once are both in the file

    def make(self, name: str, mark: str, days: int) -> str:
        """A new one for the account `name` of this `mark`. UsageError for days that cannot be."""
        if not 1 <= days <= DAYS_MAX:
            raise UsageError(f"a login lasts 1 to {DAYS_MAX} days")
        with self._turn:
            return self._make(name, mark, days)

    def _make(self, name: str, mark: str, days: int) -> str:
        known, now_s = self._read(), int(self._now_s())
        own = sorted((each.made_s, key) for key, each in known.items() if each.name == name)
        for _, key in own[: max(0, len(own) + 1 - TOKENS_A_NAME_MAX)]:
            del known[key]
        if len(known) >= TOKENS_MAX:
            raise UsageError(f"{TOKENS_MAX} computers are logged in; log one out first")
        token = secrets.token_urlsafe(32)
        known[_hash(token)] = Token(
            name=name, made_s=now_s, until_s=now_s + days * DAY_S, mark=mark
        )
        self._write(known)
        return token

    def find(self, token: str) -> Token | None:
        """Whose it is; None for none that counts now."""
        known = self._read().get(_hash(token))
        now_s = self._now_s()
        # A clock that was set back brings no old one to life.
        return known if known is not None and known.made_s <= now_s < known.until_s else None

    def count(self) -> dict[str, int]:
        """How many each account has."""
        found: dict[str, int] = {}
        for each in self._read().values():
            found[each.name] = found.get(each.name, 0) + 1
        return found

    def end(self, token: str) -> None:
        with self._turn:
            known = self._read()
            if known.pop(_hash(token), None) is not None:
                self._write(known)

    def end_all(self, name: str) -> None:
        """Of somebody whose account has changed."""
        with self._turn:
            known = self._read()
            kept = {key: each for key, each in known.items() if each.name != name}
            if len(kept) != len(known):
                self._write(kept)

    # --- inside ---

    def _read(self) -> dict[str, Token]:
        try:
            if self._path.stat().st_size > _FILE_BYTES_MAX:
                raise PresselError(f"{self._path} is no file of logins; move it away")
            found = _File.model_validate_json(self._path.read_bytes()).tokens
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise PresselError(f"cannot read {self._path}: {error.strerror}") from error
        except ValidationError as error:
            raise PresselError(
                f"{self._path} is damaged or of a newer version; delete it: everybody logs in again"
            ) from error
        now_s = self._now_s()
        return {key: each for key, each in found.items() if now_s < each.until_s}

    def _write(self, known: dict[str, Token]) -> None:
        told = {key: each.model_dump() for key, each in known.items()}
        write_whole(self._path, json.dumps({"version": 1, "tokens": told}, indent=1) + "\n")


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "replace")).hexdigest()
