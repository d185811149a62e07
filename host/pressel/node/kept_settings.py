"""The settings that this host knew last, on disk: with them it leads when all hosts were off."""

from __future__ import annotations

import json
import os
from pathlib import Path

from pressel.errors import UsageError
from pressel.json_text import read_json
from pressel.registry.proved import with_proof, without_proof
from pressel.registry.secret_file import sync_folder
from pressel.schema.settings import check_value, settings, short
from ptt.base.numbers import INT_MAX
from ptt.leader.settings_in_force import Settings

FILE = "settings.json"
BYTES_MAX = 65536  # a hundred settings are a tenth of it
_FORMER = {"version", "values"}  # fields of earlier versions
FIRST = 1  # version of the settings that nobody has changed


def load_kept(folder: Path) -> Settings:
    """What was kept last, or the defaults. A setting that is not known here is passed over: a newer
    host wrote it. UsageError when the file cannot be read, or a value is out of range."""
    file = folder / FILE
    try:
        with file.open("rb") as opened:
            told = without_proof(folder, FILE, read_json(opened.read(BYTES_MAX)), _FORMER)
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
    file = folder / FILE
    beside = file.with_suffix(".new")
    told = with_proof(folder, FILE, {"version": kept.version, "values": values_of(kept)})
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="ascii") as out:
            json.dump(told, out, indent=1)
            out.flush()
            os.fsync(out.fileno())
        beside.replace(file)
        sync_folder(folder)
    except OSError as error:
        raise UsageError(f"cannot keep the settings in {folder}: {error.strerror}") from error


def values_of(kept: Settings) -> dict[str, int]:
    """By full name."""
    return {name: getattr(kept, short(name)) for name in settings()}
