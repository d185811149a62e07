"""Who a badge on this computer is: eight bytes of identity and its key, in a file of its own.

The file is the one that `pressel device add --key-file` writes, or one that the badge made itself.
"""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, Any
from urllib.parse import quote

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.node.door import open_roll
from pressel.registry import alike
from pressel.registry.device import ACTIVE, KEY_BYTES, REVOKED
from pressel.registry.roll import Roll

DEVICE_BYTES = 8


@dataclass(frozen=True)
class Credential:
    """`device`: 8 bytes; `key`: 32 bytes, which nobody else may see."""

    device: bytes
    key: bytes = field(repr=False)


def read_credential(file: Path) -> Credential:
    """UsageError when there is none in `file`."""
    try:
        text = file.read_text("ascii", "replace")
    except OSError as error:
        raise UsageError(f"cannot read the credential {file}: {error.strerror}") from error
    return _parse(text, file)


def credential_file(folder: Path, name: str) -> Path:
    """Where this user keeps the credential of a badge called `name`: a badge is known to its leader
    by the name that it was let in with, so each has its own.

    The one file that earlier versions had for all names goes to the first that comes."""
    file = folder / "soft-badges" / f"{quote(name, safe=' ')}.json"
    former = folder / "soft-badge.json"
    with contextlib.suppress(OSError):  # then a new one is made, or that is told
        if former.is_file() and not file.exists():
            file.parent.mkdir(parents=True, exist_ok=True)
            former.rename(file)
    return file


@contextlib.contextmanager
def held_credential(file: Path) -> Iterator[Credential]:
    """The credential kept in `file`, made when there is none, and held by this process meanwhile.

    While another badge of this user holds it, this is a new one that is not kept: two badges with
    one identity would throw each other out.
    """
    with contextlib.ExitStack() as stack:
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW, 0o600)
            held = stack.enter_context(os.fdopen(handle, "r+", encoding="ascii", errors="replace"))
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            credential = _read_or_make(held, file)
        except BlockingIOError:
            credential = _new()
        except OSError as error:
            raise UsageError(
                f"cannot keep this badge's credential in {file}: {error.strerror}"
            ) from error
        yield credential


def register(credential: Credential, name: str, state: Path | None) -> None:
    """Let this badge in at the venue of the host whose folder is `state` (None: the one that runs
    here). UsageError when it was revoked, or the registry knows another key of it."""
    with open_roll(state, makes=True) as roll:
        enter(roll, credential, name)


def enter(
    roll: Roll,
    credential: Credential,
    name: str,
    adopt: Callable[[str, str, bytes], None] | None = None,
) -> None:
    """Put this badge on the `roll`, as `register` does; by `adopt`, if that is given. One that
    looks like another gets a number behind its name."""
    device, devices = credential.device.hex(), roll.devices()
    known = {each.id: each.state for each in devices}.get(device)
    if known is None and adopt is not None:
        adopt(device, name, credential.key)
    elif known is None:
        others = [each.name for each in devices if each.state != REVOKED]
        roll.adopt(device, alike.free(name, others), credential.key)
    elif known != ACTIVE or roll.key(device) != credential.key:
        raise UsageError(
            f"the registry knows device {device} otherwise (revoked, waiting or with another "
            "key); see `pressel device list --all`, or become a new badge with another "
            "--credential file"
        )


def _new() -> Credential:
    return Credential(secrets.token_bytes(DEVICE_BYTES), secrets.token_bytes(KEY_BYTES))


def _read_or_make(held: IO[str], file: Path) -> Credential:
    held.seek(0)
    text = held.read()
    if text:
        return _parse(text, file)
    made = _new()
    held.write(json.dumps({"device": made.device.hex(), "key": made.key.hex()}) + "\n")
    held.flush()
    os.fsync(held.fileno())
    return made


def _parse(text: str, file: Path) -> Credential:
    try:
        content: Any = read_json(text)
        device, key = bytes.fromhex(content["device"]), bytes.fromhex(content["key"])
    except (ValueError, KeyError, TypeError):  # its text would be the key: never show it
        device = key = b""
    if len(device) != DEVICE_BYTES or len(key) != KEY_BYTES:
        raise UsageError(
            f"{file} is damaged or not a credential; put back your copy, or delete it to become a "
            "new badge"
        )
    return Credential(device, key)
