"""What a whole flash holds, as files of a folder, and back: for emulated and virtual badges.

NVS becomes `nvs.json`, which the virtual badge's `esp32.NVS` reads: bytes in hexadecimal. A ROMFS
partition becomes the file that a virtual badge mounts at /rom.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

from pressel.pack.manifest import ROM_FILE
from pressel.pack.rom_image import MAGIC as ROMFS_MAGIC

from .filesystem import make_filesystem, read_filesystem
from .nvs import NAMESPACE, make_nvs, read_nvs
from .partitions import (
    IMAGE_AT,
    TABLE_AT,
    TABLE_BYTES,
    Partition,
    find_nvs,
    find_romfs,
    find_vfs,
    read_table,
)

NVS_FILE = "nvs.json"
_IMAGE_MAGIC = 0xE9


def take_out(flash: bytes | bytearray, chip: str, folder: Path) -> bool:
    """Fill `folder` with the flash's files; False when nothing in it would boot."""
    shutil.rmtree(folder, ignore_errors=True)
    places = _places(flash, chip)
    if places is None:
        return False
    nvs, vfs = places
    try:
        files = read_filesystem(bytes(flash[vfs.at : vfs.at + vfs.size]))
    except ValueError:
        files = {}  # MicroPython then starts with an empty one
    values = read_nvs(bytes(flash[nvs.at : nvs.at + nvs.size]))
    files[NVS_FILE] = json.dumps(
        {s: {k: v.hex() if isinstance(v, bytes) else v for k, v in each.items()}
         for s, each in values.items()}
    ).encode()  # fmt: skip
    image = _romfs(flash)
    if image.startswith(ROMFS_MAGIC):
        files[ROM_FILE] = image
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    return True


def forget_key(folder: Path) -> None:
    """Take the key out of the storage of a `folder` that `take_out` filled."""
    kept = json.loads((folder / NVS_FILE).read_bytes())
    kept.get(NAMESPACE, {}).pop("key", None)
    (folder / NVS_FILE).write_bytes(json.dumps(kept).encode())


def put_back(flash: bytearray, chip: str, folder: Path) -> bool:
    """Put changed files of `folder` into the flash; True when it changed."""
    places = _places(flash, chip)
    if places is None or not folder.is_dir():
        return False
    nvs, vfs = places
    files = {p.relative_to(folder).as_posix(): p.read_bytes()
             for p in folder.rglob("*") if p.is_file()}  # fmt: skip
    files.pop(ROM_FILE, None)  # which no program writes
    kept = json.loads(files.pop(NVS_FILE, b"{}"))
    values = {s: {k: bytes.fromhex(v) if isinstance(v, str) else v for k, v in each.items()}
              for s, each in kept.items()}  # fmt: skip
    is_changed = False
    if read_nvs(bytes(flash[nvs.at : nvs.at + nvs.size])) != values:
        flash[nvs.at : nvs.at + nvs.size] = make_nvs(values, nvs.size)
        is_changed = True
    try:
        old = read_filesystem(bytes(flash[vfs.at : vfs.at + vfs.size]))
    except ValueError:
        old = {}
    if old != files:
        flash[vfs.at : vfs.at + vfs.size] = make_filesystem(files, vfs.size)
        is_changed = True
    return is_changed


def _romfs(flash: bytes | bytearray) -> bytes:
    place = find_romfs(read_table(flash[TABLE_AT : TABLE_AT + TABLE_BYTES]))
    return bytes(flash[place.at : place.at + place.size]) if place else b""


def _places(flash: bytes | bytearray, chip: str) -> tuple[Partition, Partition] | None:
    rows = read_table(flash[TABLE_AT : TABLE_AT + TABLE_BYTES])
    nvs = find_nvs(rows)
    if flash[IMAGE_AT[chip]] != _IMAGE_MAGIC or nvs is None:
        return None
    return nvs, find_vfs(rows, len(flash))
