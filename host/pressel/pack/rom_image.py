"""A ROMFS image: files that MicroPython reads where they lie, without a copy in the heap.

The format is MicroPython's; mpremote has the writer.
"""

from __future__ import annotations

from collections.abc import Mapping

from mpremote.romfs import VfsRomWriter

MAGIC = VfsRomWriter.ROMFS_HEADER  # what an image begins with


def rom_image(files: Mapping[str, bytes]) -> bytes:
    """`files` by path in the image; the same files give the same bytes."""
    image = VfsRomWriter()
    _put(image, {tuple(path.split("/")): content for path, content in files.items()})
    return bytes(image.finalise())


def _put(image: VfsRomWriter, files: Mapping[tuple[str, ...], bytes]) -> None:
    """One folder: `files` by the parts of their paths in it."""
    for name in sorted({parts[0] for parts in files}):
        inside = {parts[1:]: content for parts, content in files.items() if parts[0] == name}
        if () in inside:
            image.mkfile(name, inside[()])
        else:
            image.opendir(name)
            _put(image, inside)
            image.closedir()
