"""Where an image that somebody got with a browser may lie: the place of last time, sticks, folders.

Size and hash decide, so its name may have become "image (1).bin". A search is bounded: it looks at
a limited number of files and folders.
"""

from __future__ import annotations

import contextlib
import glob
import hashlib
import os
import stat
import urllib.parse
from collections.abc import Iterator
from pathlib import Path

import platformdirs

from pressel.printable import is_printable

from .image import read_bounded
from .messages import FlashError
from .pins import Pin, image_folder

_MEMORY = "place"  # a file beside the images: an address or a folder
_PLACE_BYTES_MAX = 4096
_MOUNTS = ("/media/*", "/media/*/*", "/run/media/*/*", "/mnt/*", "/Volumes/*")
_ENTRIES_MAX = 5000  # of one place and the folders in it: more than a stick of images has
_SUFFIX = ".bin"


def remembered_place() -> str:
    """Where an image came from last, or nothing."""
    try:
        with (image_folder() / _MEMORY).open(encoding="utf-8") as file:
            place = file.read(_PLACE_BYTES_MAX).strip()
    except (OSError, ValueError):
        return ""
    return place if is_printable(place) else ""


def remember_place(place: str) -> None:
    """Only a convenience: a disk that is full may forget it, and a password is not kept."""
    if not is_address(place):
        place = str(Path(place).resolve())
    elif urllib.parse.urlsplit(place).password is not None:
        return
    with contextlib.suppress(OSError, ValueError):  # a name that is no text
        (image_folder() / _MEMORY).write_text(place, "utf-8")


def is_address(place: str) -> bool:
    return place.startswith(("http://", "https://"))


def likely_folders() -> list[Path]:
    """This folder, the user's downloads and home, and what is mounted."""
    own = [Path.cwd(), platformdirs.user_downloads_path(), Path.home()]
    mounted = [Path(each) for pattern in _MOUNTS for each in sorted(glob.glob(pattern))]
    return list(dict.fromkeys(each.resolve() for each in own + mounted if each.is_dir()))


def find_image(pin: Pin, folders: list[Path]) -> Path | None:
    """The first file in one of `folders`, or one level below, that is the image of `pin`."""
    for folder in folders:
        for file, size in _files(folder):
            if (not pin.bytes or size == pin.bytes) and _sha256(file) == pin.sha256:
                return file
    return None


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Images by their ending, with their sizes; those of the folder itself first."""
    left = _ENTRIES_MAX
    folders = [str(folder)]
    for depth in range(2):
        below: list[str] = []
        for each in folders:
            with contextlib.suppress(OSError), os.scandir(each) as entries:
                for entry in entries:
                    left -= 1
                    if left < 0:
                        return
                    with contextlib.suppress(OSError):
                        facts = entry.stat()
                        if stat.S_ISREG(facts.st_mode) and entry.name.lower().endswith(_SUFFIX):
                            yield Path(entry.path), facts.st_size
                        elif depth == 0 and entry.is_dir() and not entry.name.startswith("."):
                            below.append(entry.path)
        folders = sorted(below)


def _sha256(file: Path) -> str:
    try:
        return hashlib.sha256(read_bounded(file)).hexdigest()
    except FlashError:
        return ""
