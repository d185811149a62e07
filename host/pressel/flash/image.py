"""A MicroPython image as the vendor offers it: one file with boot loader, table and application.

Knows the header that names the chip, the SHA-256 it is pinned by, and a synthetic one for tests.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from pathlib import Path

from pressel.pack import ROMFS, STOCK

from .messages import flash_error
from .partitions import (
    IMAGE_AT,
    TABLE_AT,
    TABLE_BYTES,
    Partition,
    find_nvs,
    find_romfs,
    read_table,
    write_table,
)
from .pins import is_pinned

_C3 = 5
CHIP_IDS = {0: "esp32", 9: "esp32s3", _C3: "esp32c3"}  # ESP-IDF's esp_chip_id_t
IMAGE_BYTES_MAX = 32 << 20  # the largest flash that a board has
_MAGIC = 0xE9
_APPLICATION = 0  # a partition's kind
_HEADER_BYTES = 24
_REVISION_MAX = 0xFFFF  # an image for all revisions to come
_READS_ROMFS = b"VfsRom"  # the name of a class that only MICROPY_VFS_ROM brings


@dataclass(frozen=True)
class Image:
    """`data` is written at `at`; `rows` is its partition table, `name` what people call it."""

    name: str
    chip: str
    data: bytes
    rows: list[Partition]

    @property
    def at(self) -> int:
        return IMAGE_AT[self.chip]

    @property
    def nvs(self) -> Partition:
        nvs = find_nvs(self.rows)
        assert nvs is not None  # read_image has looked
        return nvs

    @property
    def revisions(self) -> tuple[int, int]:
        """The lowest and the highest revision of a chip that runs boot loader and application: 301
        is 3.1."""
        programs = [0, *(row.at - self.at for row in self.rows if row.kind == _APPLICATION)]
        spans = [_revisions(self.data[at : at + _HEADER_BYTES]) for at in programs]
        return max(least for least, _ in spans), min(most for _, most in spans)

    @property
    def packings(self) -> list[str]:
        """Which ways of packing our firmware it can take."""
        takes_rom = find_romfs(self.rows) is not None and _READS_ROMFS in self.data
        return [STOCK.name, ROMFS.name] if takes_rom else [STOCK.name]

    def with_nvs(self, nvs: bytes) -> bytes:
        """The image with a device's NVS in its place."""
        at = self.nvs.at - self.at
        return self.data[:at].ljust(at, b"\xff") + nvs + self.data[at + len(nvs) :]


def read_bounded(file: Path) -> bytes:
    """What is in an image's `file`. FlashError when it cannot be read, or is not a file: we would
    wait for a pipe."""
    try:
        if not file.is_file():
            missing = not file.exists()
            raise OSError(0, "there is no such file" if missing else "it is not a file")
        if file.stat().st_size > IMAGE_BYTES_MAX:
            raise flash_error("image-damaged", file=file)
        return file.read_bytes()
    except OSError as error:
        raise flash_error("image-unreadable", file=file, reason=error.strerror) from error


def read_image(file: Path, sha256: str | None) -> Image:
    """An image; refused when its SHA-256 is not `sha256`, or without one not a pinned one, or when
    it is no image for a known chip."""
    data = read_bounded(file)
    found = hashlib.sha256(data).hexdigest()
    if sha256 is None and not is_pinned(found):
        raise flash_error("image-unpinned", file=file, found=found)
    if sha256 is not None and found != sha256.lower():
        raise flash_error("image-hash", file=file, found=found, wanted=sha256)
    return parse_image(str(file), data)


def parse_image(name: str, data: bytes) -> Image:
    """What an image's header and table say; FlashError when it is none for a known chip."""
    chip = CHIP_IDS.get(struct.unpack_from("<H", data, 12)[0]) if len(data) > 14 else None
    if chip is None or data[0] != _MAGIC:
        raise flash_error("image-damaged", file=name)
    table = TABLE_AT - IMAGE_AT[chip]
    rows = read_table(data[table : table + TABLE_BYTES])
    if not rows or find_nvs(rows) is None:
        raise flash_error("image-damaged", file=name)
    return Image(name, chip, data, rows)


def _revisions(head: bytes) -> tuple[int, int]:
    """Of one program by its header. Source: "Application Image Format" in the ESP-IDF Programming
    Guide."""
    if len(head) < _HEADER_BYTES or head[0] != _MAGIC:
        return 0, _REVISION_MAX
    old, least, most = struct.unpack_from("<BHH", head, 14)
    if most == 0 or (least == 0 and old and most == _REVISION_MAX):
        # Before there were minor numbers; the C3 counted those from the start.
        is_minor = struct.unpack_from("<H", head, 12)[0] == _C3
        return (old if is_minor else old * 100), _REVISION_MAX
    return least, most


def synthetic_image(
    chip: str, app_bytes: int = 0x10000, romfs_bytes: int = 0, revisions: tuple[int, int] = (0, 0)
) -> bytes:
    """A whole, small image that no chip runs; it stands in for the vendor's in tests, and with
    `romfs_bytes` for an owner's own that reads ROMFS. `revisions` of the chip: least, greatest."""
    chip_id = next(each for each, name in CHIP_IDS.items() if name == chip)
    rows = [
        Partition(1, 2, 0x9000, 0x6000, "nvs"),
        Partition(1, 1, 0xF000, 0x1000, "phy_init"),
        Partition(0, 0, 0x10000, app_bytes, "factory"),
    ]
    code = b"application" * 1000
    if romfs_bytes:
        rows.append(Partition(1, 0x8F, 0x10000 + app_bytes, romfs_bytes, "romfs"))
        code += _READS_ROMFS
    at = IMAGE_AT[chip]
    boot = _program(chip_id, b"boot loader", revisions)
    data = boot.ljust(TABLE_AT - at, b"\xff") + write_table(rows)
    return data.ljust(0x10000 - at, b"\xff") + _program(chip_id, code, revisions)


def _program(chip_id: int, code: bytes, revisions: tuple[int, int]) -> bytes:
    """One segment in Espressif's application format, with its checksum."""
    code += bytes(-len(code) % 4)
    checksum = 0xEF
    for byte in code:
        checksum ^= byte
    head = struct.pack("<BBBBI", _MAGIC, 1, 2, 0x20, 0x40080000) + bytes(4)
    head += struct.pack("<HBHH", chip_id, 0, *revisions) + bytes(4) + b"\0"
    body = head + struct.pack("<II", 0x40080000, len(code)) + code
    return body + bytes(15 - len(body) % 16) + bytes([checksum])
