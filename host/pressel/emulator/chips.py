"""What esptool asks a chip for before it flashes it: registers and their values.

Sources: Espressif's technical reference manuals (SPI and eFuse registers) and the serial protocol
in the documentation of esptool. Knows only what a serial bootloader shows.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class RomChip:
    """`magic` is the word at 0x40001000; the rest are register addresses or offsets."""

    magic: int
    spi: int  # base of the SPI peripheral that the flash hangs on
    usr2: int  # offset of the register with the flash command
    w0: int  # offset of the first data word
    mac: int  # eFuse word with the low half of the MAC address
    chip_id: int | None  # as in an image's header; None: GET_SECURITY_INFO is unknown


CHIPS = {
    "esp32": RomChip(0x00F01D83, 0x3FF42000, 0x24, 0x80, 0x3FF5A004, None),
    "esp32s3": RomChip(0x9, 0x60002000, 0x20, 0x58, 0x60007044, 9),
    "esp32c3": RomChip(0x6921506F, 0x60002000, 0x20, 0x58, 0x60008844, 5),
}
MAGIC_ADDRESS = 0x40001000


def mac_registers(name: str, mac: bytes) -> dict[int, int]:
    """The eFuse words that hold `mac` (6 bytes)."""
    chip = CHIPS[name]
    high, low = int.from_bytes(mac[:2], "big"), int.from_bytes(mac[2:], "big")
    if name == "esp32":  # keeps a CRC beside it, and its revision in the word after
        return {chip.mac: low, chip.mac + 4: high | _crc8(mac) << 16, chip.mac + 8: 0x8200}
    return {chip.mac: low, chip.mac + 4: high}


def _crc8(data: bytes) -> int:
    """CRC-8 of Dallas/Maxim, as the ESP32's eFuse has it."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = (crc >> 1) ^ 0x8C if crc & 1 else crc >> 1
    return crc
