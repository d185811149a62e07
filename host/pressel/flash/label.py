"""The label of a badge as a PNG: its name, its id, and the id as a QR code."""

from __future__ import annotations

from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

_SCALE_PX = 6  # a module of the code; 12 dots a mm print it as half a millimetre
_NAME_PX, _NAME_PX_MIN = 72, 12  # as large as fits beside the code, to be read across a counter
_ID_PX = 30
_WIDTH_PX = 720  # 60 mm
_MARGIN_PX = 16


def write_label(folder: Path, device: str, name: str) -> Path:
    """Write folder/<device>.png and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    code = segno.make(f"pressel:{device}", error="m", micro=False)
    side_px = int(code.symbol_size(_SCALE_PX)[0])  # with its quiet zone
    label = Image.new("1", (_WIDTH_PX, side_px), 1)
    draw = ImageDraw.Draw(label)
    for y, row in enumerate(code.matrix_iter(scale=_SCALE_PX)):
        for x, is_dark in enumerate(row):
            if is_dark:
                label.putpixel((x, y), 0)
    font = _fitting(name, _WIDTH_PX - side_px - _MARGIN_PX)
    draw.text((side_px, side_px // 3), name, font=font, fill=0, anchor="lm")
    small = ImageFont.load_default(_ID_PX)
    draw.text((side_px, 2 * side_px // 3), device, font=small, fill=0, anchor="lm")
    file = folder / f"{device}.png"
    label.save(file)
    return file


def _fitting(text: str, width_px: int) -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    font = ImageFont.load_default(_NAME_PX)
    for size_px in range(_NAME_PX, _NAME_PX_MIN - 1, -2):
        font = ImageFont.load_default(size_px)
        if font.getlength(text) <= width_px:
            break
    return font
