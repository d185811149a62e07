"""The ways of packing a badge's modules; a build knows no more about them than this module says.

- `stock` is for MicroPython as its makers offer it, which runs bytecode from the heap.
- `romfs` is for an owner's own MicroPython, which runs bytecode from an image in its flash.
- `written` leaves the sources as they are: line coverage needs them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from . import romfs
from .import_order import import_order
from .manifest import Manifest, Source
from .piece import Prepared, piece_of
from .stock import image as stock


@dataclass(frozen=True)
class Packing:
    """`prepare` makes the pieces of the flash from a manifest's sources. `beside` rewrites other
    modules (text by path) that use a badge's, to fit what those become. `is_compiled`: to bytecode.
    `is_rom`: what lies in the folder `rom` becomes an image for a partition of its own."""

    name: str
    prepare: Callable[[Manifest, Sequence[Source]], Prepared]
    beside: Callable[[Manifest, Sequence[Source], Mapping[str, str]], dict[str, str]]
    is_compiled: bool = True
    is_rom: bool = False


def _as_written(content: Manifest, sources: Sequence[Source]) -> Prepared:
    pieces = tuple(map(piece_of, sources))
    return Prepared(pieces, tuple(import_order(content.entry, sources)))


STOCK = Packing("stock", stock.prepare, stock.beside)
ROMFS = Packing("romfs", romfs.prepare, romfs.beside, is_rom=True)
WRITTEN = Packing("written", _as_written, lambda content, sources, others: dict(others), False)
PACKINGS = {each.name: each for each in (STOCK, ROMFS)}  # what an owner may ask for
