"""Gives each instruction of MicroPython bytecode a line of its own, so that a trace of lines counts
instructions.

The format is that of MicroPython's .mpy files, version 6: a header, tables of names and constants,
then the code of the module with that of its functions inside. Bytecode begins with a prelude: sizes
of the frame, then how long the information for tracebacks is; that ends in steps of (bytes, lines),
which are made anew here.
"""

from __future__ import annotations

_VERSION = 6
_BYTECODE = 0  # kind of a piece of code
_HAS_CHILDREN = 4
_KIND_BITS = 3
_LINE_BYTES_MAX = 31  # in a step of one byte, beside a line

# How an instruction goes on, two bits for each 16 of them: with nothing, a name, a number, an
# offset in one or two bytes.
_FORMATS = 0x000003A4
_NAME, _NUMBER, _OFFSET = 1, 2, 3
_EXTRA_MASK = 0x9E  # without these bits it has one byte more


def number_opcodes(mpy: bytes) -> bytes:
    """The same module; the line of each instruction is its place among those of its function."""
    if mpy[:2] != bytes((ord("M"), _VERSION)):
        raise ValueError("no .mpy file of version 6")
    reader = _Reader(mpy, 4)
    names, constants = reader.number(), reader.number()
    for _ in range(names):
        length = reader.number()
        if not length & 1:  # otherwise one that every MicroPython knows
            reader.at += (length >> 1) + 1
    for _ in range(constants):
        reader.skip_constant()
    out = bytearray(mpy[: reader.at])
    _code(reader, out)
    return bytes(out)


class _Reader:
    def __init__(self, data: bytes, at: int) -> None:
        self.data = data
        self.at = at

    def byte(self) -> int:
        self.at += 1
        return self.data[self.at - 1]

    def number(self) -> int:
        value = 0
        while True:
            byte = self.byte()
            value = value << 7 | byte & 0x7F
            if not byte & 0x80:
                return value

    def skip_constant(self) -> None:
        kind = self.byte()
        if kind <= 4:  # ..., None, False, True and a function table
            return
        length = self.number()
        if kind == 10:  # a tuple
            for _ in range(length):
                self.skip_constant()
        else:
            self.at += length + (1 if kind in (5, 6) else 0)  # text and bytes end in a zero


def _code(reader: _Reader, out: bytearray) -> None:
    head = reader.number()
    length = head >> _KIND_BITS
    body = reader.data[reader.at : reader.at + length]
    reader.at += length
    if head & (_HAS_CHILDREN - 1) == _BYTECODE:
        body = _numbered(body)
    _put_number(out, len(body) << _KIND_BITS | head & 7)
    out += body
    if head & _HAS_CHILDREN:
        children = reader.number()
        _put_number(out, children)
        for _ in range(children):
            _code(reader, out)


def _numbered(body: bytes) -> bytes:
    reader = _Reader(body, 0)
    sign = reader.byte()
    positional, by_name, shift = sign & 3, 0, 0
    while sign & 0x80:
        sign = reader.byte()
        positional |= (sign & 4) << shift
        by_name |= (sign & 8) >> 3 << shift
        shift += 1
    front = reader.at
    info, cells = _sizes(reader)
    start = reader.at
    code = start + info + cells
    for _ in range(1 + positional + by_name):  # the names of the function and of its arguments
        reader.number()
    names = body[start : reader.at]
    cell_bytes = body[start + info : code]
    lines = bytearray()
    at = code
    while at < len(body):
        size = _opcode_bytes(body, at)
        assert size <= _LINE_BYTES_MAX
        lines.append(1 << 5 | size)
        at += size
    head = bytearray(body[:front])
    _put_sizes(head, len(names) + len(lines), cells)
    return bytes(head) + names + bytes(lines) + cell_bytes + body[code:]


def _sizes(reader: _Reader) -> tuple[int, int]:
    info = cells = shift = 0
    while True:
        byte = reader.byte()
        info |= (byte & 0x7E) >> 1 << 6 * shift
        cells |= (byte & 1) << shift
        shift += 1
        if not byte & 0x80:
            return info, cells


def _put_sizes(out: bytearray, info: int, cells: int) -> None:
    while True:
        byte = (info & 0x3F) << 1 | cells & 1
        info >>= 6
        cells >>= 1
        if not info and not cells:
            out.append(byte)
            return
        out.append(byte | 0x80)


def _opcode_bytes(body: bytes, at: int) -> int:
    opcode = body[at]
    end = at + 1
    form = _FORMATS >> 2 * (opcode >> 4) & 3
    if form in (_NAME, _NUMBER):
        while body[end] & 0x80:
            end += 1
        end += 1
    elif form == _OFFSET:
        end += 2 if body[end] & 0x80 else 1
    if form and not opcode & _EXTRA_MASK:
        end += 1
    return end - at


def _put_number(out: bytearray, value: int) -> None:
    parts = [value & 0x7F]
    while value := value >> 7:
        parts.append(value & 0x7F | 0x80)
    out += bytes(reversed(parts))
