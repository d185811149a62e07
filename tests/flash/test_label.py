"""The label: a code that a scanner reads, and a name that fits."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import segno
from PIL import Image, ImageChops

from pressel.flash import fonts
from pressel.flash.label import write_label
from ptt.base.numbers import NAME_BYTES_MAX


@pytest.mark.parametrize("name", ["Bar 1", "W" * NAME_BYTES_MAX, "Küche", "Мария"])
def test_code_and_name_are_whole(tmp_path: Path, name: str) -> None:
    label = Image.open(write_label(tmp_path, "a0b1c2d3e4f50000", name).file)
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


IN_OWN_FONT = ["Joan"]
IN_OTHERS = ["José", "Zoë", "Jose\u0301", "Łukasz", "Мария", "سارة", "נועה", "Ελένη"]


def name_of(file: Path) -> bytes:
    """The picture of the name alone."""
    with Image.open(file) as label:
        return label.crop((label.height, 0, label.width, label.height // 2)).tobytes()


@pytest.mark.parametrize("name", [*IN_OWN_FONT, *IN_OTHERS, "田中"])
def test_row_6_every_letter_is_drawn_or_said_to_be_missing(tmp_path: Path, name: str) -> None:
    label = write_label(tmp_path / "a", "a0b1c2d3e4f50000", name)
    boxes = write_label(tmp_path / "b", "a0b1c2d3e4f50000", "\U0010fffe" * len(name))
    assert set(label.lacks) <= set(name) and bool(label.lacks) == bool(label.advice)
    if label.lacks:
        assert name not in IN_OWN_FONT
        assert all(each in label.advice for each in label.lacks) and "fonts-noto" in label.advice
    else:
        assert name_of(label.file) != name_of(boxes.file)
    assert boxes.lacks == ""  # it is nobody's letter, and prints as nothing that is read


def test_row_6_without_other_fonts_it_is_said_what_the_label_lacks(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(fonts, "_files", lambda: iter(()))
    label = write_label(tmp_path, "a0b1c2d3e4f50000", "Bar 田中")
    assert label.lacks == "田中" and "田 中" in label.advice
    assert write_label(tmp_path, "a0b1c2d3e4f50000", "Joan").lacks == ""


def test_row_6_letters_of_a_font_here_are_found(tmp_path: Path, monkeypatch) -> None:
    """A broken font file on the way is passed over."""
    found = [file for file in fonts._files() if not fonts.Face(file).lacks("سارة")]
    if not found:
        pytest.skip("no font with Arabic letters is here")
    broken = tmp_path / "broken.ttf"
    broken.write_bytes(b"no font")
    monkeypatch.setattr(fonts, "_files", lambda: iter([broken, found[0]]))
    right = write_label(tmp_path / "a", "a0b1c2d3e4f50000", "سارة")
    turned = write_label(tmp_path / "b", "a0b1c2d3e4f50000", "ةراس")
    assert right.lacks == "" and name_of(right.file) != name_of(turned.file)
