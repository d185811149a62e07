"""The option `--packing`, of commands that build firmware."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from pressel.pack import PACKINGS, STOCK
from pressel.tree import CACHE, IS_INSTALLED


def packing_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """`--packing`: the MicroPython that the firmware is packed for."""
    return click.option(
        "--packing",
        type=click.Choice(list(PACKINGS)),
        default=STOCK.name,
        show_default=True,
        help="romfs is for your own MicroPython with MICROPY_VFS_ROM.",
    )(command)


def build_folder(packing: str) -> Path:
    """The default folder for builds of that packing."""
    base = CACHE if IS_INSTALLED else Path("build")
    return base / ("firmware" if packing == STOCK.name else packing)
