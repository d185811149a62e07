"""The chip's non-volatile storage as a partition: made by Espressif's tool, read here.

Numbers (i32) and bytes only: that is what `esp32.NVS` on the badge reads. Source of the format:
"Non-volatile Storage Library" in the ESP-IDF Programming Guide.
"""

from __future__ import annotations

import contextlib
import csv
import io
import struct
import tempfile
import threading
from pathlib import Path
from types import SimpleNamespace

NAMESPACE = "pressel"  # as firmware/hal/nvs.py
_PAGE_BYTES = 4096
_ENTRIES = 126  # of 32 bytes each, behind a header of 64
_U8, _I32, _BLOB_DATA = 0x01, 0x14, 0x42

_quiet = threading.Lock()  # while Espressif's tool would print

Values = dict[str, dict[str, int | bytes]]  # namespace -> key -> value


def make_nvs(values: Values, size: int) -> bytes:
    """A partition of `size` bytes."""
    from esp_idf_nvs_partition_gen import nvs_partition_gen

    with tempfile.TemporaryDirectory() as scratch:
        table = Path(scratch) / "nvs.csv"
        with table.open("w", newline="") as file:
            out = csv.writer(file)
            out.writerow(("key", "type", "encoding", "value"))
            for space in sorted(values):
                out.writerow((space, "namespace", "", ""))
                for key, value in sorted(values[space].items()):
                    is_number = isinstance(value, int)
                    text = value if is_number else value.hex()
                    out.writerow((key, "data", "i32" if is_number else "hex2bin", text))
        args = SimpleNamespace(input=str(table), output="nvs.bin", size=hex(size), version=2,
                               outdir=scratch)  # fmt: skip
        # All threads share one stdout: one that put back another thread's would keep ours quiet for
        # good.
        with _quiet, contextlib.redirect_stdout(io.StringIO()):
            nvs_partition_gen.generate(args)
        return (Path(scratch) / "nvs.bin").read_bytes()


def read_nvs(data: bytes) -> Values:
    """The numbers and bytes in a partition, without damaged entries and those of other kinds."""
    spaces: dict[int, str] = {}
    found: dict[tuple[int, str], int | bytes] = {}
    pages = [data[at : at + _PAGE_BYTES] for at in range(0, len(data), _PAGE_BYTES)]
    used = [p for p in pages if len(p) == _PAGE_BYTES and p[:4] not in (b"\xff" * 4, bytes(4))]
    for page in sorted(used, key=lambda p: struct.unpack_from("<I", p, 4)):
        at = 0
        while at < _ENTRIES:
            is_written = page[32 + at // 4] >> (at % 4 * 2) & 3 == 2
            entry = page[64 + at * 32 : 96 + at * 32]
            space, kind, span = entry[0], entry[1], max(1, entry[2])
            if is_written:
                key = entry[8:24].split(b"\0")[0].decode("ascii", "replace")
                if space == 0 and kind == _U8:
                    spaces[entry[24]] = key
                elif kind == _I32:
                    found[space, key] = struct.unpack_from("<i", entry, 24)[0]
                elif kind == _BLOB_DATA:
                    size = struct.unpack_from("<H", entry, 24)[0]
                    found[space, key] = page[96 + at * 32 : 96 + at * 32 + size]
            at += span if is_written else 1
    values: Values = {}
    for (space, key), value in found.items():
        if space in spaces:
            values.setdefault(spaces[space], {})[key] = value
    return values
