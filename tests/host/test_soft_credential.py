"""A soft badge's credential: made once, the same ever after, and never guessed from rubbish."""

from __future__ import annotations

from pathlib import Path

import pytest

from pressel.errors import UsageError
from pressel.registry.store import Registry
from pressel.soft.credential import Credential, held_credential, read_credential, register


def test_is_made_once_and_kept_for_its_user_alone(tmp_path: Path) -> None:
    file = tmp_path / "pressel" / "soft-badge"
    with held_credential(file) as made:
        assert len(made.device) == 8 and len(made.key) == 32
    assert file.stat().st_mode & 0o777 == 0o600
    with held_credential(file) as again, held_credential(tmp_path / "another") as other:
        assert again == made == read_credential(file)
        assert other.device != made.device and other.key != made.key


def test_two_badges_of_one_user_are_two(tmp_path: Path) -> None:
    file = tmp_path / "soft-badge"
    with held_credential(file) as first, held_credential(file) as second:
        assert first.device != second.device
    with held_credential(file) as later:
        assert later == first


@pytest.mark.parametrize(
    "content",
    [b"hello", b"{}", b"\xff" * 16, b'{"device": "00", "key": "00"}', b'{"device": 5, "key": 6}'],
)
def test_a_damaged_file_is_told(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "soft-badge"
    file.write_bytes(content)
    with pytest.raises(UsageError, match=r"is damaged.*delete it to become a new badge"):
        held_credential(file).__enter__()
    with pytest.raises(UsageError, match="is damaged"):
        read_credential(file)


def test_a_folder_that_cannot_be_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(UsageError, match="cannot keep this badge's credential in"):
        held_credential(tmp_path / "file" / "soft-badge").__enter__()
    with pytest.raises(UsageError, match="cannot read the credential"):
        read_credential(tmp_path / "nothing")


def test_it_is_not_shown() -> None:
    assert "6b" not in repr(Credential(bytes(8), b"k" * 32))


def test_registers_once(tmp_path: Path) -> None:
    made = Credential(b"12345678", b"k" * 32)
    register(made, "Ann", tmp_path)
    register(made, "Ann", tmp_path)
    with Registry(tmp_path) as registry:
        assert registry.key(made.device.hex()) == made.key
        with pytest.raises(UsageError, match=r"knows device .* otherwise"):
            register(Credential(made.device, b"x" * 32), "Ann", tmp_path)
        registry.revoke(made.device.hex())
    with pytest.raises(UsageError, match=r"knows device .* otherwise"):
        register(made, "Ann", tmp_path)
