"""The badge's file system as an image: littlefs with the sizes that MicroPython uses."""

from __future__ import annotations

from typing import Any

from littlefs import LittleFS, LittleFSError

from .partitions import BLOCK_BYTES

# MicroPython's vfs_lfs.c takes read and prog 32, look-ahead 32, and 4 * read as its cache.
_SIZES: dict[str, Any] = {"read_size": 32, "prog_size": 32, "cache_size": 128, "lookahead_size": 32}


def make_filesystem(files: dict[str, bytes], size: int) -> bytes:
    """An image of `size` bytes; MemoryError when the files do not fit."""
    fs = LittleFS(block_size=BLOCK_BYTES, block_count=size // BLOCK_BYTES, **_SIZES)
    try:
        for path in sorted(files):
            folder = path.rpartition("/")[0]
            if folder:
                fs.makedirs(folder, exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(files[path])
    except LittleFSError as error:
        raise MemoryError(str(error)) from error
    return bytes(fs.context.buffer)


def read_filesystem(image: bytes) -> dict[str, bytes]:
    """All files of an image by path; ValueError when it is none."""
    count = len(image) // BLOCK_BYTES
    fs = LittleFS(block_size=BLOCK_BYTES, block_count=count, mount=False, **_SIZES)
    fs.context.buffer[:] = image[: count * BLOCK_BYTES]
    files = {}
    try:
        fs.mount()
        for folder, _, names in fs.walk("/"):
            for name in names:
                path = f"{folder.rstrip('/')}/{name}".lstrip("/")
                with fs.open(path, "rb") as file:
                    files[path] = file.read()
    except LittleFSError as error:
        raise ValueError(f"no file system: {error}") from error
    return files
