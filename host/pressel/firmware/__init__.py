"""Builds what a badge carries in its flash, out of `firmware/` and `shared/ptt`."""

from .build import BuiltFile, FirmwareBuild, build_firmware

__all__ = ["BuiltFile", "FirmwareBuild", "build_firmware"]
