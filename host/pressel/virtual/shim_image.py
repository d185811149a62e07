"""The shim modules as one read-only image (ROMFS), the way frozen modules lie in a badge's flash.

Their code then takes nothing of the badge's heap, as the C modules that they stand for take none.
"""

from __future__ import annotations

import functools
import tempfile
import threading
from pathlib import Path

from pressel.pack.bytecode import compile_module
from pressel.pack.rom_image import rom_image
from pressel.pack.stock.shortening import shorten_private_names

from .install import SHIMS

_TURN = threading.Lock()


def shim_image() -> bytes:
    """Compiles all shims and packs them, once for all badges of a process. Many of these may begin
    at once, and parsing in several threads is slow and makes CPython fail (SystemError)."""
    with _TURN:
        return _made()


@functools.cache
def _made() -> bytes:
    texts = {source.name: source.read_text("utf-8") for source in sorted(SHIMS.glob("*.py"))}
    texts = shorten_private_names(texts)  # a C module takes no names of the heap
    files: dict[str, bytes] = {}
    with tempfile.TemporaryDirectory() as scratch:
        for name, text in texts.items():
            source = Path(scratch) / name
            source.write_text(text, "utf-8")
            compiled = source.with_suffix(".mpy")
            compile_module(source, compiled, f"shims/{name}")
            files[compiled.name] = compiled.read_bytes()
    return rom_image(files)
