"""Which images of MicroPython may be written, by SHA-256, and where those that are here lie.

Pressel knows those of images.toml and those that this user vouched for. It keeps an image under its
name in the user's own folder, and reads whatever lies there through `read_image`, which hashes it.
"""

from __future__ import annotations

import json
import os
import tempfile
import tomllib
from pathlib import Path

import platformdirs
from pydantic import BaseModel, ConfigDict, TypeAdapter, ValidationError

from pressel.errors import UsageError

from .messages import flash_error

_BUILT_IN = Path(__file__).with_name("images.toml")
_OWN = "pins.json"


class Pin(BaseModel):
    """One image; `bytes` is 0 when only the hash is known."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str
    chip: str
    bytes: int
    sha256: str


_PINS = TypeAdapter(list[Pin])


def image_folder() -> Path:
    """Where fetched and pinned images lie."""
    return platformdirs.user_data_path("pressel") / "images"


def known_pins() -> list[Pin]:
    """All pins, the user's own last. UsageError when those are damaged."""
    return _PINS.validate_python(tomllib.loads(_BUILT_IN.read_text("utf-8"))["image"]) + own_pins()


def own_pins() -> list[Pin]:
    file = image_folder() / _OWN
    try:
        return _PINS.validate_json(file.read_bytes())
    except FileNotFoundError:
        return []
    except (OSError, ValidationError) as error:
        raise UsageError(f"{file} is damaged; delete it and pin your images again") from error


def find_pin(image: str) -> Pin | None:
    """By file name, or by chip: the latest for it."""
    return next((pin for pin in reversed(known_pins()) if image in (pin.name, pin.chip)), None)


def is_pinned(sha256: str) -> bool:
    return any(pin.sha256 == sha256 for pin in known_pins())


def newest_image(chip: str) -> Path | None:
    """The file of the latest pin for `chip` that is here."""
    files = (image_folder() / pin.name for pin in reversed(known_pins()) if pin.chip == chip)
    return next((file for file in files if file.is_file()), None)


def keep_image(pin: Pin, data: bytes) -> Path:
    """Put `data` under its name into the folder, whole or not at all, and remember its pin."""
    folder = image_folder()
    try:
        folder.mkdir(parents=True, exist_ok=True)
        file = _write(folder / pin.name, data)
        if not any(each == pin for each in known_pins()):
            pins = [each.model_dump() for each in own_pins() if each.name != pin.name]
            text = json.dumps([*pins, pin.model_dump()], indent=1)
            _write(folder / _OWN, text.encode())
    except OSError as error:
        raise flash_error("no-folder", folder=folder, reason=error.strerror) from error
    return file


def _write(file: Path, data: bytes) -> Path:
    handle, beside = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.")
    try:
        with os.fdopen(handle, "wb") as out:
            out.write(data)
        os.replace(beside, file)
    except BaseException:
        os.unlink(beside)
        raise
    return file
