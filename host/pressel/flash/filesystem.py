"""The badge's file system as an image: littlefs with the sizes that MicroPython uses."""

from __future__ import annotations

from typing import Any

from littlefs import LittleFS, LittleFSError, UserContext

from .partitions import BLOCK_BYTES

# MicroPython's vfs_lfs.c takes read and prog 32, look-ahead 32, and 4 * read as its cache.
_SIZES: dict[str, Any] = {"read_size": 32, "prog_size": 32, "cache_size": 128, "lookahead_size": 32}


_GAP_BLOCKS_MAX = 8  # erasing 32 KB takes less time than beginning another write


class _Watched(UserContext):
    """Notes which blocks littlefs has looked at: what lies in all others does not matter. A look is
    enough: of a pair of blocks, the one with the later number counts."""

    def __init__(self, size: int) -> None:
        super().__init__(size)
        self.blocks: set[int] = set()

    def read(self, cfg: Any, block: int, off: int, size: int) -> bytearray:
        self.blocks.add(block)
        return super().read(cfg, block, off, size)

    def erase(self, cfg: Any, block: int) -> int:
        self.blocks.add(block)
        return super().erase(cfg, block)


def make_runs(files: dict[str, bytes], size: int) -> list[tuple[int, bytes]]:
    """A file system of `size` bytes as offsets and bytes; MemoryError when the files do not fit.

    What lies between them need not be written: littlefs scatters files over the whole partition."""
    context = _Watched(size)
    image = _make(context, files, size)
    runs: list[tuple[int, int]] = []  # of blocks; the last is not included
    for block in sorted(context.blocks):
        if runs and block - runs[-1][1] <= _GAP_BLOCKS_MAX:
            runs[-1] = (runs[-1][0], block + 1)
        else:
            runs.append((block, block + 1))
    spans = ((first * BLOCK_BYTES, end * BLOCK_BYTES) for first, end in runs)
    return [(start, image[start:end]) for start, end in spans]


def make_filesystem(files: dict[str, bytes], size: int) -> bytes:
    """The whole image; MemoryError when the files do not fit."""
    return _make(UserContext(size), files, size)


def _make(context: UserContext, files: dict[str, bytes], size: int) -> bytes:
    count = size // BLOCK_BYTES
    fs = LittleFS(context=context, block_size=BLOCK_BYTES, block_count=count, **_SIZES)
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
    """All files of an image by path; ValueError when it is not one."""
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
