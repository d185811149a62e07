"""Makes the kit of stepped badges. This needs Node and the compiler, which the badges' caller may
lack."""

from __future__ import annotations

from pathlib import Path

from .install import find_install
from .shim_image import shim_image
from .stepped.kit import Kit


def make_kit(folder: Path) -> Kit:
    """Writes the image of the shims into `folder`. Raises `PresselError` without Node."""
    folder.mkdir(parents=True, exist_ok=True)
    shims = folder / "shims.romfs"
    shims.write_bytes(shim_image())
    return Kit(tuple(find_install().command("stepped.mjs")), shims)
