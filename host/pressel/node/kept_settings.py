"""The settings that this host knew last, on disk: with them it leads when all hosts were off."""

from __future__ import annotations

from pathlib import Path

from pressel.errors import UsageError
from pressel.registry import proved
from pressel.schema.settings import check_value, settings, short
from ptt.base.numbers import INT_MAX
from ptt.leader.settings_in_force import Settings

FIRST = 1  # version of the settings that nobody has changed


def load_kept(folder: Path) -> Settings:
    """What was kept last, or the defaults. A setting that is not known here is passed over: a newer
    host wrote it. UsageError when the file cannot be read, or a value is out of range."""
    file = folder / proved.SETTINGS
    try:
        told = proved.load(folder, proved.SETTINGS)
        version, values = told["version"], told["values"]
        if not isinstance(version, int) or not FIRST <= version <= INT_MAX:
            raise ValueError(f"version {version} in it is out of range")
        kept = {}
        for name, row in settings().items():
            value = values.get(name, row.default)
            if not isinstance(value, int):
                raise ValueError(f"{name} in it is no number")
            check_value(name, row, value)
            kept[short(name)] = value
    except FileNotFoundError:
        return Settings(FIRST)
    except OSError as error:
        raise UsageError(f"cannot read {file}: {error.strerror}") from error
    except (ValueError, KeyError, TypeError, AttributeError, UsageError) as error:
        raise UsageError(
            f"{file} is damaged ({error}); delete it, and see `pressel settings history`"
        ) from error
    return Settings(version, **kept)


def store_kept(folder: Path, kept: Settings) -> None:
    """Write and wait for the disk. UsageError when it does not take it."""
    told = {"version": kept.version, "values": values_of(kept)}
    try:
        proved.store(folder, proved.SETTINGS, told)
    except OSError as error:
        raise UsageError(f"cannot keep the settings in {folder}: {error.strerror}") from error


def values_of(kept: Settings) -> dict[str, int]:
    """By full name."""
    return {name: getattr(kept, short(name)) for name in settings()}
