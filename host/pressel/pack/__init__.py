"""Builds what a badge carries in its flash, out of `firmware/` and `shared/ptt`."""

from .build import BuiltFile, FirmwareBuild, build_firmware
from .bytecode import ARCHITECTURES

__all__ = ["ARCHITECTURES", "BuiltFile", "FirmwareBuild", "build_firmware"]
