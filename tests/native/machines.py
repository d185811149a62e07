"""Runs native functions where no badge is: in QEMU for badges' chips, on the host itself for x64.

A program is an ELF file with a few instructions of ours (`_START`), the functions, and memory.
Nothing of MicroPython is in it: of its function table only the slot that turns an argument into a
machine word stands, as identity; any other call ends the program with an exit code of its own.
"""

from __future__ import annotations

import platform
import shutil
import struct
import subprocess
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.patience import PATIENCE_S

from . import mpy

CODE_AT = 0x400000
DATA_AT = 0x500000
_IDENTITY_AT, _TRAP_AT, _FUNCTIONS_AT = 0x400, 0x500, 0x1000  # behind the start code
_TABLE_SLOTS = 90  # more than MicroPython's function table has
_FROM_OBJ_SLOT = 3
TRAP_EXIT = 77

Argument = int | str  # a number, or a buffer by name
Call = tuple[str, tuple[Argument, ...]]


class Trapped(Exception):
    """Native code called something of MicroPython's that it must not need, or crashed."""


@dataclass(frozen=True)
class Machine:
    """One architecture; the three hexadecimal strings are what `stubs` says."""

    name: str  # in mpy-cross's words
    number: int  # in a .mpy's header
    word: int  # bytes
    elf: int  # its number in an ELF header
    flags: int
    emulator: tuple[str, ...]
    start: str
    identity: str
    trap: str

    @property
    def is_host(self) -> bool:
        return self.name == "x64" and platform.machine() in ("x86_64", "AMD64")

    def missing(self) -> str | None:
        """Why it cannot run here."""
        if self.is_host or shutil.which(self.emulator[0]):
            return None
        return f"{self.emulator[0]} is not installed (Debian: qemu-user)"

    def command(self) -> list[str]:
        return [] if self.is_host else list(self.emulator)


XTENSAWIN = Machine(
    "xtensawin", mpy.XTENSAWIN, 4, 94, 0, ("qemu-xtensa", "-cpu", "dc233c"),
    "22a005c02201822200164801a22201b22202c2a000d22203e0080022c210"
    "06f9ff32220142220262a00122a00d00500062a00022a076005000",
    "364100900000",
    "36410062a04d22a076005000",
)  # fmt: skip
RV32IMC = Machine(
    "rv32imc", mpy.RV32IMC, 4, 243, 1, ("qemu-riscv32",),
    "37045000832204006389020048400c440146544482924104f5b7"
    "4c4010440545930800047300000001459308d00573000000",
    "8280",
    "1305d0049308d00573000000",
)  # fmt: skip
X64 = Machine(
    "x64", mpy.X64, 8, 62, 0, ("qemu-x86_64",),
    "bb00005000488b034885c07416488b7b08488b731031d2488b4b18ffd04883c320ebe2"
    "bf01000000488b7308488b5310b8010000000f0531ffb83c0000000f05",
    "4889f8c3",
    "bf4d000000b83c0000000f05",
)  # fmt: skip
MACHINES = (XTENSAWIN, RV32IMC, X64)


class Program:
    """Functions and buffers in one memory, and the calls to be made, in order."""

    def __init__(
        self, machine: Machine, functions: Mapping[str, bytes], objects: Sequence[object]
    ) -> None:
        self._machine = machine
        self._code = bytearray(_FUNCTIONS_AT)
        for at, text in ((0, machine.start), (_IDENTITY_AT, machine.identity)):
            self._code[at : at + len(text) // 2] = bytes.fromhex(text)
        trap = bytes.fromhex(machine.trap)
        self._code[_TRAP_AT : _TRAP_AT + len(trap)] = trap
        self.entry: dict[str, int] = {}
        for name, blob in functions.items():
            self.entry[name] = CODE_AT + len(self._code)
            self._code += blob + bytes(-len(blob) % 16)
        self._objects = [item == mpy.FUN_TABLE for item in objects]
        self._buffers: dict[str, bytes] = {}
        self._calls: list[Call] = []

    def buffer(self, name: str, content: bytes) -> str:
        self._buffers[name] = content
        return name

    def call(self, function: str, *arguments: Argument) -> None:
        self._calls.append((function, arguments))

    def run(self, limit_s: float = PATIENCE_S) -> dict[str, bytes]:
        """The buffers as they are after all calls. Raises `Trapped`, for an endless loop too."""
        data, places = self._memory()
        with tempfile.TemporaryDirectory() as folder:
            file = self._write(Path(folder), data)
            command = [*self._machine.command(), str(file)]
            try:
                done = subprocess.run(command, capture_output=True, timeout=limit_s)
            except subprocess.TimeoutExpired:
                raise Trapped(f"it did not end within {limit_s:g} s") from None
        if done.returncode == TRAP_EXIT:
            raise Trapped("it called a function of MicroPython's")
        if done.returncode or len(done.stdout) != len(data):
            raise Trapped(f"it ended with {done.returncode}: {done.stderr[-300:].decode()}")
        return {
            name: done.stdout[at : at + len(self._buffers[name])] for name, at in places.items()
        }

    def count(self) -> list[int]:
        """Instructions of each call, in order, those of our start code not included."""
        data, _ = self._memory()
        with tempfile.TemporaryDirectory() as folder:
            file = self._write(Path(folder), data)
            return list(self._count(file))

    def _count(self, file: Path) -> Iterator[int]:
        """QEMU tells of every block when it translates it, and each time that it runs it. A
        function's first address begins a call."""
        emulator = self._machine.emulator
        span = f"{CODE_AT + _FUNCTIONS_AT:#x}+{len(self._code):#x}"
        command = [*emulator, "-d", "in_asm,exec,nochain", "-dfilter", span, str(file)]
        digits = self._machine.word * 2
        entries = {b"%0*x" % (digits, at) for at in self.entry.values()}
        blocks: dict[bytes, int] = {}  # instructions by first address
        translated = b""
        count = 0
        with subprocess.Popen(
            command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, bufsize=1 << 20
        ) as process:
            assert process.stderr
            for line in process.stderr:
                if line.startswith(b"Trace "):
                    at = line.index(b"/") + 1
                    address = line[at : at + digits]
                    if count and address in entries:
                        yield count
                        count = 0
                    count += blocks[address]
                elif line.startswith(b"IN:"):
                    translated = b""
                elif line.startswith(b"0x"):
                    address = line[2 : line.index(b":")].rjust(digits, b"0")
                    translated = translated or address
                    blocks[translated] = 1 if address == translated else blocks[translated] + 1
        if process.returncode:
            raise Trapped(f"it ended with {process.returncode}")
        yield count

    def _memory(self) -> tuple[bytes, dict[str, int]]:
        """The data's first content, and where in it each buffer begins."""
        word = self._machine.word
        data = bytearray((len(self._calls) + 1) * 4 * word)

        def add(content: bytes) -> int:
            data.extend(bytes(-len(data) % 16))
            at = len(data)
            data.extend(content)
            return at

        table = [CODE_AT + _TRAP_AT] * _TABLE_SLOTS
        table[_FROM_OBJ_SLOT] = CODE_AT + _IDENTITY_AT
        table_at = DATA_AT + add(self._words(*table))
        slots = [table_at if is_table else 0 for is_table in self._objects]
        objects_at = DATA_AT + add(self._words(*slots))
        context_at = DATA_AT + add(self._words(0, 0, 0, objects_at))
        function_at = DATA_AT + add(self._words(0, context_at, 0, 0, 0))
        places = {name: add(content + bytes(16)) for name, content in self._buffers.items()}
        lines = []
        for name, arguments in self._calls:
            words = [
                DATA_AT + places[item] if isinstance(item, str) else item for item in arguments
            ]
            lines.append((self.entry[name], function_at, len(words), add(self._words(*words))))
        for index, line in enumerate(lines):
            line = (*line[:3], DATA_AT + line[3])
            data[index * 4 * word : (index + 1) * 4 * word] = self._words(*line)
        end = self._words(0, DATA_AT, len(data), 0)
        data[len(lines) * 4 * word : (len(lines) + 1) * 4 * word] = end
        return bytes(data), places

    def _words(self, *values: int) -> bytes:
        size = self._machine.word
        return b"".join((value % (1 << 8 * size)).to_bytes(size, "little") for value in values)

    def _write(self, folder: Path, data: bytes) -> Path:
        """An ELF executable of two segments, both to be read, written and executed."""
        machine = self._machine
        is_64 = machine.word == 8
        head_size, part_size = (64, 56) if is_64 else (52, 32)
        parts, body, at = [], b"", 4096
        for address, content in ((CODE_AT, bytes(self._code)), (DATA_AT, data)):
            size = len(content)
            if is_64:
                parts.append(struct.pack("<IIQQQQQQ", 1, 7, at, address, address, size, size, 4096))
            else:
                parts.append(struct.pack("<8I", 1, at, address, address, size, size, 7, 4096))
            padded = content + bytes(-size % 4096)
            body, at = body + padded, at + len(padded)
        head = struct.pack(
            "<16sHHI", b"\x7fELF" + bytes([machine.word // 4, 1, 1]), 2, machine.elf, 1
        )
        head += struct.pack("<QQQ" if is_64 else "<III", CODE_AT, head_size, 0)
        head += struct.pack("<IHHHHHH", machine.flags, head_size, part_size, 2, 40, 0, 0)
        start = head + b"".join(parts)
        file = folder / "program"
        file.write_bytes(start + bytes(4096 - len(start)) + body)
        file.chmod(0o755)
        return file
