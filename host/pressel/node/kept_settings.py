"""The settings that this host knew last, on disk: with them it leads when all hosts were off."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from pressel.errors import UsageError
from pressel.registry import proved
from pressel.schema.setting_values import (
    check_values,
    is_device,
    is_known,
    key_at,
    ordered,
    split_key,
)
from pressel.schema.settings import settings, short
from ptt.cluster.versions import VERSION_MAX
from ptt.leader.settings_in_force import Settings

FIRST = 1  # version of the settings that nobody has changed
NONE_LEFT = (
    "the settings can no longer be changed: no version number is left; stop all hosts, delete "
    f"`{proved.SETTINGS}` in the state folder of each, and start them: badges keep their keys, and "
    "what the log tells of settings comes into force again"
)


def load_kept(folder: Path) -> Settings:
    """What was kept last, or the defaults. A setting that is not known here is passed over: a newer
    host wrote it. UsageError when the file cannot be read, or a value is out of range."""
    file = folder / proved.SETTINGS
    try:
        told = proved.load(folder, proved.SETTINGS)
        version, values = told["version"], told["values"]
        if not isinstance(version, int) or version < FIRST:
            raise ValueError(f"version {version} in it is out of range")
        kept = {name: row.default for name, row in settings().items()}
        kept |= {key: value for key, value in values.items() if is_known(key)}
        for key, value in kept.items():
            if not isinstance(value, int):
                raise ValueError(f"{key} in it is no number")
        check_values(kept)
    except FileNotFoundError:
        return Settings(FIRST)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(
            f"{file} is damaged ({error}); delete it, and see `pressel settings history`"
        ) from error
    if version > VERSION_MAX:
        raise UsageError(f"of what is in {file}, {NONE_LEFT}")
    return settings_with(version, kept)


def mark_of(folder: Path) -> tuple[int, ...]:
    """Another one whenever somebody has written the file or put another in its place; empty: there
    is none."""
    try:
        told = (folder / proved.SETTINGS).stat()
    except OSError:
        return ()
    return told.st_mtime_ns, told.st_ctime_ns, told.st_size, told.st_ino


def why_drifted(folder: Path, kept: Settings) -> str:
    """Why the file does not say what this host has `kept` there; "": it does."""
    file = folder / proved.SETTINGS
    try:
        told = load_kept(folder)
    except UsageError:
        return f"{file} was changed or cannot be read"
    if are_equal(told, kept):
        return ""
    return f"{file} held version {told.version}" if file.exists() else f"{file} was gone"


def store_kept(folder: Path, kept: Settings) -> tuple[int, ...]:
    """Write, wait for the disk, and give the file's mark. UsageError when the disk does not take
    it."""
    told = {"version": kept.version, "values": values_of(kept)}
    try:
        proved.store(folder, proved.SETTINGS, told)
    except OSError as error:
        raise UsageError(f"cannot keep the settings in {folder}: {error.strerror}") from error
    return mark_of(folder)


def values_of(kept: Settings) -> dict[str, int]:
    """By key: those of the venue, and behind each setting those of groups, boards and badges."""
    by_key = {name: getattr(kept, short(name)) for name in settings()}
    for each, own in kept.own.items():
        whose = each.hex() if isinstance(each, bytes) else each
        by_key |= {key_at(_name_at(place), whose): value for place, value in own.items()}
    return ordered(by_key)


def are_equal(these: Settings, others: Settings) -> bool:
    """In version and all values."""
    return these.version == others.version and values_of(these) == values_of(others)


def settings_with(version: int, values: Mapping[str, int]) -> Settings:
    """As the engines take them; `values` by key, all of the venue among them."""
    venue: dict[str, int] = {}
    own: dict[int | bytes | str, dict[int, int]] = {}
    for key, value in values.items():
        name, whose = split_key(key)
        if whose:
            each = bytes.fromhex(str(whose)) if is_device(whose) else whose
            own.setdefault(each, {})[settings()[name].number] = value
        else:
            venue[short(name)] = value
    return Settings(version, **venue, own=own)


def _name_at(place: int) -> str:
    return next(name for name, row in settings().items() if row.number == place)
