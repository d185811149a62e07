"""Letters for labels: Pillow's own, and the fonts of this computer for scripts that it lacks."""

from __future__ import annotations

import os
import unicodedata
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from PIL import Image, ImageDraw, ImageFont, features

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont

_FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"))
_KINDS = (".ttf", ".otf", ".ttc")
_STYLES = ("Bold", "Oblique", "Italic", "Mono", "Condensed", "Serif", "Light", "Math")
FILES_MAX = 2_000  # looked at; a desktop with everything installed has so many
_LOOK_PX = 24
_NOBODYS = "\U0010fffe"  # no font has it, and all show the same for it
RIGHT_TO_LEFT = ("R", "AL")


def is_right_to_left(text: str) -> bool:
    """By the first letter that has a direction."""
    kinds = (unicodedata.bidirectional(each) for each in text)
    return next((kind in RIGHT_TO_LEFT for kind in kinds if kind in ("L", *RIGHT_TO_LEFT)), False)


class Face:
    """One font in any size; `file` is None for Pillow's own."""

    def __init__(self, file: Path | None) -> None:
        self._file = file

    def at(self, size_px: int) -> Font:
        if self._file is None:
            return ImageFont.load_default(size_px)
        return ImageFont.truetype(os.fspath(self._file), size_px)

    def lacks(self, text: str) -> str:
        """The characters of `text`, each once, that it has no letter for."""
        font = self.at(_LOOK_PX)
        nobodys = _picture(font, _NOBODYS)
        wanted = dict.fromkeys(each for each in text if not each.isspace() and each.isprintable())
        return "".join(each for each in wanted if _picture(font, each) == nobodys)


def face_for(text: str) -> tuple[Face, str]:
    """The first font that has all letters of `text`, or else Pillow's own, and what that lacks.

    Letters that are joined or turned round, as in Arabic, need the library Raqm, too."""
    own = Face(None)
    lacking = own.lacks(text)
    if not lacking:
        return own, ""
    if is_right_to_left(text) and not features.check("raqm"):
        return own, lacking
    for file in _files():
        face = Face(file)
        try:
            if not face.lacks(text):
                return face, ""
        except OSError:  # no font, or a broken one
            continue
    return own, lacking


def _picture(font: Font, character: str) -> bytes:
    canvas = Image.new("1", (2 * _LOOK_PX, 2 * _LOOK_PX))
    ImageDraw.Draw(canvas).text((_LOOK_PX // 2, _LOOK_PX // 2), character, font=font, fill=1)
    return canvas.tobytes()


def _files() -> Iterator[Path]:
    yield from _found(Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local/share"))


def _style(file: Path) -> int:
    return sum(word in file.stem for word in _STYLES)


@lru_cache(maxsize=4)
def _found(own: Path) -> tuple[Path, ...]:
    """The plainest first, then by name."""
    found: list[Path] = []
    for folder in (own / "fonts", *_FOLDERS):
        for place, _, names in os.walk(folder):
            found += [Path(place, each) for each in names if each.lower().endswith(_KINDS)]
            if len(found) > FILES_MAX:
                break
    return tuple(sorted(found[:FILES_MAX], key=lambda file: (_style(file), file.name)))
