"""The label of a badge as a PNG: its name, its id, and the id as a QR code."""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass
from pathlib import Path

import segno
from PIL import Image, ImageDraw

from .fonts import Face, Font, face_for

_SCALE_PX = 6  # a module of the code; 12 dots a mm print it as half a millimetre
_DOTS_PER_INCH = 304.8  # so that a printer knows the size
_NAME_PX, _NAME_PX_MIN = 72, 12  # as large as fits beside the code, to be read across a counter
_ID_PX = 30
_WIDTH_PX = 720  # 60 mm
_MARGIN_PX = 16


@dataclass(frozen=True)
class Label:
    """`lacks`: characters of the name that no font here has a letter for."""

    file: Path
    lacks: str

    @property
    def advice(self) -> str:
        """ "" when the whole name can be read."""
        if not self.lacks:
            return ""
        return (
            f"the label {self.file} lacks {' '.join(self.lacks)}, for which this computer has no "
            "letters: install a font with them (Debian: fonts-noto-core, fonts-noto-cjk) and make "
            "it again with `pressel device label`"
        )


def write_label(folder: Path, device: str, name: str) -> Label:
    """Write folder/<device>.png."""
    folder.mkdir(parents=True, exist_ok=True)
    code = segno.make(f"pressel:{device}", error="m", micro=False)
    side_px = int(code.symbol_size(_SCALE_PX)[0])  # with its quiet zone
    label = Image.new("1", (_WIDTH_PX, side_px), 1)
    draw = ImageDraw.Draw(label)
    for y, row in enumerate(code.matrix_iter(scale=_SCALE_PX)):
        for x, is_dark in enumerate(row):
            if is_dark:
                label.putpixel((x, y), 0)
    shown = unicodedata.normalize("NFC", name)
    face, lacks = face_for(shown)
    font = _fitting(face, shown, _WIDTH_PX - side_px - _MARGIN_PX)
    draw.text((side_px, side_px // 3), shown, font=font, fill=0, anchor="lm")
    small = Face(None).at(_ID_PX)
    draw.text((side_px, 2 * side_px // 3), device, font=small, fill=0, anchor="lm")
    file = folder / f"{device}.png"
    label.save(file, dpi=(_DOTS_PER_INCH, _DOTS_PER_INCH))
    return Label(file, lacks)


def _fitting(face: Face, text: str, width_px: int) -> Font:
    font = face.at(_NAME_PX)
    for size_px in range(_NAME_PX, _NAME_PX_MIN - 1, -2):
        font = face.at(size_px)
        if font.getlength(text) <= width_px:
            break
    return font
