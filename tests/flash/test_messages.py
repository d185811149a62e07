"""Every message that flashing can show is explained in docs/flashing.md, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.flash.filesystem import make_filesystem, make_runs, read_filesystem
from pressel.flash.image import read_image, synthetic_image
from pressel.flash.messages import MESSAGES, FlashError
from pressel.flash.nvs import make_nvs, read_nvs

_DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "flashing.md"


def test_the_document_explains_each_message() -> None:
    explained = re.findall(r"^\| `([a-z-]+)` \| ([^|]+) \|", _DOCUMENT.read_text("utf-8"), re.M)
    assert {code: text.strip() for code, text in explained} == MESSAGES


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (lambda data: (data, None), "image-unpinned"),
        (lambda data: (data, "0" * 64), "image-hash"),
        (lambda data: (b"\0" + data[1:], ""), "image-damaged"),
        (lambda data: (data[:0x7000], ""), "image-damaged"),
    ],
    ids=["unpinned", "hash", "magic", "cut"],
)
def test_an_image_that_is_not_what_it_should_be(tmp_path: Path, change, code: str) -> None:
    import hashlib

    data, sha256 = change(synthetic_image("esp32"))
    file = tmp_path / "image"
    file.write_bytes(data)
    with pytest.raises(FlashError) as caught:
        read_image(file, hashlib.sha256(data).hexdigest() if sha256 == "" else sha256)
    assert caught.value.code == code


def test_storage_and_file_system_come_back_as_they_went_in() -> None:
    values = {"pressel": {"device": bytes(range(8)), "key": bytes(32), "starts": -7}}
    assert read_nvs(make_nvs(values, 0x6000)) == values
    files = {"main.py": b"pass\n", "lib/app/x.mpy": bytes(5000)}
    assert read_filesystem(make_filesystem(files, 64 * 4096)) == files
    flash = bytearray(b"\x5a" * 64 * 4096)  # what was there before does not matter
    for at, data in make_runs(files, len(flash)):
        flash[at : at + len(data)] = data
    assert read_filesystem(bytes(flash)) == files
    with pytest.raises(MemoryError):
        make_filesystem({"big": bytes(40 * 4096)}, 8 * 4096)


def test_a_fault_that_there_is_not_is_refused() -> None:
    from pressel.emulator.faults import parse_faults

    assert parse_faults(("unplug-after=5", "silent")).unplug_after == 5
    for word in ("unplug-after", "silent=1", "flash-mib=x", "nonsense"):
        with pytest.raises(UsageError):
            parse_faults((word,))
