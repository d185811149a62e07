"""The firmware of a virtual badge: what a badge with the least room has."""

from __future__ import annotations

from pathlib import Path

from pressel.boards.heap import left_out
from pressel.pack import STOCK, FirmwareBuild, build_firmware

LEFT_OUT = left_out("", STOCK.name)  # features: with more of them, none of its size takes updates


def stock_firmware(out: Path) -> FirmwareBuild:
    """Builds it into the folder `out`."""
    return build_firmware(out, without=LEFT_OUT)
