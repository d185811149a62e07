"""Who may use the console, and what each may do: a small file, readable by its user alone.

Passwords lie there as Argon2id. It knows no browser: whoever asks for a name and a password can use
the same accounts.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from pathlib import Path

from argon2 import PasswordHasher
from argon2.exceptions import Argon2Error, InvalidHashError
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.whole_file import write_whole

from .secrets_kept import ACCOUNTS

ROLES = ("see", "talk", "manage", "own")  # each may do all that those before it may
ACCOUNTS_MAX = 100  # a venue has a handful of managers
NAME_CHARACTERS_MAX = 32
PASSWORD_CHARACTERS_MIN = 10
PASSWORD_CHARACTERS_MAX = 200  # longer ones would only keep the processor busy
_FILE_BYTES_MAX = 1 << 20


class Account(BaseModel):
    """One person; `password` is an Argon2id hash with its own parameters and salt."""

    model_config = ConfigDict(extra="forbid", strict=True)
    role: str = Field(pattern="^(see|talk|manage|own)$")
    password: str = Field(max_length=300)


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    version: int = Field(ge=1, le=1)
    accounts: dict[str, Account] = Field(max_length=ACCOUNTS_MAX)


def may(role: str, needed: str) -> bool:
    """Whether `role` covers what needs `needed`."""
    return ROLES.index(role) >= ROLES.index(needed)


class Accounts:
    """Those of the host whose state is in `folder`. Every look reads the file anew, so that
    commands and the console may both change it. PresselError when it cannot be read or written."""

    def __init__(self, folder: Path, hasher: PasswordHasher | None = None) -> None:
        self._path = folder / ACCOUNTS
        self._hasher = hasher or PasswordHasher()  # of RFC 9106: 64 MiB, 3 passes
        self._nobody = self._hasher.hash(secrets.token_hex())

    def all(self) -> dict[str, str]:
        """Name to role."""
        return {name: each.role for name, each in self._read().items()}

    def role(self, name: str) -> str | None:
        account = self._read().get(name)
        return None if account is None else account.role

    def mark(self, name: str) -> str | None:
        """Tells an account from others of the same name, before and after: each `put` makes another
        one, whoever writes the file. 16 hexadecimal digits; None for nobody."""
        account = self._read().get(name)
        if account is None:
            return None
        return hashlib.sha256(account.password.encode()).hexdigest()[:16]

    def check(self, name: str, password: str) -> str | None:
        """The role of who knows the password; None for anybody else. It takes as long for a name
        that is not there."""
        account = self._read().get(name)
        hashed = self._nobody if account is None else account.password
        try:
            self._hasher.verify(hashed, password[:PASSWORD_CHARACTERS_MAX])
        except (Argon2Error, InvalidHashError):
            return None
        return None if account is None else account.role

    def put(self, name: str, role: str, password: str) -> None:
        """Add or change somebody. UsageError for what cannot be."""
        if not (
            0 < len(name) <= NAME_CHARACTERS_MAX and name.isprintable() and name == name.strip()
        ):
            raise UsageError(f"a name has 1 to {NAME_CHARACTERS_MAX} letters, digits or signs")
        if role not in ROLES:
            raise UsageError(f"a role is one of {', '.join(ROLES)}")
        if not PASSWORD_CHARACTERS_MIN <= len(password) <= PASSWORD_CHARACTERS_MAX:
            raise UsageError(f"a password has at least {PASSWORD_CHARACTERS_MIN} characters")
        known = self._read()
        if name not in known and len(known) >= ACCOUNTS_MAX:
            raise UsageError(f"there are {ACCOUNTS_MAX} accounts; remove one first")
        known[name] = Account(role=role, password=self._hasher.hash(password))
        self._write(known)

    def remove(self, name: str) -> None:
        """UsageError for somebody unknown, and for the last one that may do everything."""
        known = self._read()
        if name not in known:
            raise UsageError(f"there is no account called {name}")
        del known[name]
        if not any(each.role == "own" for each in known.values()):
            raise UsageError("that is the last account with the role own; make another one first")
        self._write(known)

    # --- inside ---

    def _read(self) -> dict[str, Account]:
        try:
            if self._path.stat().st_size > _FILE_BYTES_MAX:
                raise PresselError(f"{self._path} is no file of accounts; move it away")
            return _File.model_validate_json(self._path.read_bytes()).accounts
        except FileNotFoundError:
            return {}
        except OSError as error:
            raise PresselError(f"cannot read {self._path}: {error.strerror}") from error
        except ValidationError as error:
            raise PresselError(
                f"{self._path} is damaged or of a newer version; restore it, or delete it to begin "
                "with a first account again"
            ) from error

    def _write(self, accounts: dict[str, Account]) -> None:
        """Whole or not at all."""
        told = {name: each.model_dump() for name, each in accounts.items()}
        write_whole(self._path, json.dumps({"version": 1, "accounts": told}, indent=1) + "\n")
