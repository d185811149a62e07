"""Asks a board on a port what it is: its chip, its flash, and which badge it is. The board starts
again afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from pressel.printable import printable

from .line import Stop
from .loader import Loader
from .nvs import NAMESPACE, read_nvs
from .partitions import TABLE_AT, TABLE_BYTES, find_nvs, read_table
from .port import held


@dataclass(frozen=True)
class Asked:
    """`device` (hexadecimal) and `name` are empty for a board that is no badge yet."""

    chip: str
    revision: str
    flash_mib: int
    address: str
    device: str
    name: str


def ask_board(port: str, stop: Stop) -> Asked:
    """FlashError when it does not answer."""
    with held(port):
        loader = Loader(port, stop)
        try:
            nvs = find_nvs(read_table(loader.read(TABLE_AT, TABLE_BYTES)))
            kept = read_nvs(loader.read(nvs.at, nvs.size)).get(NAMESPACE, {}) if nvs else {}
            loader.leave()
        finally:
            loader.close()
    device, name = kept.get("device"), kept.get("name")
    return Asked(
        loader.chip,
        f"{loader.revision // 100}.{loader.revision % 100}",
        loader.flash_mib,
        loader.mac.hex(":"),
        device.hex() if isinstance(device, bytes) else "",
        printable(name.decode("utf-8", "replace")) if isinstance(name, bytes) else "",
    )
