"""The label of a badge as a PNG: its name, its id, and the id as a QR code."""

from __future__ import annotations

from pathlib import Path

import segno
from PIL import Image, ImageDraw, ImageFont

_SCALE_PX = 6  # a module of the code; 12 dots a mm print it as half a millimetre
_TEXT_PX = 28
_WIDTH_PX = 640
_MARGIN_PX = 16


def write_label(folder: Path, device: str, name: str) -> Path:
    """Write folder/<device>.png and return it."""
    folder.mkdir(parents=True, exist_ok=True)
    code = segno.make(f"pressel:{device}", error="m", micro=False)
    side_px = int(code.symbol_size(_SCALE_PX)[0])
    label = Image.new("1", (_WIDTH_PX, side_px + 2 * _MARGIN_PX), 1)
    draw = ImageDraw.Draw(label)
    for y, row in enumerate(code.matrix_iter(scale=_SCALE_PX)):
        for x, is_dark in enumerate(row):
            if is_dark:
                label.putpixel((_MARGIN_PX + x, _MARGIN_PX + y), 0)
    font = ImageFont.load_default(_TEXT_PX)
    left = side_px + 2 * _MARGIN_PX
    draw.text((left, _MARGIN_PX), name, font=font, fill=0)
    draw.text((left, _MARGIN_PX + 2 * _TEXT_PX), device, font=font, fill=0)
    file = folder / f"{device}.png"
    label.save(file)
    return file
