"""The label: a code that a scanner reads, and a name that fits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageChops

from pressel.flash.label import write_label
from ptt.base.numbers import NAME_BYTES_MAX


@pytest.mark.parametrize("name", ["Bar 1", "W" * NAME_BYTES_MAX, "Küche"])
def test_code_and_name_are_whole(tmp_path: Path, name: str) -> None:
    label = Image.open(write_label(tmp_path, "a0b1c2d3e4f50000", name))
    picture = io.BytesIO()
    segno.make("pressel:a0b1c2d3e4f50000", error="m", micro=False).save(
        picture, kind="png", scale=6
    )
    code = Image.open(picture).convert("1")
    cut = label.crop((0, 0, *code.size)).convert("1")
    assert ImageChops.logical_xor(code, cut).getbbox() is None
    right = label.crop((label.width - 10, 0, label.width, label.height))
    assert right.getextrema() == (255, 255)  # nothing is cut off at the edge
    words = label.crop((code.width, 0, label.width, label.height // 2))
    assert words.getextrema()[0] == 0
