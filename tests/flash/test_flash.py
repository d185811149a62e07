"""One badge: real esptool and mpremote against the emulated one, on all three chips."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.flash.bench import CHIPS, flash_bytes, make_order, states

from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.flash import contents
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.pack import ROMFS
from pressel.registry.store import Registry

DEVICE = MAC.hex() + "0000"


def _nothing(stage: str, share: float) -> None: ...


@pytest.mark.parametrize("chip", CHIPS)
def test_a_bare_board_becomes_a_badge_and_keeps_its_identity(tmp_path: Path, chip: str) -> None:
    order = make_order(tmp_path, chip, name="Bar 1")
    registry = Registry(tmp_path / "leader")
    with EmulatedBadge(chip, tmp_path / "flash", flash_bytes(chip)) as badge:
        first = flash_badge(badge.port, order, registry, _nothing)
        assert (first.device, first.name) == (DEVICE, "Bar 1")
        assert states(registry) == {DEVICE: "active"}
        assert (tmp_path / "labels" / f"{DEVICE}.png").stat().st_size > 100
        key = registry.key(DEVICE)
        again = flash_badge(badge.port, make_order(tmp_path, chip), registry, _nothing)
        assert (again.device, again.name) == (DEVICE, "Bar 1")
        assert registry.key(DEVICE) == key


def test_another_chip_than_the_boards_is_refused(tmp_path: Path) -> None:
    with (
        EmulatedBadge("esp32c3", tmp_path / "flash", 4 << 20) as badge,
        pytest.raises(FlashError) as caught,
    ):
        flash_badge(badge.port, make_order(tmp_path, "esp32"), None, _nothing)
    assert caught.value.code == "wrong-chip"


def test_a_port_that_is_not_there_or_in_use(tmp_path: Path) -> None:
    import serial

    order = make_order(tmp_path, "esp32")
    with pytest.raises(FlashError) as caught:
        flash_badge(str(tmp_path / "none"), order, None, _nothing)
    assert caught.value.code == "no-port"
    with EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge:
        with (
            serial.Serial(badge.port, exclusive=True),
            pytest.raises(FlashError) as caught,
        ):
            flash_badge(badge.port, order, None, _nothing)
        assert caught.value.code == "port-busy"


def test_an_image_without_romfs_gets_no_firmware_that_is_one(tmp_path: Path) -> None:
    order = make_order(tmp_path, "esp32", packing=ROMFS)
    with EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge:
        with pytest.raises(FlashError, match="takes the packing stock only; use --packing stock"):
            flash_badge(badge.port, order, None, _nothing)
        only_app = make_order(tmp_path, "esp32", packing=ROMFS, image=None)
        flash_badge(badge.port, make_order(tmp_path, "esp32"), None, _nothing)
        with pytest.raises(FlashError, match=f"on {badge.port} takes the packing stock only"):
            flash_badge(badge.port, only_app, None, _nothing)


def test_a_romfs_partition_must_be_large_enough(tmp_path: Path) -> None:
    order = make_order(tmp_path, "esp32", packing=ROMFS, romfs_bytes=0x4000)
    with (
        EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge,
        pytest.raises(FlashError, match="has 16384 bytes, but the firmware needs") as caught,
    ):
        flash_badge(badge.port, order, None, _nothing)
    assert caught.value.code == "romfs-too-small"


def test_a_micropython_that_does_not_mount_its_partition_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The image looks right; nothing of it can be read on the badge."""
    monkeypatch.setattr(contents, "ROMFS_MAGIC", b"another magic")
    order = make_order(tmp_path, "esp32", packing=ROMFS, romfs_bytes=0x20000)
    registry = Registry(tmp_path / "leader")
    with (
        EmulatedBadge("esp32", tmp_path / "flash", 4 << 20) as badge,
        pytest.raises(FlashError, match="does not read its partition romfs") as caught,
    ):
        flash_badge(badge.port, order, registry, _nothing)
    assert caught.value.code == "romfs-unread"
    assert states(registry) == {}
