"""One badge: real esptool and mpremote against the emulated one, on all three chips."""

from __future__ import annotations

import struct
from pathlib import Path

import pytest
from tests.flash.bench import CHIPS, flash_bytes, image_file, make_order, states

from pressel.emulator.badge import MAC, EmulatedBadge
from pressel.emulator.faults import Faults
from pressel.flash import contents
from pressel.flash.image import parse_image, read_image, synthetic_image
from pressel.flash.job import flash_badge
from pressel.flash.messages import FlashError
from pressel.pack import ROMFS
from pressel.registry.store import Registry

DEVICE = MAC.hex() + "0000"


def _nothing(stage: str, share: float) -> None: ...


@pytest.mark.sweep(1)
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
        assert registry.boards() == {DEVICE: order.board_id}


def test_another_chip_than_the_boards_is_refused(tmp_path: Path) -> None:
    with (
        EmulatedBadge("esp32c3", tmp_path / "flash", 4 << 20) as badge,
        pytest.raises(FlashError) as caught,
    ):
        flash_badge(badge.port, make_order(tmp_path, "esp32"), None, _nothing)
    assert caught.value.code == "wrong-chip"
    assert "boards like that are esp32c3-devkit: name yours" in str(caught.value)


@pytest.mark.parametrize(
    ("mib", "code", "said"),
    [
        (4, "flash-size", "no board here has it: write one with `pressel board new`"),
        (3, "flash-unknown", "does not say how large it is"),
    ],
)
def test_advice_for_a_flash_of_the_wrong_size_helps(
    tmp_path: Path, mib: int, code: str, said: str
) -> None:
    chip = "esp32s3"  # its boards have 8 MiB
    faults = Faults(flash_mib=4 if mib == 4 else 64)
    with (
        EmulatedBadge(chip, tmp_path / "flash", flash_bytes(chip), faults=faults) as badge,
        pytest.raises(FlashError) as caught,
    ):
        flash_badge(badge.port, make_order(tmp_path, chip), None, _nothing)
    assert caught.value.code == code and said in str(caught.value)


@pytest.mark.parametrize("chip", CHIPS)
@pytest.mark.parametrize(
    ("revisions", "wanted"), [((700, 0xFFFF), "7.0 or newer"), ((0, 0), ""), ((0, 799), "")]
)
def test_an_image_for_newer_chips_is_refused(
    tmp_path: Path, chip: str, revisions: tuple[int, int], wanted: str
) -> None:
    file, sha256 = image_file(tmp_path, chip, revisions=revisions)
    order = make_order(tmp_path, chip, image=read_image(file, sha256), dry_run=True)
    with EmulatedBadge(chip, tmp_path / "flash", flash_bytes(chip)) as badge:
        if not wanted:
            assert flash_badge(badge.port, order, None, _nothing).device == DEVICE
            return
        with pytest.raises(FlashError) as caught:
            flash_badge(badge.port, order, None, _nothing)
    assert caught.value.code == "chip-revision"
    assert wanted in str(caught.value) and "--image" in str(caught.value)


@pytest.mark.parametrize(
    ("chip", "header", "revisions"),
    [
        ("esp32", (0, 0, 0), (0, 0xFFFF)),
        ("esp32", (3, 0, 0), (300, 0xFFFF)),  # before there were minor numbers
        ("esp32c3", (3, 0, 0xFFFF), (3, 0xFFFF)),  # there they were all
        ("esp32c3", (3, 3, 199), (3, 199)),
        ("esp32s3", (0, 100, 0xFFFF), (100, 0xFFFF)),
    ],
)
def test_revisions_in_a_header(
    chip: str, header: tuple[int, int, int], revisions: tuple[int, int]
) -> None:
    data = bytearray(synthetic_image(chip))
    struct.pack_into("<BHH", data, 14, *header)
    assert parse_image("x", bytes(data)).revisions == revisions


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
