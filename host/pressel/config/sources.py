"""Where configuration comes from, and which value holds."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import platformdirs

from pressel.errors import UsageError

FILE = "pressel.toml"
SYSTEM_FOLDER = Path("/etc/pressel")
_PREFIX = "PRESSEL_"
_SECTIONS = ("HOST", "BADGE")  # `keys` has the same; nothing of it is imported where nothing is set


@dataclass(frozen=True)
class Setting:
    """A value, and where it was set: a variable's name, or a file and line."""

    value: Any
    origin: str


def files() -> list[Path]:
    """The places of configuration files, the strongest first; not all need be there."""
    own = platformdirs.user_config_path("pressel") / FILE
    return [Path(FILE), own, SYSTEM_FOLDER / FILE]


def settings(environ: Mapping[str, str] | None = None) -> dict[str, Setting]:
    """What is set, by key. UsageError with a line for each mistake."""
    environ = os.environ if environ is None else environ
    found: dict[str, Setting] = {}
    for file in reversed(files()):
        if is_here(file):
            found |= read_file(file)
    return found | _read_environment(environ)


def moved(found: Mapping[str, Setting]) -> dict[str, str]:
    """What to do about each key that belongs to the venue by now, by the key."""
    from .keys import MOVED

    return {
        key: f"`pressel settings set {name} {found[key].value}` gives it to the whole venue; "
        f"then delete {key} ({found[key].origin})"
        for key, name in MOVED.items()
        if key in found
    }


def value(key: str) -> Any:
    """What `key` is set to; None when it is not."""
    setting = settings().get(key)
    return None if setting is None else setting.value


def read_file(file: Path) -> dict[str, Setting]:
    """What one file sets. UsageError with a line for each mistake."""
    from pressel.schema import check
    from pressel.schema.lines import Lines

    from .keys import Keys

    _check_owner(file)
    text, data, findings = check.read(file)
    if data is not None:
        lines = Lines(text)
        keys, findings = check.validate(data, Keys, lines, "is missing; add it")
        if keys is not None:
            return {
                key: Setting(value, f"{file}:{lines.of(key.split('.')).line}")
                for key, value in _flat(keys)
            }
    raise UsageError("\n".join(each.at(file) for each in findings))


def is_here(file: Path) -> bool:
    """A folder that this user may not look into has nothing for him: one stands in it all the same
    after `sudo -u` and `runuser`. UsageError for what has the name of a file and is none."""
    try:
        if not file.is_file() and os.path.lexists(file):
            raise UsageError(f"{file.absolute()} is no file; move it away, or put a file there")
        return file.is_file()
    except PermissionError:
        return False


def _check_owner(file: Path) -> None:
    """Who could write the file could choose what others' commands do."""
    try:
        facts = file.stat()
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    if facts.st_uid not in (os.geteuid(), 0) or facts.st_mode & 0o002:
        raise UsageError(
            f"{file.absolute()} may be changed by others, so it is not obeyed; "
            "work in another folder, or take it over: chown and chmod o-w"
        )


def _read_environment(environ: Mapping[str, str]) -> dict[str, Setting]:
    data: dict[str, dict[str, str]] = {}
    origins: dict[str, str] = {}
    for name, text in sorted(environ.items()):
        section, _, key = name.removeprefix(_PREFIX).partition("_")
        if name.startswith(_PREFIX) and section in _SECTIONS and key:
            data.setdefault(section.lower(), {})[key.lower()] = text
            origins[f"{section}.{key}".lower()] = name
    if not data:
        return {}
    from pydantic import ValidationError

    from pressel.schema import check
    from pressel.schema.lines import Lines

    from .keys import Keys

    try:
        keys = Keys.model_validate(data)
    except ValidationError:
        _, findings = check.validate(data, Keys, Lines(""), "is missing")
        words = "\n".join(f"{origins.get(each.key, each.key)}: {each.text}" for each in findings)
        raise UsageError(words) from None
    return {key: Setting(value, origins[key]) for key, value in _flat(keys)}


def _flat(keys: Any) -> list[tuple[str, Any]]:
    """What was given, by key."""
    given = keys.model_dump(exclude_unset=True, by_alias=True)
    return [(f"{section}.{name}", row[name]) for section, row in given.items() for name in row]
