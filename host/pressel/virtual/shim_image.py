"""The shim modules as one read-only image (ROMFS), the way frozen modules lie in a badge's flash.

Their code then takes nothing of the badge's heap, as the C modules that they stand for take none.
"""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
from pathlib import Path

from mpremote.romfs import VfsRomWriter

from pressel.firmware.bytecode import compile_module

from .install import SHIMS


@functools.cache
def shim_image() -> bytes:
    """Compiles all shims and packs them. The same in all badges of a process."""
    image = VfsRomWriter()
    with tempfile.TemporaryDirectory() as scratch, contextlib.redirect_stdout(io.StringIO()):
        for source in sorted(SHIMS.glob("*.py")):
            compiled = Path(scratch) / f"{source.stem}.mpy"
            compile_module(source, compiled, f"shims/{source.name}")
            image.mkfile(compiled.name, compiled.read_bytes())
    return bytes(image.finalise())
