"""The serial bootloader of an ESP32, S3 or C3, and the stub that esptool loads over it.

Takes and gives SLIP packets' contents; source: the serial protocol in the documentation of
esptool. Flash behaves like flash: writing only clears bits. Code sent to RAM is not run: the
emulator then answers as esptool's stub would.
"""

from __future__ import annotations

import hashlib
import struct
import zlib

from .chips import CHIPS, MAGIC_ADDRESS, mac_registers
from .faults import Faults, Unplugged

SECTOR_BYTES = 4096
_OK, _BAD_CHECKSUM, _BAD_COMMAND, _BAD_SIZE = 0, 0x07, 0x05, 0x06
_READ_ID = 0x9F  # flash command: manufacturer, type, size
_SPI_USER = 1 << 18  # bit of the command register that starts a transfer
_CHECKSUM_SEED = 0xEF


class Bootloader:
    """One chip with its `flash`. `is_dirty` after a change."""

    def __init__(self, chip: str, flash: bytearray, mac: bytes, faults: Faults) -> None:
        self.flash = flash
        self.is_dirty = False
        self.is_stub = False
        self._chip = CHIPS[chip]
        self._faults = faults
        self._registers = {MAGIC_ADDRESS: self._chip.magic, **mac_registers(chip, mac)}
        self._at = 0
        self._unpacker: zlib._Decompress | None = None
        self._blocks = 0
        self._written_bytes = 0
        self._commands = {
            0x08: self._sync, 0x0A: self._read_register, 0x09: self._write_registers,
            0x0D: self._ack, 0x0B: self._ack, 0x0F: self._ack, 0x05: self._ack,
            0x07: self._ram_data, 0x06: self._ram_end, 0x14: self._security,
            0x02: self._begin, 0x10: self._begin, 0x03: self._data, 0x11: self._data,
            0x04: self._ack, 0x12: self._ack, 0x13: self._digest, 0xD0: self._erase_all,
            0xD1: self._erase_region, 0xD2: self._read_flash, 0xD3: self._ack,
        }  # fmt: skip

    def reset(self) -> None:
        """As after power-up: the ROM, without the stub."""
        self.is_stub = False
        self._unpacker = None

    def answer(self, packet: bytes) -> list[bytes]:
        """The packets that answer one; none if it is not a command."""
        if self._faults.silent or self._faults.is_mute or len(packet) < 8:
            return []
        direction, op, size, checksum = struct.unpack_from("<BBHI", packet)
        body = packet[8:]
        if direction != 0 or len(body) != size:
            return []
        command = self._commands.get(op)
        if command is None or (op >= 0xD0 and not self.is_stub):
            return [self._reply(op, error=_BAD_COMMAND)]
        try:
            replies = command(op, body, checksum)
            return [] if self._faults.is_mute else replies
        except (struct.error, zlib.error):
            return [self._reply(op, error=_BAD_SIZE)]

    def _reply(self, op: int, value: int = 0, data: bytes = b"", error: int = _OK) -> bytes:
        status = bytes([1 if error else 0, error]) + (b"" if self.is_stub else b"\0\0")
        body = data + status
        return struct.pack("<BBHI", 1, op, len(body), value) + body

    def _ack(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        return [self._reply(op)]

    def _sync(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        self._faults.reach("connect")
        return [self._reply(op, 0 if self.is_stub else 0x20120707)] * 8

    def _read_register(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        return [self._reply(op, self._registers.get(struct.unpack_from("<I", body)[0], 0))]

    def _write_registers(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        for at in range(0, len(body), 16):
            address, value, mask, _ = struct.unpack_from("<4I", body, at)
            self._registers[address] = self._registers.get(address, 0) & ~mask | value & mask
            if address == self._chip.spi and value & _SPI_USER:
                self._flash_command()
        return [self._reply(op)]

    def _flash_command(self) -> None:
        spi = self._chip.spi
        command = self._registers.get(spi + self._chip.usr2, 0) & 0xFF
        size_bytes = (self._faults.flash_mib << 20) if self._faults.flash_mib else len(self.flash)
        identity = 0xEF | 0x40 << 8 | (size_bytes.bit_length() - 1) << 16
        self._registers[spi] = 0
        self._registers[spi + self._chip.w0] = identity if command == _READ_ID else 0

    def _security(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        if self._chip.chip_id is None:  # the ESP32 does not know this command
            return [self._reply(op, error=_BAD_COMMAND)]
        data = struct.pack("<IB7sII", 0, 0, bytes(7), self._chip.chip_id, 0)
        return [self._reply(op, 0, data)]

    def _ram_data(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        return [self._reply(op, error=_OK if _sum(body[16:]) == checksum & 0xFF else _BAD_CHECKSUM)]

    def _ram_end(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        reply = self._reply(op)
        if struct.unpack_from("<2I", body)[1] == 0:
            return [reply]
        self.is_stub = True
        self._faults.reach("stub")
        return [reply, b"OHAI"]

    def _begin(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        erase_bytes, _, _, at = struct.unpack_from("<4I", body)
        if at + erase_bytes > len(self.flash) + SECTOR_BYTES:
            return [self._reply(op, error=_BAD_SIZE)]
        self._erase(at, erase_bytes)
        self._at = at
        self._unpacker = zlib.decompressobj() if op == 0x10 else None
        return [self._reply(op)]

    def _data(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        self._faults.reach("write")
        size = struct.unpack_from("<I", body)[0]
        data = body[16:]
        if len(data) != size or _sum(data) != checksum & 0xFF:
            return [self._reply(op, error=_BAD_CHECKSUM)]
        if op == 0x11 and self._unpacker is not None:
            data = self._unpacker.decompress(data)
        if self._faults.corrupt_block == self._blocks and data:
            data = bytes([data[0] ^ 1]) + data[1:]
        self._blocks += 1
        if self._at + len(data) > len(self.flash):
            return [self._reply(op, error=_BAD_SIZE)]
        self._program(data)
        limit = self._faults.unplug_after
        if limit is not None and self._written_bytes >= limit:
            raise Unplugged
        return [self._reply(op)]

    def _program(self, data: bytes) -> None:
        end = self._at + len(data)
        old = self.flash[self._at : end]
        if old.count(0xFF) != len(old):
            data = bytes(a & b for a, b in zip(old, data, strict=True))
        self.flash[self._at : end] = data
        self._at = end
        self._written_bytes += len(data)
        self.is_dirty = True

    def _erase(self, at: int, size: int) -> None:
        first = at - at % SECTOR_BYTES
        end = min(len(self.flash), -(-(at + size) // SECTOR_BYTES) * SECTOR_BYTES)
        self.flash[first:end] = b"\xff" * max(0, end - first)
        self.is_dirty = True

    def _digest(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        self._faults.reach("verify")
        at, size = struct.unpack_from("<2I", body)
        digest = hashlib.md5(self.flash[at : at + size])
        return [
            self._reply(op, 0, digest.digest() if self.is_stub else digest.hexdigest().encode())
        ]

    def _erase_all(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        half = len(self.flash) // 2
        self._erase(0, half)
        self._faults.reach("erase")
        self._erase(half, len(self.flash) - half)
        return [self._reply(op)]

    def _erase_region(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        self._erase(*struct.unpack_from("<2I", body))
        return [self._reply(op)]

    def _read_flash(self, op: int, body: bytes, checksum: int) -> list[bytes]:
        self._faults.reach("read")
        at, size, block, _ = struct.unpack_from("<4I", body)
        data = bytes(self.flash[at : at + size])
        blocks = [data[each : each + block] for each in range(0, size, block)]
        return [self._reply(op), *blocks, hashlib.md5(data).digest()]


def _sum(data: bytes) -> int:
    total = _CHECKSUM_SEED
    for byte in data:
        total ^= byte
    return total
