"""The ROMFS packing: for an owner whose MicroPython has MICROPY_VFS_ROM and a partition `romfs`.

Modules lie in an image that MicroPython runs where it is, so code takes nothing of the heap and
need not be small: only constants are put in place (docs/adr/0004) and assertions left out, while
lines and names stay as written. `boot.json` names the image as the slot that runs.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from pathlib import PurePosixPath

from .asides import drop_asides
from .constants import inline_constants
from .import_order import import_order
from .manifest import ROM, SLOT, Manifest, Source
from .piece import Piece, Prepared, pieces_of, texts_of

_BOOT = PurePosixPath("boot.json")
_MOUNTED = f"/{ROM}"  # where MicroPython has the image


def prepare(content: Manifest, sources: Sequence[Source]) -> Prepared:
    """What does not parse is left as it is: the compiler then says what is wrong with it."""
    texts = texts_of(sources)
    try:
        texts = drop_asides(inline_constants(texts))
        imports = import_order(content.entry, sources)
    except SyntaxError:
        imports = []
    pieces = map(_placed, pieces_of(sources, texts))
    ordered = sorted(pieces, key=lambda piece: piece.target.as_posix())
    return Prepared(tuple(ordered), tuple(imports))


def beside(
    content: Manifest, sources: Sequence[Source], others: Mapping[str, str]
) -> dict[str, str]:
    """Other modules (text by path) with the constants of a badge's."""
    texts = inline_constants({**texts_of(sources), **others})
    return {path: texts[path] for path in others}


def _placed(piece: Piece) -> Piece:
    if piece.target == _BOOT:
        boot = {**json.loads(piece.text), "slot": _MOUNTED, "former": _MOUNTED}
        return dataclasses.replace(piece, text=json.dumps(boot).encode() + b"\n")
    if piece.target.is_relative_to(SLOT):
        return dataclasses.replace(piece, target=ROM / piece.target.relative_to(SLOT))
    return piece
