"""What would become of a host with another version of Pressel, told by the file that brings it,
before anything is touched."""

from __future__ import annotations

import email
import re
import sqlite3
import sys
import tomllib
import zipfile
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pressel.errors import UsageError
from pressel.schema.messages import message_table

_FACTS_BYTES_MAX = 1 << 20  # of one file of facts in the wheel; the message table has 40 KB
_TABLE = "pressel/_tree/shared/schema/messages.toml"
_FORMATS = "pressel/_tree/shared/schema/formats.toml"


@dataclass(frozen=True)
class OtherVersion:
    """`python` is the lowest that it runs on, `protocol` (major, minor), `registry` the format of
    `formats.toml`; None where the file does not say."""

    version: str
    python: tuple[int, ...] | None
    protocol: tuple[int, int] | None
    registry: int | None


def read_wheel(wheel: Path) -> OtherVersion:
    """UsageError when the file is damaged, or brings something else."""
    try:
        with zipfile.ZipFile(wheel) as opened:
            names = set(opened.namelist())
            heads = [n for n in names if re.fullmatch(r"pressel-[^/]+\.dist-info/METADATA", n)]
            if len(heads) != 1:
                raise UsageError(f"{wheel} is no wheel of Pressel; `make wheel` makes one")
            head = email.message_from_bytes(_part(opened, heads[0]))
            table = _toml(opened, _TABLE) if _TABLE in names else {}
            formats = _toml(opened, _FORMATS) if _FORMATS in names else {}
    except (OSError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise UsageError(f"{wheel} is damaged, or no wheel: {error}") from error
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise UsageError(f"{wheel} is damaged: {error}") from error
    registry = formats.get("registry")
    return OtherVersion(
        version=str(head["Version"]),
        python=_numbers(r">=(\d+)\.(\d+)", str(head["Requires-Python"])),
        protocol=_pair(_numbers(r"(\d+)\.(\d+)", str(table.get("version")))),
        registry=registry if type(registry) is int else None,
    )


def what_will_be(other: OtherVersion, registry: int | None) -> list[str]:
    """What the change brings, in sentences. `registry` is the format of the one here, None where
    there is none. UsageError when it cannot be, with the reason."""
    said = [f"it brings Pressel {other.version}"]
    if other.python is not None and sys.version_info[:2] < other.python:
        here = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise UsageError(
            f"Pressel {other.version} needs Python {other.python[0]}.{other.python[1]}, and this "
            f"is {here}; install it in an environment of that Python"
        )
    if registry is not None:
        said.append(_of_registry(other, registry))
    said.append(_of_protocol(other))
    return said


def registry_format(database: Path) -> int | None:
    """Of the registry in that file; None where there is none. UsageError when it cannot be read."""
    if not database.exists():
        return None
    try:
        with closing(sqlite3.connect(f"{database.absolute().as_uri()}?mode=ro", uri=True)) as db:
            (found,) = db.execute("PRAGMA user_version").fetchone()
    except sqlite3.Error as error:
        raise UsageError(f"cannot read {database}: {error}; look with `pressel doctor`") from error
    return int(found)


def _of_registry(other: OtherVersion, here: int) -> str:
    if other.registry is None:
        return (
            f"it does not say which registries it reads; the one here has format {here}, and is "
            "backed up first"
        )
    if other.registry < here:
        raise UsageError(
            f"Pressel {other.version} reads registries up to format {other.registry}, and the one "
            f"here has {here}: nothing was touched. To go back, install that version on a new box "
            "and restore a backup that it made itself"
        )
    if other.registry > here:
        return (
            f"the registry is brought from format {here} to {other.registry}; the backup from "
            "before is the way back"
        )
    return f"the registry stays as it is, of format {here}"


def _of_protocol(other: OtherVersion) -> str:
    here = message_table().version
    major, minor = (int(each) for each in here.split("."))
    if other.protocol is None:
        return (
            f"it does not say which protocol it speaks, here it is {here}: whether badges can join "
            "it shows on the first host; keep the former version at hand"
        )
    its_major, its_minor = other.protocol
    if its_major != major:
        raise UsageError(
            f"Pressel {other.version} speaks protocol {its_major}, and the badges here {major}: "
            "nothing was touched; none of them could join"
        )
    if its_minor == minor:
        return f"badges and hosts go on as before, with protocol {here}"
    if its_minor > minor:
        return (
            f"it speaks protocol {major}.{its_minor}, here it is {here}: badges go on as before, "
            "and learn what is new when they are updated; update the other hosts soon"
        )
    return (
        f"it speaks protocol {major}.{its_minor}, here it is {here}: what came since is gone "
        "while it leads; badges and hosts go on with the rest"
    )


def _part(opened: zipfile.ZipFile, name: str) -> bytes:
    if opened.getinfo(name).file_size > _FACTS_BYTES_MAX:
        raise UsageError(f"{opened.filename} is no wheel of Pressel: {name} is too large")
    return opened.read(name)


def _toml(opened: zipfile.ZipFile, name: str) -> dict[str, Any]:
    return tomllib.loads(_part(opened, name).decode())


def _numbers(pattern: str, text: str) -> tuple[int, ...] | None:
    found = re.search(pattern, text)
    return tuple(int(each) for each in found.groups()) if found else None


def _pair(numbers: tuple[int, ...] | None) -> tuple[int, int] | None:
    return (numbers[0], numbers[1]) if numbers else None
