"""A badge's flash whose power can be cut at any operation: littlefs over a block device that notes
each write and erase, and what MicroPython's `os` and `open` are on it.

A cut is made afterwards: the flash as it was before, and the noted operations up to the cut, the
last of them whole, by half, or not at all.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from typing import Any, cast

from littlefs import LittleFS, LittleFSError
from littlefs.context import UserContext

BLOCK_BYTES = 4096
_SIZES: dict[str, Any] = {"block_size": BLOCK_BYTES, "read_size": 32, "prog_size": 32,
                          "cache_size": 128, "lookahead_size": 32, "block_cycles": 100}  # fmt: skip
_FOLDER = 0x4000

Operation = tuple[int, bytes | None]  # address and what is written; None: the block is erased
NVS_AT = -1  # as address: the other storage, which is whole or not at all


class _Device(UserContext):
    def __init__(self, content: bytes) -> None:
        super().__init__(len(content))
        self.buffer = bytearray(content)
        self.noted: list[Operation] = []
        self.flips_at = -1  # a bit of what this operation wrote changes right after it

    def prog(self, cfg: Any, block: int, off: int, data: Any) -> int:
        return self._do((block * BLOCK_BYTES + off, bytes(data)))

    def erase(self, cfg: Any, block: int) -> int:
        return self._do((block * BLOCK_BYTES, None))

    def _do(self, operation: Operation) -> int:
        if 0 <= self.flips_at == len(self.noted) - 1:  # littlefs has looked at it by now
            at, data = self.noted[-1]
            self.buffer[at + len(data or b"") // 2] ^= 4
        self.noted.append(operation)
        apply(self.buffer, operation)
        return 0


def apply(flash: bytearray, operation: Operation, share: float = 1.0) -> None:
    """Do `share` of an operation to `flash`."""
    at, data = operation
    if at == NVS_AT:
        return
    content = b"\xff" * BLOCK_BYTES if data is None else data
    count = int(len(content) * share)
    flash[at : at + count] = content[:count]


def _redo(flash: bytearray, nvs: dict[str, Any], operation: Operation) -> None:
    at, data = operation
    if at == NVS_AT and data is not None:
        name, _, value = data.partition(b"=")
        nvs[name.decode()] = int(value)
    apply(flash, operation)


class CutFlash:
    """The flash of a badge: a file system and NVS."""

    def __init__(self, content: bytes = b"", nvs: dict[str, Any] | None = None, blocks: int = 96):
        self.device = _Device(content or b"\xff" * BLOCK_BYTES * blocks)
        self.fs = LittleFS(
            context=self.device, mount=False, block_count=len(self.device.buffer) // BLOCK_BYTES,
            **_SIZES,
        )  # fmt: skip
        if not content:
            self.fs.format()
        self.fs.mount()
        self.nvs = dict(nvs or {})
        self.before = bytes(self.device.buffer)
        self.nvs_before = dict(self.nvs)

    @property
    def noted(self) -> list[Operation]:
        return self.device.noted

    def begin(self) -> None:
        """Cuts are made from here on."""
        self.noted.clear()
        self.before = bytes(self.device.buffer)
        self.nvs_before = dict(self.nvs)

    def cut_before(self, number: int) -> CutFlash:
        """The flash after a cut before operation `number`."""
        content = bytearray(self.before)
        nvs = dict(self.nvs_before)
        for operation in self.noted[:number]:
            _redo(content, nvs, operation)
        return CutFlash(bytes(content), nvs)

    def cuts(self) -> Iterator[tuple[int, bool, CutFlash]]:
        """(number of the operation, torn, the flash after the power came back) for every cut."""
        content = bytearray(self.before)
        nvs = dict(self.nvs_before)
        for number, operation in enumerate(self.noted):
            yield number, False, CutFlash(bytes(content), nvs)
            if operation[0] != NVS_AT:
                torn = bytearray(content)
                apply(torn, operation, 0.5)
                yield number, True, CutFlash(bytes(torn), nvs)
            _redo(content, nvs, operation)
        yield len(self.noted), False, CutFlash(bytes(content), nvs)

    def set_number(self, name: str, value: int) -> None:
        """Of NVS, which survives a power cut by itself."""
        if self.nvs.get(name) != value:
            self.noted.append((NVS_AT, b"%s=%d" % (name.encode(), value)))
            self.nvs[name] = value

    def files(self, folder: str) -> dict[str, bytes]:
        """All files below `folder`, by their paths in it."""
        found = {}
        for where, _, names in self.fs.walk("/" + folder):
            for name in names:
                path = f"{where.rstrip('/')}/{name}"
                with self.fs.open(path, "rb") as file:
                    found[path.removeprefix(f"/{folder}/")] = file.read()
        return found

    def put(self, files: dict[str, bytes]) -> None:
        for path, content in files.items():
            if "/" in path:
                self.fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self.fs.open(path, "wb") as file:
                file.write(content)

    # --- what MicroPython has ---

    def open(self, path: str, mode: str = "r") -> Any:
        try:
            raw = self.fs.open(path, mode.replace("b", "") + "b", buffering=0)
        except LittleFSError as error:
            raise _os_error(error) from error
        file: Any = io.BufferedReader(cast(Any, raw)) if "r" in mode else _Writer(raw)
        return file if "b" in mode else io.TextIOWrapper(file, "utf-8", write_through=True)


class _Writer(io.RawIOBase):
    """Errors as MicroPython has them."""

    def __init__(self, file: Any) -> None:
        self._file = file

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        try:
            return self._file.write(bytes(data))
        except LittleFSError as error:
            raise _os_error(error) from error

    def flush(self) -> None:
        if not self._file.closed:
            self._file.flush()

    def close(self) -> None:
        if not self._file.closed:
            self._file.close()
        super().close()


class CutOs:
    """MicroPython's `os` on a `CutFlash`."""

    def __init__(self, flash: CutFlash) -> None:
        self._flash = flash

    def __getattr__(self, name: str) -> Any:
        def call(*paths: str) -> Any:
            try:
                return getattr(self._flash.fs, name)(*paths)
            except LittleFSError as error:
                raise _os_error(error) from error

        return call

    def stat(self, path: str) -> tuple[int, ...]:
        try:
            found = self._flash.fs.stat(path)
        except LittleFSError as error:
            raise _os_error(error) from error
        return (_FOLDER if found.type == 2 else 0x8000, 0, 0, 0, 0, 0, found.size)

    def statvfs(self, path: str) -> tuple[int, ...]:
        total = len(self._flash.device.buffer) // BLOCK_BYTES
        return (BLOCK_BYTES, BLOCK_BYTES, total, total - self._flash.fs.used_block_count)


def _os_error(error: LittleFSError) -> OSError:
    return OSError(-error.code, str(error))
