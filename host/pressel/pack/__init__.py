"""Builds what a badge carries in its flash, out of `firmware/` and `shared/ptt`."""

from .build import BuiltFile, FirmwareBuild
from .bytecode import ARCHITECTURES
from .kept import build_firmware

__all__ = ["ARCHITECTURES", "BuiltFile", "FirmwareBuild", "build_firmware"]
