"""Builds what a badge carries in its flash, out of `firmware/` and `shared/ptt`."""

from .build import BuiltFile, FirmwareBuild
from .bytecode import ARCHITECTURES
from .kept import build_firmware
from .packing import PACKINGS, ROMFS, STOCK, Packing

__all__ = [
    "ARCHITECTURES",
    "PACKINGS",
    "ROMFS",
    "STOCK",
    "BuiltFile",
    "FirmwareBuild",
    "Packing",
    "build_firmware",
]
