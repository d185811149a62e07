"""Native functions taken out of a .mpy file, version 6, as `py/persistentcode.c` of MicroPython
reads it. Knows nothing of what they do."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

X64, XTENSAWIN, RV32IMC = 2, 10, 11  # what the header calls an architecture
_FUN_TABLE, _STRING, _BYTES, _TUPLE = 0, 5, 6, 10
_CONSTANTS = (1, 2, 3, 4)  # None, False, True, Ellipsis: nothing follows them
_BYTECODE, _NATIVE, _VIPER = 0, 1, 2
_HAS_READ_ONLY_DATA, _HAS_BSS, _HAS_RELOCATIONS = 0x20, 0x40, 0x10
FUN_TABLE = "fun_table"


@dataclass
class Mpy:
    """The viper functions of a module in the order of its text, and the objects they refer to."""

    architecture: int
    sub_version: int
    functions: list[bytes] = field(default_factory=list)
    objects: list[object] = field(default_factory=list)


def read_mpy(file: Path) -> Mpy:
    """Raises ValueError for anything that is not a module of this version, read to its end."""
    reader = _Reader(file.read_bytes())
    if reader.take(2) != b"M\x06":
        raise ValueError(f"{file} is no .mpy of version 6")
    flags = reader.take(1)[0]
    reader.take(1)  # bits of a small integer
    mpy = Mpy(flags >> 2 & 15, flags & 3)
    strings, objects = reader.number(), reader.number()
    for _ in range(strings):
        length = reader.number()
        if not length & 1:  # odd: one that every MicroPython has, by number
            reader.take((length >> 1) + 1)
    mpy.objects = [reader.object() for _ in range(objects)]
    reader.code(mpy.functions)
    if not reader.is_at_end():
        raise ValueError(f"{file} holds more than its module")
    return mpy


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def is_at_end(self) -> bool:
        return self._at == len(self._data)

    def take(self, count: int) -> bytes:
        self._at += count
        if self._at > len(self._data):
            raise ValueError("the file ends early")
        return self._data[self._at - count : self._at]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.take(1)[0]
            value = value << 7 | byte & 127
            if byte < 128:
                return value

    def object(self) -> object:
        kind = self.take(1)[0]
        if kind == _FUN_TABLE:
            return FUN_TABLE
        if kind in _CONSTANTS:
            return kind
        length = self.number()
        if kind == _TUPLE:
            return tuple(self.object() for _ in range(length))
        data = self.take(length)
        if kind in (_STRING, _BYTES):
            self.take(1)
        return data

    def code(self, viper: list[bytes]) -> None:
        """One function and those within it."""
        head = self.number()
        kind, has_children = head & 3, head >> 2 & 1
        data = self.take(head >> 3)
        if kind == _NATIVE:
            raise ValueError("@micropython.native is not looked at here, only viper is")
        if kind == _VIPER:
            flags = self.number()
            if flags & (_HAS_READ_ONLY_DATA | _HAS_BSS | _HAS_RELOCATIONS):
                raise ValueError("a viper function with data of its own")
            viper.append(data)
        for _ in range(self.number() if has_children else 0):
            self.code(viper)
