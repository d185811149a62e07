"""Where this user is logged in: a file of its own, readable by that user alone."""

from __future__ import annotations

import json
from pathlib import Path
from urllib.parse import urlsplit

import platformdirs
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pressel.errors import PresselError, UsageError
from pressel.whole_file import write_whole

FILE = "logins.json"
PORT = 8470  # of a console
LOGINS_MAX = 100
_FILE_BYTES_MAX = 1 << 20


class Login(BaseModel):
    """One console at `host` and `port`, and the token for it. `authority`: PEM of who signed its
    certificate; "": one that this machine trusts anyway. `is_plain`: without TLS, on this machine
    only."""

    model_config = ConfigDict(extra="forbid", strict=True)
    host: str = Field(min_length=1, max_length=253)
    port: int = Field(ge=1, le=65535)
    name: str = Field(max_length=32)
    token: str = Field(max_length=100)
    authority: str = Field(default="", max_length=10_000)
    is_plain: bool = False

    @property
    def place(self) -> str:
        """As people write it."""
        return f"{'http' if self.is_plain else 'https'}://{self.host}:{self.port}"


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)
    version: int = Field(ge=1, le=1)
    logins: list[Login] = Field(max_length=LOGINS_MAX)


def logins_file() -> Path:
    """Where they lie: beside this user's configuration."""
    return platformdirs.user_config_path("pressel") / FILE


def read_logins() -> list[Login]:
    """The newest first. PresselError when the file is damaged."""
    file = logins_file()
    try:
        if file.stat().st_size > _FILE_BYTES_MAX:
            raise PresselError(f"{file} is no file of logins; move it away")
        return _File.model_validate_json(file.read_bytes()).logins
    except FileNotFoundError:
        return []
    except OSError as error:
        raise PresselError(f"cannot read {file}: {error.strerror}") from error
    except ValidationError as error:
        raise PresselError(
            f"{file} is damaged or of a newer version; delete it and log in again"
        ) from error


def place_of(text: str) -> tuple[str, int, bool]:
    """Host, port, and whether it is without TLS, of HOST, HOST:PORT or a URL. UsageError for what
    is none of them, and for a password in the clear over a network."""
    is_url = "://" in text
    parts = urlsplit(text if is_url else f"https://{text}")
    try:
        host, port = parts.hostname, parts.port or PORT
    except ValueError:
        host, port = None, PORT
    is_whole = parts.scheme in ("http", "https") and parts.path in ("", "/") and not parts.query
    if not host or not is_whole or parts.username is not None:
        raise UsageError(f"{text} is no console; write HOST, HOST:PORT or https://HOST:PORT")
    is_plain = parts.scheme == "http"
    if is_plain and host not in ("localhost", "127.0.0.1"):
        raise UsageError("without TLS the password would cross the network in the clear; use https")
    return host, port, is_plain


def login_at(text: str) -> Login:
    """The one that is kept for the console at `text`. UsageError when there is none."""
    host, port, is_plain = place_of(text)
    for login in read_logins():
        if (login.host, login.port, login.is_plain) == (host, port, is_plain):
            return login
    raise UsageError(f"you are not logged in there; run: pressel login {text}")


def keep_login(login: Login) -> None:
    """In place of the former one at the same console."""
    others = [each for each in read_logins() if each.place != login.place]
    _write([login, *others][:LOGINS_MAX])


def forget_login(login: Login) -> None:
    _write([each for each in read_logins() if each.place != login.place])


def _write(logins: list[Login]) -> None:
    told = [each.model_dump() for each in logins]
    write_whole(logins_file(), json.dumps({"version": 1, "logins": told}, indent=1) + "\n")
