"""A soft badge's identity: made once, the same ever after, and never guessed from rubbish."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.soft.identity import held_device, parse_device


def test_is_made_once_and_kept(tmp_path: Path) -> None:
    file = tmp_path / "pressel" / "soft-badge"
    with held_device(file) as device:
        assert len(device) == 8
    with held_device(file) as again, held_device(tmp_path / "another") as other:
        assert again == device
        assert other != device


def test_two_badges_of_one_user_are_two(tmp_path: Path) -> None:
    file = tmp_path / "soft-badge"
    with held_device(file) as first, held_device(file) as second:
        assert len(second) == 8 and first != second
    with held_device(file) as later:
        assert later == first


@pytest.mark.parametrize("content", [b"hello", b"00", b"\xff" * 16, b"0" * 17])
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "soft-badge"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"is damaged .*delete it to become a new badge"):
        held_device(file).__enter__()


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot keep this badge's identity in"):
        held_device(tmp_path / "file" / "soft-badge").__enter__()


def test_sixteen_hexadecimal_digits() -> None:
    assert parse_device("0123456789abCDEF") == bytes.fromhex("0123456789abcdef")


@pytest.mark.parametrize(
    "text", ["", "12", "x" * 16, "0" * 15, "0" * 17, "0" * 15 + " ", "00 00 00 00 00 00", "٠" * 16]
)
def test_anything_else_is_none(text: str) -> None:
    with pytest.raises(ValueError, match="16 hexadecimal digits"):
        parse_device(text)
