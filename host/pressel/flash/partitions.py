"""Where things lie in a badge's flash: the partition table of ESP-IDF, and the room behind it.

Source: "Partition Tables" in the ESP-IDF Programming Guide. MicroPython's stock tables have no row
for its file system: `vfs` begins where the last partition ends and fills the chip.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass

TABLE_AT = 0x8000
TABLE_BYTES = 0xC00
BLOCK_BYTES = 4096
IMAGE_AT = {"esp32": 0x1000, "esp32s3": 0, "esp32c3": 0}  # where a chip looks for its bootloader
_ROW = "<2sBBII16sI"
_MAGIC = b"\xaaP"


@dataclass(frozen=True)
class Partition:
    """`at` and `size` in bytes; kinds: 0 is an application, 1 is data (sub-kind 2: NVS)."""

    kind: int
    sub_kind: int
    at: int
    size: int
    label: str


def read_table(data: bytes | bytearray) -> list[Partition]:
    """The rows of a table; empty when there is none."""
    rows = []
    for at in range(0, min(len(data), TABLE_BYTES) - 31, 32):
        magic, kind, sub_kind, start, size, label, _ = struct.unpack_from(_ROW, data, at)
        if magic != _MAGIC:
            break
        text = label.rstrip(b"\0").decode("ascii", "replace")
        rows.append(Partition(kind, sub_kind, start, size, text))
    return rows


def write_table(rows: list[Partition]) -> bytes:
    """The table as bytes, with its MD5 row."""
    data = b"".join(
        struct.pack(_ROW, _MAGIC, r.kind, r.sub_kind, r.at, r.size, r.label.encode(), 0)
        for r in rows
    )
    data += b"\xeb\xeb" + b"\xff" * 14 + hashlib.md5(data).digest()
    return data.ljust(TABLE_BYTES, b"\xff")


def find_nvs(rows: list[Partition]) -> Partition | None:
    return next((r for r in rows if (r.kind, r.sub_kind) == (1, 2)), None)


def find_romfs(rows: list[Partition]) -> Partition | None:
    """Where MicroPython looks for a ROMFS image: data, by its name; stock tables have none."""
    return next((r for r in rows if r.kind == 1 and r.label == "romfs"), None)


def find_vfs(rows: list[Partition], flash_bytes: int) -> Partition:
    """The file system's partition; its size may be zero or negative on too small a chip."""
    for row in rows:
        if row.label in ("vfs", "ffat"):
            return row
    at = max(row.at + row.size for row in rows)
    return Partition(1, 0x81, at, flash_bytes - at, "vfs")
